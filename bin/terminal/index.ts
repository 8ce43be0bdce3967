/** What the command line prints and asks: tables, progress, confirmation, errors. */
export { bold, painted, type TableStyle, type Trends, tableLines } from './columns.ts';
export { completionScript } from './completion.ts';
export { confirm, interrupted } from './confirm.ts';
export { isNextStep, troubleBlocks } from './details.ts';
export { EXIT_UNKNOWN, errorLines, explainAwsError, UsageError } from './errors.ts';
export { type CommandIo, type Output, QUIET, terminalStyle, withoutSecretsOn } from './io.ts';
export { rowKeeper } from './kept-rows.ts';
export { LiveScreen } from './live-screen.ts';
export { masked } from './masked.ts';
export { plainTable } from './plain-table.ts';
export { type Progress, startProgress } from './progress.ts';
export { progressLine } from './progress-line.ts';
export { type Questions, questionsOn } from './questions.ts';
export { countsText, reportLines, summaryLine } from './report-table.ts';
export { cutMark, type Glyphs, Trend } from './sparkline.ts';
export { cutMiddle, cutText, padText, textWidth } from './text-width.ts';
