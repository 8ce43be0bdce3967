/** Distributes one check over many functions: plan, shards, join. */
export { nearLimits } from './near-limits.ts';
export { joinRun, type PlannedRun, planRun, probeShard, type RunPorts } from './run.ts';
export { s3Store } from './s3.ts';
export { SHARDS_AT_ONCE, shardSize } from './shards.ts';
export { readStep } from './step.ts';
