/** Acting: the contract, the plan, the act, its verification and its record. */
export { callsForRemedy } from './calls.ts';
export { readHistory, readRecord, saveActs, saveHistory, savePause } from './dynamodb.ts';
export { rebootInstance, rehearseReboot, scheduledEvents } from './ec2.ts';
export { freshCheck } from './fresh-check.ts';
export { trialMinutes, troubleIn } from './ladder.ts';
export { callRemedy } from './lambda.ts';
export { type Known, planAct, planRemedies } from './plan.ts';
export type { RemedyAnswer, RemedyPorts } from './ports.ts';
export { isFromWidget, parseRemedyRequest } from './request.ts';
export { type RestartResult, readRestart } from './restart-reply.ts';
export {
  RESTART_SSHD_SCRIPT,
  RESTART_WORKER_SCRIPT,
  ssmRestartSshdDocument,
  ssmRestartWorkerDocument,
} from './restart-script.ts';
export { remedyFleet } from './run.ts';
