import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bucket, FULL, type Rate, shareOf, take } from '../../../lambda/kit/api-budget.ts';

/** When each of the calls goes out that are wanted at these times. */
function departures(wanted: readonly number[], rate: Rate): number[] {
  let bucket: Bucket = FULL;
  return wanted.map((at) => {
    const taken = take(bucket, at, rate);
    bucket = taken.bucket;
    return at + taken.waitMs;
  });
}

const NOW = 1_800_000_000_000;
const rates = fc.record({ burst: fc.integer({ min: 1, max: 50 }), perSecond: fc.integer({ min: 1, max: 50 }) });

describe('a token bucket', () => {
  it('lets a burst pass at once, and then one by one', () => {
    const times = departures([NOW, NOW, NOW, NOW, NOW], { burst: 3, perSecond: 10 });
    expect(times.map((at) => at - NOW)).toEqual([0, 0, 0, 100, 200]);
  });

  it('fills up again in a rest, and no fuller than full', () => {
    const later = NOW + 3_600_000;
    const times = departures([NOW, NOW, later, later, later], { burst: 2, perSecond: 1 });
    expect(times.map((at) => at - (at >= later ? later : NOW))).toEqual([0, 0, 0, 0, 1000]);
  });

  it('never lets more pass in any span than burst and rate allow, whatever is wanted when', () => {
    fc.assert(
      fc.property(rates, fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 }), (rate, gaps) => {
        const wanted = gaps.toSorted((a, b) => a - b).map((gap) => NOW + gap);
        const times = departures(wanted, rate);
        for (let from = 0; from < times.length; from += 1) {
          for (let to = from; to < times.length; to += 1) {
            const seconds = (times[to]! - times[from]!) / 1000;
            expect(to - from + 1).toBeLessThanOrEqual(rate.burst + seconds * rate.perSecond + 1 + 1e-6);
          }
        }
      }),
      // Every span between two of 200 departures is looked at.
      { numRuns: 50 },
    );
  });

  it('is no emptier for many sharers than for one', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 50 }), (rate, sharers) => {
        const share = shareOf(rate, sharers);
        expect(share.perSecond * sharers).toBeCloseTo(rate.perSecond);
        expect(share.burst).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
