/** THE PIPELINE: one check of the fleet, and what it needs of the world. */
export { type CheckOptions, type CheckResult, checkFleet, type Outlets, type Ports } from './pipeline.ts';
