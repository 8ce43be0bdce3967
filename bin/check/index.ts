/** Runs one check from the terminal, and prints its report: what `check` and `watch` share. */
export {
  isStream,
  jsonStream,
  type OutputFormat,
  printReport,
  streamedLine,
  streamsFrom,
  tableStyle,
} from './output.ts';
export { runCheck } from './run.ts';
