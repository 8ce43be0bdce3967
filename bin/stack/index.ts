/** The deployed stack as the command line speaks to it: its outputs, its remedy function, its instances. */
export { type Answer, type Decided, type Entry, type Request, wouldBeDone } from './answer.ts';
export { askerName, explainRefusal, stackFlag } from './asking.ts';
export { awsWorld, openFleet, openRemedy, type StackFlags, type World } from './client.ts';
export { stackOutputs } from './cloudformation.ts';
export { describeMarked, type MarkedInstance, writeMute } from './ec2.ts';
export { followReboot, lookAt } from './follow-reboot.ts';
export { called, findTargets, nothingWatched, type Target } from './instances.ts';
export { endOf } from './lasting.ts';
export { stackPast, withStackState } from './past.ts';
export { decisionLine, planText } from './plan-text.ts';
