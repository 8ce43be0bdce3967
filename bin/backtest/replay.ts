/**
 * Replays recorded hosts through the forecast as the scheduled check runs it: sample by sample, the long past as hourly
 * minima, nothing of what comes later. Scores the warnings against what happened.
 */

import { forecast, type Resource } from '../../lambda/forecast/index.ts';
import type { Sample } from '../../lambda/model/index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEEK = 7 * 24 * HOUR;

/** A later warning doesn't count: it takes so long to wake up and log in. */
const ENOUGH_LEAD = 15 * MINUTE;
/** Stretches closer than `merge` count as one alarm; it is false if nothing runs out `within`. */
const SCORING = {
  memory: { merge: 30 * MINUTE, within: 12 * HOUR },
  disk: { merge: 2 * HOUR, within: 72 * HOUR },
} as const;

/** One resource of one host over time. */
export interface Trace {
  /** The instance it was recorded on. */
  readonly id?: string;
  readonly family: string;
  readonly resource: Resource;
  readonly everyMinutes: number;
  /** Oldest first; null where no sample could be taken. */
  readonly samples: readonly { readonly at: Date; readonly available: number | null }[];
  readonly exhaustedAt: readonly Date[];
}

/** A stretch in which the forecast speaks: its first and its last sample. */
export interface Alarm {
  readonly from: Date;
  readonly to: Date;
}

/** Predicts whether the resource runs out soon. Any rule of this form can be replayed. */
export type Predictor = (
  trace: Pick<Trace, 'resource' | 'everyMinutes'>,
  history: readonly Sample[],
  now: Sample,
  speaking: boolean,
) => boolean;

/** The forecast as the scheduled check runs it: only while less than this percentage is available. */
export const forecastUnder =
  (lookBelowPercent: number): Predictor =>
  ({ resource, everyMinutes }, history, now, speaking) =>
    now.available < lookBelowPercent / 100 && forecast(resource, history, now, { speaking, everyMinutes }).speaking;

/** When the predictor speaks. It keeps its last answer while samples are missing. */
export function replay(trace: Trace, predictor: Predictor): readonly Alarm[] {
  const alarms: Alarm[] = [];
  const history = newHistory();
  let from: Date | null = null;
  let to: Date | null = null;
  for (const { at, available } of trace.samples) {
    if (available !== null) {
      const now = { at, available };
      const speaking = predictor(trace, history.before(at), now, from !== null);
      if (!speaking && from && to) alarms.push({ from, to });
      from = speaking ? (from ?? at) : null;
      history.add(now);
    }
    to = at;
  }
  return from && to ? [...alarms, { from, to }] : alarms;
}

/** The past as metrics keep it: minima of each clock hour, and every sample of the last three hours and the one begun. */
export function newHistory() {
  const minima: Sample[] = [];
  let recent: Sample[] = [];
  const hourOf = (at: Date) => Math.floor(at.getTime() / HOUR);
  return {
    before(now: Date): readonly Sample[] {
      const firstHour = hourOf(now) - 3;
      const past = recent.findIndex((sample) => hourOf(sample.at) >= firstHour);
      for (const sample of past < 0 ? recent : recent.slice(0, past)) {
        const hour = new Date(hourOf(sample.at) * HOUR);
        const last = minima.at(-1);
        if (last?.at.getTime() !== hour.getTime()) minima.push({ at: hour, available: sample.available });
        else if (sample.available < last.available)
          minima[minima.length - 1] = { at: hour, available: sample.available };
      }
      if (past !== 0) recent = past < 0 ? [] : recent.slice(past);
      // As far back as the check reads.
      while (minima[0] && now.getTime() - minima[0].at.getTime() > 2 * WEEK) minima.shift();
      return [...minima, ...recent];
    },
    add(sample: Sample): void {
      recent.push(sample);
    },
  };
}

/** The result of one replay, or the sum of many. */
export interface Score {
  readonly traces: number;
  readonly hostWeeks: number;
  /** How often a resource ran out, and how often an alarm was on by then that had begun 15 minutes before or earlier. */
  readonly exhaustions: number;
  readonly caught: number;
  /** One for each exhaustion, in minutes; 0 where no alarm was on. */
  readonly leads: readonly number[];
  readonly episodes: number;
  readonly falseEpisodes: number;
}

export function score(trace: Trace, alarms: readonly Alarm[]): Score {
  const { merge, within } = SCORING[trace.resource];
  const episodes: Alarm[] = [];
  for (const alarm of alarms) {
    const last = episodes.at(-1);
    if (last && alarm.from.getTime() - last.to.getTime() < merge) {
      episodes[episodes.length - 1] = { from: last.from, to: alarm.to };
    } else episodes.push(alarm);
  }
  const leads = trace.exhaustedAt.map((at) => leadMinutes(trace, alarms, episodes, at));
  const isFalse = ({ from, to }: Alarm) => !trace.exhaustedAt.some((at) => from <= at && +at - +to <= within);
  const first = trace.samples[0];
  const last = trace.samples.at(-1);
  return {
    traces: 1,
    hostWeeks: first && last ? (+last.at - +first.at) / WEEK : 0,
    exhaustions: leads.length,
    caught: leads.filter((lead) => lead * MINUTE >= ENOUGH_LEAD).length,
    leads,
    episodes: episodes.length,
    falseEpisodes: episodes.filter(isFalse).length,
  };
}

/** How long before it ran out its alarm began; 0 where none was on. */
function leadMinutes(trace: Trace, alarms: readonly Alarm[], episodes: readonly Alarm[], at: Date): number {
  const lastSample = trace.samples.findLast((sample) => sample.at <= at);
  const isOn = lastSample && alarms.some(({ from, to }) => from <= lastSample.at && to >= lastSample.at);
  const episode = isOn ? episodes.find(({ from, to }) => from <= lastSample.at && to >= lastSample.at) : undefined;
  return episode ? (+at - +episode.from) / MINUTE : 0;
}

export function addScores(scores: readonly Score[]): Score {
  const sum = (of: (score: Score) => number) => scores.reduce((total, each) => total + of(each), 0);
  return {
    traces: sum((each) => each.traces),
    hostWeeks: sum((each) => each.hostWeeks),
    exhaustions: sum((each) => each.exhaustions),
    caught: sum((each) => each.caught),
    leads: scores.flatMap((each) => each.leads),
    episodes: sum((each) => each.episodes),
    falseEpisodes: sum((each) => each.falseEpisodes),
  };
}
