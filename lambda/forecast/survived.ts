/** What a host has lived through and come back from, and so what is ordinary for it. */
import type { Sample } from '../model/index.ts';
import type { Rule } from './rules.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const OUTAGE_GAP = 20 * MINUTE;
const RESCUE_LEAP = 0.1;
/** A host that lives low is taken for gone below half of this, however low it lives. */
const LOWEST_LIFE = 0.01;

export interface Survived {
  /** The lowest share that is ordinary for the host, within the rule's bounds: a low that came once counts less. */
  readonly low: number;
  /** The lowest share that it came back from, however often; 1 where there is no past. */
  readonly lowest: number;
  /** Here it hangs: the rule's floor, or lower for a host that lives near that. */
  readonly floor: number;
  /** When the last end was over, in milliseconds since 1970: a trend from before it may be another life's. */
  readonly endedAt: number;
}

/** A leap up from near the bottom: a kill, a restart, a clean-up. */
export const isRescue = (rule: Rule, before: Sample | undefined, sample: Sample | undefined): boolean =>
  before !== undefined &&
  sample !== undefined &&
  before.available < rule.rescueBelow &&
  sample.available - before.available > RESCUE_LEAP;

/**
 * What the last of the samples is compared with.
 *
 * @param samples Oldest first, not empty.
 * @param ends When memory is known to have been given back by force: a boot, a kill, a restart of the worker.
 */
export function survived(rule: Rule, samples: readonly Sample[], ends: readonly Date[]): Survived {
  const now = samples[samples.length - 1]?.at.getTime() ?? 0;
  const first = now - rule.pastFrom;
  const last = now - rule.pastTo;
  let hours: { hour: number; low: number }[] = [];
  let since = samples[0]?.at.getTime() ?? now;
  let endedAt = Number.NEGATIVE_INFINITY;
  let before: Sample | undefined;
  let step = Number.POSITIVE_INFINITY;
  let stepBefore = step;
  for (const sample of samples) {
    const at = sample.at.getTime();
    if (before) {
      const start = before.at.getTime();
      const gap = at - start;
      // Minima of an hour are an hour apart: a gap is long compared with the steps before it.
      const isOutage =
        before.available < rule.outageBelow && gap >= OUTAGE_GAP && gap > 1.5 * Math.min(step, stepBefore);
      const isEnd =
        before.available < rule.endBelow && ends.some((end) => end.getTime() > start && end.getTime() <= at);
      if (isOutage || isEnd || isRescue(rule, before, sample)) {
        // What it came back from earlier is known still; only the run-up to the end was not survived.
        hours = hours.filter(({ hour }) => hour <= (start - rule.runUp) / HOUR);
        endedAt = at;
        if (hours.length * HOUR < rule.young) since = at;
      }
      stepBefore = step;
      step = gap;
    }
    if (at >= first && at <= last) {
      const hour = Math.floor(at / HOUR);
      const known = hours[hours.length - 1];
      if (known?.hour !== hour) hours.push({ hour, low: sample.available });
      else if (sample.available < known.low) known.low = sample.available;
    }
    before = sample;
  }
  const ordinary = ordinaryLow(rule, hours);
  const lowest = hours.reduce((least, hour) => Math.min(least, hour.low), 1);
  const low = now - since < rule.young ? Math.min(ordinary, rule.survivedMaxYoung) : ordinary;
  if (low >= rule.survivedMin) return { low, lowest, floor: rule.floor, endedAt };
  const { livesLow } = rule;
  if (livesLow === null || hours.filter((hour) => hour.low < rule.survivedMin).length < livesLow.hours) {
    return { low: rule.survivedMin, lowest, floor: rule.floor, endedAt };
  }
  const lives = Math.max(low, LOWEST_LIFE);
  return { low: lives, lowest, floor: Math.min(rule.floor, lives * livesLow.floor), endedAt };
}

/** Between the lowest hour and the lowest that came again: an hour as low as that was seen `again` earlier. */
function ordinaryLow(rule: Rule, hours: readonly { hour: number; low: number }[]): number {
  let once = 1;
  let twice = 1;
  let earlier = 1;
  let next = 0;
  for (const { hour, low } of hours) {
    for (let one = hours[next]; one && one.hour <= hour - rule.again / HOUR; one = hours[++next]) {
      if (one.low < earlier) earlier = one.low;
    }
    if (low < once) once = low;
    twice = Math.min(twice, Math.max(low, earlier));
  }
  return rule.once * once + (1 - rule.once) * twice;
}
