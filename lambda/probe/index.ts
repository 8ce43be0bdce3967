/** Probes the fleet: the script that runs on hosts, and the reading of what it prints. */
export { type ProbeLimits, probeFleet } from './fleet.ts';
export { hasBegun, type Refusal, refusalIn, refusedSentence, wordsOf } from './refusal.ts';
export { PROBE_SCRIPT, probeArguments, ssmProbeDocument } from './script.ts';
