/** One check at the terminal: run and printed. */
export { isStream, type OutputFormat, printReport, streamedLine, tableStyle } from './output.ts';
export { runCheck } from './run.ts';
