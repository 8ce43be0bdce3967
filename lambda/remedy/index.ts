/**
 * Acting on instances: what may be requested, which act is due and what holds it back, the act itself and whether it
 * helped, and the record of all of it. Only the remedy function acts; checks, dashboard and command line ask it to.
 */
export {
  isFromWidget,
  mayBeAPerson,
  parseAutomaticRequest,
  parseRemedyRequest,
  type RemedyAnswer,
  type RemedyAnswerJson,
  type RemedyRequest,
  type RemedyRequestJson,
  remedyAnswer,
} from './contract.ts';
export { pausesOnRecord, tablePorts } from './dynamodb.ts';
export { rebootInstance, rehearseReboot, scheduledEvents } from './ec2.ts';
export { freshCheck } from './fresh-check.ts';
export { trialMinutes, troubleIn } from './ladder.ts';
export { acknowledgeMail, askForActs, type RemedyPath } from './lambda.ts';
export type { ActsAnswer } from './news.ts';
export { callsForRemedy } from './plan.ts';
export type { Execution, RemedyPorts } from './ports.ts';
export { RESTART_SCRIPTS, readRestart, ssmRestartSshdDocument, ssmRestartWorkerDocument } from './restart/index.ts';
export { remedyFleet } from './run.ts';
