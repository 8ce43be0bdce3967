/** Why a host can't be reached or a mail doesn't arrive, step by step, each step with its fix. */
export { type DoctorFlags, diagnoseAws } from './aws.ts';
export { diagnoseDeploy } from './deploy.ts';
export { diagnoseHosts } from './hosts.ts';
export { diagnosesJson, diagnosesText } from './report.ts';
export type { DoctorClients } from './stack.ts';
export { exitCodeOfDiagnoses } from './step.ts';
