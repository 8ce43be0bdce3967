/**
 * Forecasts that memory or a disk runs out.
 *
 * A line through the last hour warns of every sawtooth and daily wave, a threshold of every host that lives near it.
 * What separates a fatal fall from a habitual one is whether the host has been this low before and come back: so the
 * forecast speaks only well below the lowest level that the host has survived, and only then by level or trend.
 */
import type { Sample } from '../model/index.ts';
import { FORECAST_RULES, type Resource } from './rules.ts';

const MINUTE = 60_000;

type Rule = (typeof FORECAST_RULES)[Resource];

const OUTAGE_GAP = 20 * MINUTE;
const RESCUE_LEAP = 0.1;
/** The trend is taken over so many medians of buckets, of which half must hold a sample. */
const BUCKETS = 12;
const BUCKET = 5 * MINUTE;

export interface ForecastOptions {
  /** What the last forecast said; the only state there is. */
  readonly speaking: boolean;
  /** Minutes between checks; the window of the trend is an hour, or twelve checks where they are rarer. */
  readonly everyMinutes: number;
}

export interface ResourceForecast {
  /** True: it runs out soon. */
  readonly speaking: boolean;
  /**
   * Rough minutes until it runs out: on simulated hosts it took between 0.9 and 3 times as long in half of the cases.
   * Null where it isn't speaking, and where it speaks by level alone, without a fall that could be measured.
   */
  readonly minutes: number | null;
  /** The lowest share that the host has survived, within the forecast's own bounds. */
  readonly survivedLow: number;
}

/**
 * Whether the resource runs out soon, by what is known now.
 *
 * @param history Oldest first, before `now`; no entry where no sample could be taken. Older than three hours, minima of
 *   an hour will do; a week is looked at, of a disk two. Of a disk it is the fullest mount's, since it is the fullest.
 */
export function forecast(
  resource: Resource,
  history: readonly Sample[],
  now: Sample,
  options: ForecastOptions,
): ResourceForecast {
  const rule = FORECAST_RULES[resource];
  const samples = [...history, now];
  const last = samples.length - 1;
  const bucket = Math.max(BUCKET, options.everyMinutes * MINUTE);
  const speaking = options.speaking
    ? isHeld(rule, samples, bucket)
    : isSoon(rule, samples, last, bucket, false) && isSoon(rule, samples, last - 1, bucket, false);
  return {
    speaking,
    minutes: speaking ? minutesLeft(rule, samples, last, bucket) : null,
    survivedLow: survivedLow(rule, samples, last),
  };
}

/** Whether any sample of the hold up to now keeps it speaking, by the wider terms of a forecast that already speaks. */
function isHeld(rule: Rule, samples: readonly Sample[], bucket: number): boolean {
  const last = samples.length - 1;
  const from = timeAt(samples, last) - Math.max(rule.hold, 1.5 * bucket);
  for (let index = last; index >= 0 && timeAt(samples, index) > from; index--) {
    if (isSoon(rule, samples, index, bucket, true)) return true;
    // A rescue ends it: what came before was another life of the worker.
    if (isRescue(rule, samples[index - 1], samples[index])) return false;
  }
  return false;
}

/** A leap up from near the bottom: a kill, a restart, a clean-up. */
const isRescue = (rule: Rule, before: Sample | undefined, sample: Sample | undefined): boolean =>
  before !== undefined &&
  sample !== undefined &&
  before.available < rule.rescueBelow &&
  sample.available - before.available > RESCUE_LEAP;

/** The condition itself at one sample, by nothing later than it. */
function isSoon(rule: Rule, samples: readonly Sample[], index: number, bucket: number, speaking: boolean): boolean {
  const sample = samples[index];
  if (!sample) return false;
  const depth = (sample.available - rule.floor) / (survivedLow(rule, samples, index) - rule.floor);
  if (depth >= (speaking ? 1 : rule.depthByTrend)) return false;
  if (sample.available < rule.low && depth < (speaking ? 1 : rule.depthByLevel)) return true;
  const left = timeLeft(rule, samples, index, bucket);
  return left !== null && left <= (speaking ? 2 : 1) * rule.horizon;
}

/** The lowest share the host came back from, since its last outage near the bottom or rescue from it. */
function survivedLow(rule: Rule, samples: readonly Sample[], index: number): number {
  const now = timeAt(samples, index);
  const from = now - rule.pastFrom;
  const to = now - rule.pastTo;
  let low = 1;
  let since = now;
  let before: Sample | undefined;
  let step = Number.POSITIVE_INFINITY;
  let stepBefore = step;
  for (let i = 0; i <= index; i++) {
    const sample = samples[i];
    if (!sample) break;
    const at = sample.at.getTime();
    if (!before) since = at;
    else {
      const gap = at - before.at.getTime();
      // Minima of an hour are an hour apart: a gap is long compared with the steps before it.
      const isOutage =
        before.available < rule.outageBelow && gap >= OUTAGE_GAP && gap > 1.5 * Math.min(step, stepBefore);
      if (isOutage || isRescue(rule, before, sample)) {
        low = 1;
        since = at;
      }
      stepBefore = step;
      step = gap;
    }
    if (at >= from && at <= to && sample.available < low) low = sample.available;
    before = sample;
  }
  if (now - since < rule.young) low = Math.min(low, rule.survivedMaxYoung);
  return Math.max(low, rule.survivedMin);
}

/** Milliseconds until the trend of the last hour reaches the floor; null where it doesn't fall or there are too few samples. */
function timeLeft(rule: Rule, samples: readonly Sample[], index: number, bucket: number): number | null {
  const medians = bucketMedians(samples, index, bucket);
  const newest = medians[0];
  const last = samples[index];
  if (!newest || !last || medians.length < BUCKETS / 2) return null;
  const slopes = medians.flatMap((b, i) => medians.slice(i + 1).map((a) => (b.value - a.value) / (a.age - b.age)));
  const fall = -median(slopes) / bucket;
  if (!(fall > 0)) return null;
  return Math.max(0, Math.min(last.available, newest.value) - rule.floor) / fall;
}

/** Medians of what fell into each bucket of the window that ends with the sample, newest first. */
function bucketMedians(samples: readonly Sample[], index: number, bucket: number) {
  const now = timeAt(samples, index);
  const buckets: number[][] = [];
  for (let i = index; i >= 0; i--) {
    const sample = samples[i];
    // Rounded: a sample taken every five minutes, some seconds early or late, stays in the middle of its bucket.
    const age = Math.round((now - timeAt(samples, i)) / bucket);
    if (!sample || age >= BUCKETS) break;
    const values = buckets[age];
    if (values) values.push(sample.available);
    else buckets[age] = [sample.available];
  }
  return buckets.flatMap((values, age) => ({ age, value: median(values) }));
}

function minutesLeft(rule: Rule, samples: readonly Sample[], index: number, bucket: number): number | null {
  const left = timeLeft(rule, samples, index, bucket);
  // So slow a fall adds nothing to how low it is.
  return left === null || left > 2 * rule.horizon ? null : Math.round(left / MINUTE);
}

function timeAt(samples: readonly Sample[], index: number): number {
  return samples[index]?.at.getTime() ?? Number.NEGATIVE_INFINITY;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
