/** Why crawlwatch decided about an instance as it did, from what checks remember and from the record of acts. */
export { type Explanation, explain, type Known, type Remedies } from './explain.ts';
export { explanationText } from './text.ts';
