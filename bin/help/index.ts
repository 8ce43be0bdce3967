/** Prints what --help and --version do, before anything else is loaded. */
export { printAtOnce } from './print-at-once.ts';
export { HELP_WIDTH, type HelpTexts, preparedText } from './texts.ts';
