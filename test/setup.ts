/** How often each property is tried: seldom at the desk, often in CI. Where a run is expensive, its test says fewer. */
import fc from 'fast-check';

const { FAST_CHECK_RUNS, CI } = process.env;
fc.configureGlobal({ numRuns: Number(FAST_CHECK_RUNS ?? (CI === undefined ? 1_000 : 10_000)) });
