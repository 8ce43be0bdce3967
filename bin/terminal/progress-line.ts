/** What is going on, in one line of a terminal's stderr that is written over. A pipe gets nothing. */
import { forTerminal } from '../../lambda/kit/index.ts';
import type { CommandIo } from './io.ts';

export interface ProgressLine {
  /** @param text may quote a tag: it is escaped here */
  show(text: string): void;
  /** To be called before anything else is printed. */
  clear(): void;
}

export function progressLine({ stderr }: CommandIo): ProgressLine {
  const width = (stderr.columns || 80) - 1;
  const write = (text: string) => void (stderr.isTTY === true && stderr.write(`\r\u001b[K${text}`));
  return { show: (text) => write(forTerminal(text).slice(0, width)), clear: () => write('') };
}
