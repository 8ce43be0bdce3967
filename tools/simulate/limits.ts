/** The limits of a fleet of another size, extrapolated from two measured ones: each resource, and the share of it in use. */
import { BUDGETS } from '../../lambda/kit/index.ts';
import { SHARDS_AT_ONCE } from '../../lambda/scale/index.ts';
import type { Measured } from './measure.ts';

export interface Limit {
  readonly what: string;
  readonly needs: string;
  readonly has: string;
  /** Needed over available; above 1 it does not fit. */
  readonly share: number;
}

const SCHEDULE_SECONDS = 300;
const FUNCTION_BYTES = 512 * 1024 * 1024;
/** Node itself, the bundle and the SDK's clients, before the first host; measured under Node 24. */
const BASE_BYTES = 110 * 1024 * 1024;
/**
 * What the join's process takes at its most, garbage and samples included, which the live heap lacks: measured at 10,000,
 * 30,000 and 100,000 hosts by test/support/join-memory.ts under Node 24, with the heap of its function.
 */
const JOIN = { baseBytes: 90 * 1024 * 1024, hostBytes: 4_765 };
const PAYLOAD_BYTES = 256 * 1024;
/** What a shard leaves in the map's output: `{"index":123}` and the state's own words. */
const SHARD_BYTES = 40;

/**
 * @param small the same fleet at a smaller size: the difference is what grows with it
 * @returns the tightest first
 */
export function limitsAt(instances: number, large: Measured, small: Measured): Limit[] {
  const grow = (of: (measured: Measured) => number): number => {
    const slope = (of(large) - of(small)) / (large.instances - small.instances);
    return of(large) + slope * (instances - large.instances);
  };
  const shards = large.shards === 0 ? 0 : Math.ceil(instances / (large.instances / large.shards));
  const rounds = Math.ceil(shards / SHARDS_AT_ONCE);
  const seconds =
    large.shards === 0
      ? grow((one) => one.seconds)
      : grow((one) => one.stepSeconds.plan ?? 0) +
        rounds * (large.stepSeconds.shard ?? 0) +
        grow((one) => one.stepSeconds.join ?? 0);
  const whole = large.shards === 0 ? 'check' : 'join';
  const limits: Limit[] = [
    limit('time of one check', seconds, SCHEDULE_SECONDS, (value) => `${Math.round(value)} s`),
    limit(
      `memory of the ${whole}`,
      whole === 'join'
        ? JOIN.baseBytes + JOIN.hostBytes * instances
        : BASE_BYTES + grow((one) => one.stepHeap[whole] ?? 0),
      FUNCTION_BYTES,
      (value) => `${Math.round(value / 1024 / 1024)} MiB`,
    ),
    limit('payload of the map', shards * SHARD_BYTES, PAYLOAD_BYTES, (value) => `${Math.round(value / 1024)} KiB`),
    ...Object.keys(large.calls).flatMap((command) => {
      const rate = BUDGETS[command];
      if (rate === undefined) return [];
      const calls = grow((one) => one.calls[command] ?? 0);
      const needs = Math.max(0, calls - rate.burst) / rate.perSecond;
      const says = (value: number) => `${Math.round(value)} s`;
      return [limit(`${command.replace(/Command$/, '')} at ${rate.perSecond} a second`, needs, SCHEDULE_SECONDS, says)];
    }),
  ];
  return limits.toSorted((a, b) => b.share - a.share);
}

const limit = (what: string, needs: number, has: number, says: (value: number) => string): Limit => ({
  what,
  needs: says(needs),
  has: says(has),
  share: needs / has,
});
