/** Evidence for and against a hang, the breaker, and the decision to flag. */
export { type Breaker, countFailures } from './breaker.ts';
export { evidenceIn } from './ec2.ts';
export { type Evidence, evidenceSentences, otherWay, sshdIsDown, weigh, witnessesOf } from './evidence.ts';
export { type FlagPlan, planFlags, withFlags } from './plan.ts';
export { secondOpinions } from './second-opinion.ts';
