/** What the program does before its own code is loaded. */
export { HELP_WIDTH, type HelpTexts, preparedText } from './help-texts.ts';
export { printAtOnce } from './print-at-once.ts';
