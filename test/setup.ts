/**
 * How often each property is tried: 1,000 times, in CI 10,000. A test whose single run is expensive says fewer.
 * Set FAST_CHECK_RUNS for another number.
 */
import fc from 'fast-check';

const { FAST_CHECK_RUNS, CI } = process.env;
fc.configureGlobal({ numRuns: Number(FAST_CHECK_RUNS ?? (CI === undefined ? 1_000 : 10_000)) });
