/** THE PIPELINE: one check of the fleet, and what it needs of the world. */
export { type CheckOptions, type CheckResult, checkFleet } from './pipeline.ts';
export type { Outlets, Ports, StatePort } from './ports.ts';
export { withState } from './remember.ts';
