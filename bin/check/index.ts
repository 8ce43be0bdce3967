/** Runs one check from the terminal, and prints its report: what `check` and `watch` share. */
export { isStream, type OutputFormat, printReport, streamedLine, tableStyle } from './output.ts';
export { runCheck } from './run.ts';
