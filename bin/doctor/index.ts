/** Why a host can't be reached or a mail doesn't arrive, step by step. */
export { diagnoseAws } from './aws.ts';
export { exitCodeOfDiagnoses } from './diagnose.ts';
export type { DoctorFlags } from './flags.ts';
export { diagnoseHosts } from './hosts.ts';
export { diagnosesJson, diagnosesText } from './report.ts';
export type { DoctorClients } from './stack.ts';
