/** Probes the fleet: the script that runs on hosts, and the reading of what it prints. */
export { type ProbeLimits, probeFleet } from './fleet.ts';
export { PROBE_SCRIPT, probeArguments, ssmProbeDocument } from './script.ts';
