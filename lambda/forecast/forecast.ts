/**
 * Forecasts that memory or a disk runs out.
 *
 * A line through the last hour warns of every sawtooth and daily wave, a threshold of every host that lives near it.
 * What separates a fatal fall from a habitual one is whether the host has been this low before and come back: so the
 * forecast speaks only well below the lowest level that the host has survived, and only then by level or trend.
 */
import type { Sample } from '../model/index.ts';
import { FORECAST_RULES, type Resource, type Rule } from './rules.ts';
import { isRescue, type Survived, survived } from './survived.ts';
import { BUCKET, BUCKETS, envelopeTrend, hourTrend, timeLeft } from './trend.ts';

const MINUTE = 60_000;

export interface ForecastOptions {
  /** What the last forecast said; the only state there is. */
  readonly speaking: boolean;
  /** Minutes between checks; the window of the trend is an hour, or twelve checks where they are rarer. */
  readonly everyMinutes: number;
  /** When memory is known to have been given back by force: a boot, an OOM kill, a restart of the worker. @default none */
  readonly ends?: readonly Date[];
  /**
   * Share of what memory has lost that processes took which were not there before: jobs, which give it back as they end.
   * Null or absent: not known.
   */
  readonly fresh?: number | null;
  /** To measure what a rule buys. @default FORECAST_RULES */
  readonly rules?: Readonly<Record<Resource, Rule>>;
}

export interface ResourceForecast {
  /** True: it runs out soon. */
  readonly speaking: boolean;
  /**
   * Rough minutes until it runs out: on simulated hosts it took between 0.9 and 3 times as long in half of the cases.
   * Null where it isn't speaking, and where it speaks by level alone, without a fall that could be measured.
   */
  readonly minutes: number | null;
  /** What it is compared with: the lowest share that is ordinary for the host, within the forecast's own bounds. */
  readonly survivedLow: number;
  /** The lowest share that it has come back from, where it has less now than ever before; absent where it hasn't. */
  readonly livedLow?: number;
}

/** One host's samples and what they are judged by. */
interface Case {
  readonly rule: Rule;
  readonly samples: readonly Sample[];
  readonly past: Survived;
  readonly bucket: number;
  /** Jobs took it, and there is room for them. */
  readonly isPassing: boolean;
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
  const rule = (options.rules ?? FORECAST_RULES)[resource];
  const samples = [...history, now];
  const past = survived(rule, samples, options.ends ?? []);
  const { passing } = rule;
  const { fresh = null } = options;
  const isPassing = passing !== null && fresh !== null && fresh >= passing.fresh && now.available > passing.above;
  const one: Case = {
    isPassing,
    rule,
    samples,
    past,
    bucket: Math.max(BUCKET, options.everyMinutes * MINUTE),
  };
  const speaking = options.speaking ? isHeld(one) : begins(one);
  const isLowest = past.lowest < 1 && now.available < past.lowest;
  const minutes = speaking ? minutesLeft(one) : null;
  return { speaking, minutes, survivedLow: past.low, ...(isLowest && { livedLow: past.lowest }) };
}

const depthOf = ({ past }: Case, available: number, low = past.low): number =>
  (available - past.floor) / (low - past.floor);

/** The same for a trend over a window up to a sample: one that holds an end is only compared with a young host's low. */
const depthOver = (one: Case, index: number, window: number, available: number): number => {
  const { rule, samples, past } = one;
  const isWhole = timeAt(samples, index) - window >= past.endedAt;
  return depthOf(one, available, isWhole ? past.low : Math.min(past.low, rule.survivedMaxYoung));
};

/** Whether the level alone speaks. */
const isLow = (one: Case, available: number): boolean =>
  available < one.rule.low && depthOf(one, available) < one.rule.depthByLevel;

/** Whether it begins to speak now: two samples in a row agree, or a host that lives low is well below all that it lived through. */
function begins(one: Case): boolean {
  const { rule, samples, past } = one;
  const last = samples.length - 1;
  // So close to the floor the next sample may be the last one.
  const { atOnce } = rule.livesLow ?? { atOnce: 0 };
  if (past.low < rule.survivedMin && (samples[last]?.available ?? 1) < atOnce * past.lowest) return true;
  return isSoon(one, last, isOver(one, last)) && isSoon(one, last - 1, false);
}

/** Whether a fall is over: a step has reached its plateau, a job frees what it took. */
function isOver({ rule, samples }: Case, index: number): boolean {
  const available = samples[index]?.available ?? 1;
  for (let i = index - 1; i >= 0 && timeAt(samples, index) - timeAt(samples, i) <= rule.fallsFor; i--) {
    if ((samples[i]?.available ?? 1) < available) return true;
  }
  return false;
}

/** Whether one sample, and nothing later than it, says that the end is near. */
function isSoon(one: Case, index: number, isFallOver: boolean): boolean {
  const { rule, samples, past, bucket } = one;
  const available = samples[index]?.available ?? 1;
  const depth = depthOf(one, available);
  if (depth >= rule.depthByTrend || isFreshDrop(one, index)) return false;
  if (!one.isPassing) {
    if (isLow(one, available)) return true;
    const isDeep = depthOver(one, index, BUCKETS * bucket, available) < rule.depthByTrend;
    const trend = isFallOver || !isDeep ? null : hourTrend(samples, index, bucket);
    if (trend !== null && timeLeft(trend, past.floor) <= rule.horizon) return true;
  }
  const { window, horizon } = rule.envelope ?? { window: 0, horizon: 0 };
  if (depthOver(one, index, window, available) >= rule.depthByTrend) return false;
  const envelope = envelopeTrend(rule, samples, index);
  return (
    envelope !== null &&
    depthOver(one, index, window, envelope.level) < rule.depthByTrend &&
    timeLeft(envelope, past.floor) <= horizon
  );
}

/** Whether any sample of the hold keeps it speaking, on wider terms: twice the horizon, and up to the survived low. */
function isHeld(one: Case): boolean {
  const { rule, samples, bucket } = one;
  const last = samples.length - 1;
  const from = timeAt(samples, last) - Math.max(rule.hold, 1.5 * bucket);
  let asked = Number.POSITIVE_INFINITY;
  for (let index = last; index >= 0 && timeAt(samples, index) > from; index--) {
    const available = samples[index]?.available ?? 1;
    if (available < rule.low && depthOf(one, available) < 1) return true;
    // Trends of every few minutes differ little, and take most of the time.
    if (asked - timeAt(samples, index) > 1.5 * bucket) {
      if (isStillFalling(one, index)) return true;
      asked = timeAt(samples, index);
    }
    // A rescue ends it: what came before was another life of the worker.
    if (isRescue(rule, samples[index - 1], samples[index])) return false;
  }
  return false;
}

/** Whether it goes on speaking by the trends up to one sample. */
function isStillFalling(one: Case, index: number): boolean {
  const { rule, samples, past, bucket } = one;
  const available = samples[index]?.available ?? 1;
  const isDeep = depthOver(one, index, BUCKETS * bucket, available) < 1;
  const trend = isDeep ? hourTrend(samples, index, bucket) : null;
  if (trend !== null && timeLeft(trend, past.floor) <= 2 * rule.horizon) return true;
  // Between two jobs there is plenty: the floor under them is what runs out.
  const { window, horizon } = rule.envelope ?? { window: 0, horizon: 0 };
  const envelope = envelopeTrend(rule, samples, index);
  return (
    envelope !== null &&
    depthOver(one, index, window, envelope.level) < 1 &&
    timeLeft(envelope, past.floor) <= 2 * horizon
  );
}

/** Whether it fell to a sample all at once, just before: most such drops are over within half an hour. */
function isFreshDrop({ rule, samples, bucket }: Case, last: number): boolean {
  if (rule.drop === null) return false;
  const { fall, within, lasts } = rule.drop;
  const now = timeAt(samples, last);
  let top = 0;
  let steepest = 0;
  let fellAt = 0;
  for (let index = last; index >= 0 && now - timeAt(samples, index) <= within; index--) {
    const available = samples[index]?.available ?? 0;
    top = Math.max(top, available);
    // Checked every minute, a fall at once is one within five minutes.
    for (
      let later = index + 1;
      later <= last && timeAt(samples, later) - timeAt(samples, index) <= 1.2 * bucket;
      later++
    ) {
      const step = available - (samples[later]?.available ?? 1);
      if (step > steepest) {
        steepest = step;
        fellAt = timeAt(samples, later);
      }
    }
  }
  const fell = top - (samples[last]?.available ?? 1);
  return fell >= fall && steepest >= fell / 2 && now - fellAt < lasts;
}

function minutesLeft(one: Case): number | null {
  const { rule, samples, past, bucket } = one;
  const last = samples.length - 1;
  const trend = hourTrend(samples, last, bucket);
  const left = trend === null ? null : timeLeft(trend, past.floor);
  if (left !== null && left <= 2 * rule.horizon) return Math.round(left / MINUTE);
  // So slow a fall adds nothing to how low it is.
  if (isLow(one, samples[last]?.available ?? 1)) return null;
  const envelope = envelopeTrend(rule, samples, last);
  const longer = envelope === null ? null : timeLeft(envelope, past.floor);
  return longer === null || longer > 2 * (rule.envelope?.horizon ?? 0) ? null : Math.round(longer / MINUTE);
}

function timeAt(samples: readonly Sample[], index: number): number {
  return samples[index]?.at.getTime() ?? Number.NEGATIVE_INFINITY;
}
