/** What V8 is to do otherwise for a large fleet. */
import { setFlagsFromString } from 'node:v8';

/**
 * Node 20's V8 compiles with optimizations later than by default in every run (bin/loading/v8-flags.ts). Many hosts are
 * checked faster with its own limit: the code earns back what compiling it takes.
 */
export const optimizeAsUsual = (): void => {
  if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=67584');
};
