/** The commands: one file each, which holds its grammar, its help and what it does. */
export { createProgram, runCommandLine } from './program.ts';
