/**
 * Replays recorded hosts through the forecast as the scheduled check runs it: sample by sample, the long past as hourly
 * minima, nothing of what comes later. Scores the warnings against what happened.
 */

import { explainedBy, FORECAST_RULES, forecast, type Resource } from '../../lambda/forecast/index.ts';
import type { CurrentProcesses, Sample } from '../../lambda/model/index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEEK = 7 * 24 * HOUR;

/** A later warning doesn't count: it takes so long to wake up and log in. */
const ENOUGH_LEAD = 15 * MINUTE;
/** Stretches closer than `merge` count as one alarm; it is false if nothing runs out `within`, of which `early` has its own count. */
const SCORING = {
  memory: { merge: 30 * MINUTE, within: 12 * HOUR, early: 24 * HOUR },
  disk: { merge: 2 * HOUR, within: 72 * HOUR, early: 72 * HOUR },
} as const;

/** What the forecast sees sample by sample; hours before that as their minima. */
const RECENT_HOURS = 3;
/** As long as samples keep processes, and some minutes. */
export const PROCESSES_KEPT = 6.4 * HOUR;

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
  /** Who held the memory, oldest first; absent: not recorded. */
  readonly processes?: readonly CurrentProcesses[];
  /** When memory was given back by force: boots and kills; absent: not recorded. */
  readonly ends?: readonly Date[];
}

/** A stretch in which the forecast speaks: its first and its last sample. */
export interface Alarm {
  readonly from: Date;
  readonly to: Date;
}

/** Predicts whether the resource runs out soon. Any rule of this form can be replayed. */
export type Predictor = (
  trace: Pick<Trace, 'resource' | 'everyMinutes' | 'processes' | 'ends'>,
  history: readonly Sample[],
  now: Sample,
  speaking: boolean,
) => boolean;

/**
 * The forecast as the scheduled check runs it: only while less than this percentage is available.
 *
 * @param rules others than the forecast's own, to measure what a rule buys
 */
export const forecastUnder =
  (lookBelowPercent: number, rules = FORECAST_RULES): Predictor =>
  ({ resource, everyMinutes, processes, ends = [] }, history, now, speaking) => {
    if (now.available >= lookBelowPercent / 100) return false;
    const fresh = processes === undefined ? null : freshAt(processes, now.at);
    const known = ends.filter((end) => end <= now.at);
    return forecast(resource, history, now, { speaking, everyMinutes, rules, fresh, ends: known }).speaking;
  };

/** Share of what was lost by then that new processes took; null: not known. */
function freshAt(processes: readonly CurrentProcesses[], now: Date): number | null {
  const index = processes.findLastIndex(({ at }) => at <= now);
  const latest = processes[index];
  if (latest === undefined || +latest.at !== +now) return null;
  const first = processes.findIndex(({ at }) => +now - +at < PROCESSES_KEPT);
  return explainedBy(processes.slice(first, index), latest)?.fresh ?? null;
}

/**
 * When the predictor speaks. It keeps its last answer while samples are missing.
 *
 * @param recentHours What it sees sample by sample, of the hours before that the minima.
 */
export function replay(trace: Trace, predictor: Predictor, recentHours = RECENT_HOURS): readonly Alarm[] {
  const alarms: Alarm[] = [];
  const history = newHistory(recentHours);
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

/** The past as the samples keep it: minima of each clock hour, and every sample of the last hours and the one begun. */
export function newHistory(recentHours = RECENT_HOURS) {
  const minima: Sample[] = [];
  let recent: Sample[] = [];
  const hourOf = (at: Date) => Math.floor(at.getTime() / HOUR);
  return {
    before(now: Date): readonly Sample[] {
      const firstHour = hourOf(now) - recentHours;
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
  /** Episodes after which nothing ran out in time, the early ones included. */
  readonly falseEpisodes: number;
  /** Of those, the ones that were right, but too soon to be of use: memory ran out 12 to 24 h after they ended. */
  readonly early: number;
  /** How long the false ones were, early ones included: one that never ends is one episode, too. */
  readonly falseHours: number;
}

export function score(trace: Trace, alarms: readonly Alarm[]): Score {
  const { merge, within, early } = SCORING[trace.resource];
  const episodes: Alarm[] = [];
  for (const alarm of alarms) {
    const last = episodes.at(-1);
    if (last && alarm.from.getTime() - last.to.getTime() < merge) {
      episodes[episodes.length - 1] = { from: last.from, to: alarm.to };
    } else episodes.push(alarm);
  }
  const leads = trace.exhaustedAt.map((at) => leadMinutes(trace, alarms, episodes, at));
  const isFollowed = ({ from, to }: Alarm, by: number) => trace.exhaustedAt.some((at) => from <= at && +at - +to <= by);
  const wrong = episodes.filter((episode) => !isFollowed(episode, within));
  const first = trace.samples[0];
  const last = trace.samples.at(-1);
  return {
    traces: 1,
    hostWeeks: first && last ? (+last.at - +first.at) / WEEK : 0,
    exhaustions: leads.length,
    caught: leads.filter((lead) => lead * MINUTE >= ENOUGH_LEAD).length,
    leads,
    episodes: episodes.length,
    falseEpisodes: wrong.length,
    early: wrong.filter((episode) => isFollowed(episode, early)).length,
    falseHours: wrong.reduce((sum, { from, to }) => sum + (+to - +from) / HOUR, 0),
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
    early: sum((each) => each.early),
    falseHours: sum((each) => each.falseHours),
  };
}
