/** How fast the resource falls: over the last hour, and by its lower envelope over half a day. */
import type { Sample } from '../model/index.ts';
import type { Rule } from './rules.ts';

const MINUTE = 60_000;

/** The trend is taken over so many medians of buckets, of which half must hold a sample. */
export const BUCKETS = 12;
export const BUCKET = 5 * MINUTE;

/** Where the resource is by a trend now, and how much of it is lost in a millisecond. */
export interface Trend {
  readonly level: number;
  readonly fall: number;
}

/** The trend of twelve buckets up to a sample; null where it doesn't fall or there are too few samples. */
export function hourTrend(samples: readonly Sample[], index: number, bucket: number): Trend | null {
  const medians = bucketMedians(samples, index, bucket);
  const newest = medians[0];
  const last = samples[index];
  if (!newest || !last || medians.length < BUCKETS / 2) return null;
  const fall = fallOf(medians) / bucket;
  return fall > 0 ? { level: Math.min(last.available, newest.value), fall } : null;
}

/**
 * The lower envelope up to a sample; null where it doesn't fall or there are too few samples. Jobs that come and go hide
 * a floor that rises under them: the minima show it.
 */
export function envelopeTrend(rule: Rule, samples: readonly Sample[], index: number): Trend | null {
  if (rule.envelope === null) return null;
  const { window, parts } = rule.envelope;
  const now = samples[index]?.at.getTime() ?? 0;
  const minima: (number | undefined)[] = [];
  for (let i = index; i >= 0; i--) {
    const sample = samples[i];
    const age = sample ? Math.floor(((now - sample.at.getTime()) * parts) / window) : parts;
    if (!sample || age >= parts) break;
    const known = minima[age];
    if (known === undefined || sample.available < known) minima[age] = sample.available;
  }
  const points: Point[] = [];
  minima.forEach((value, age) => {
    if (value !== undefined) points.push({ age, value });
  });
  if (points.length < parts - 1) return null;
  const fall = fallOf(points);
  if (!(fall > 0)) return null;
  // The line's own level: a single drop, which the slope passes over, is not to count as its end either.
  return { level: median(points.map(({ age, value }) => value - fall * age)), fall: (fall * parts) / window };
}

/** Milliseconds until a trend reaches the floor. */
export const timeLeft = ({ level, fall }: Trend, floor: number): number => Math.max(0, level - floor) / fall;

interface Point {
  /** 0 is the newest. */
  readonly age: number;
  readonly value: number;
}

/** The median of all slopes between two points (Theil-Sen), as a fall for each step of age. */
function fallOf(points: readonly Point[]): number {
  const slopes: number[] = [];
  for (let i = 0; i < points.length; i++) {
    for (let j = i + 1; j < points.length; j++) {
      const [newer, older] = [points[i], points[j]];
      if (newer && older) slopes.push((older.value - newer.value) / (older.age - newer.age));
    }
  }
  return median(slopes);
}

/** Medians of what fell into each bucket of the window that ends with the sample, newest first. */
function bucketMedians(samples: readonly Sample[], index: number, bucket: number): Point[] {
  const now = samples[index]?.at.getTime() ?? 0;
  const buckets: number[][] = [];
  for (let i = index; i >= 0; i--) {
    const sample = samples[i];
    if (!sample) break;
    // Rounded: a sample taken every five minutes, some seconds early or late, stays in the middle of its bucket.
    const age = Math.round((now - sample.at.getTime()) / bucket);
    if (age >= BUCKETS) break;
    const values = buckets[age];
    if (values) values.push(sample.available);
    else buckets[age] = [sample.available];
  }
  const medians: Point[] = [];
  buckets.forEach((values, age) => {
    medians.push({ age, value: median(values) });
  });
  return medians;
}

/** Sorts in place, by insertion: there are few, and sort() would call back for each comparison. */
function median(values: number[]): number {
  for (let i = 1; i < values.length; i++) {
    const value = values[i] ?? 0;
    let at = i;
    for (; at > 0 && (values[at - 1] ?? 0) > value; at--) values[at] = values[at - 1] ?? 0;
    values[at] = value;
  }
  const middle = values.length >> 1;
  const upper = values[middle] ?? Number.NaN;
  return values.length % 2 === 1 ? upper : (upper + (values[middle - 1] ?? upper)) / 2;
}
