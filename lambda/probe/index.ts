/** The script that runs on hosts, and the readers of what it prints. */
export { type ProbeLimits, probeFleet } from './fleet.ts';
export { PROBE_SCRIPT, ssmProbeDocument } from './script.ts';
