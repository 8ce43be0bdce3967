/** A deployed stack as the command line reaches it: its outputs, its watched instances, and its remedy function. */
export { openFleet, openState, openTags, type StackFlags, type StackPorts, stackPorts } from './client.ts';
export { describeStack, stackOutputs } from './cloudformation.ts';
export { describeMarked, FORGOTTEN_TAG_KEYS, type MarkedInstance, writeMute } from './ec2.ts';
export { followReboot, lookAt } from './follow-reboot.ts';
export { called, findTargets, nothingWatched, type Target } from './instances.ts';
export { type Ask, openRemedy, wouldBeDone } from './lambda.ts';
export { endOf, instantOf } from './lasting.ts';
export { stackPast, withStackState } from './past.ts';
export { planText } from './plan-text.ts';
export { explainRefusal, requesterName, stackFlag } from './requester.ts';
export { stackS3Client } from './s3.ts';
export { isPlain, type Selection, selectTargets } from './select.ts';
