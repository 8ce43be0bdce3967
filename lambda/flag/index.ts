/** Evidence for and against a hang, the breaker, and the decision to flag. */
export { type Breaker, countFailures, FLEET, type Suspension } from './breaker.ts';
export { evidenceIn } from './ec2.ts';
export { type Evidence, evidenceSentences, freshEvidence, weigh } from './evidence/index.ts';
export { otherWay, sshdIsDown } from './other-way.ts';
export { type FlagPlan, planFlags, withFlags } from './plan.ts';
export { secondOpinions } from './second-opinion.ts';
