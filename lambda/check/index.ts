/** THE PIPELINE: one check of the fleet, and what it needs of the world. */
export { stackChecks } from './cloudwatch.ts';
export { beat } from './heartbeat.ts';
export { type CheckResult, checkFleet } from './pipeline.ts';
export type { Outlets, Ports, RemedyOutlet, StatePort } from './ports.ts';
export type { CheckOptions } from './run.ts';
