/** The first three questions, and the file that their answers become. */
export type { Answers } from './answers.ts';
export { findAnswers, type GivenAnswers } from './ask.ts';
export { writeAnswers } from './files.ts';
