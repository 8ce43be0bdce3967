/** Judges one probe's outcome: a status, its reasons with numbers, and advice. */
export { ADVICE, commandThere, type LoginCommand, nextStep } from './advice.ts';
export { assess, worstFirst } from './assess.ts';
export { ackWords, UNREADABLE_MUTE } from './notes.ts';
export { instanceReport } from './report.ts';
export { grewText, REASON_WORDS } from './words.ts';
