/**
 * The fleet's figures in one file, for a stack that publishes no metrics of single instances: what forecasts, the widget
 * and the evidence look back on. Pure.
 *
 * It keeps what GetMetricData would have given: three hours of samples, and before them each hour's worst, a week of
 * memory and two of disks.
 */

import type { History, LastGood, Sample } from '../model/index.ts';
import type { HostPast, HostSample } from './packed-past.ts';
import { packed } from './packed-past.ts';

export interface Snapshot {
  readonly hosts: ReadonlyMap<string, HostPast>;
}

export const EMPTY: Snapshot = { hosts: new Map() };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KEPT = { memory: 7 * DAY, disk: 14 * DAY } as const;
/** Of one host, whatever the interval: a check each minute for four hours. */
const MOST_RECENT = 240;

/** Whole hours, at least three: the boundary that the metrics' history has as well. */
const recentSince = (now: Date): number => Math.floor((now.getTime() - 3 * HOUR) / HOUR) * HOUR;

/**
 * Adds one check's samples, lets the oldest of the recent ones become an hour's worst, and drops what is too old.
 * A host without a sample keeps its past; one of which nothing is left goes.
 */
export function withSamples(snapshot: Snapshot, samples: ReadonlyMap<string, HostSample>, now: Date): Snapshot {
  const ids = new Set([...snapshot.hosts.keys(), ...samples.keys()]);
  const hosts = new Map<string, HostPast>();
  for (const id of ids) {
    const past = aged(snapshot.hosts.get(id) ?? { recent: [], hourly: [] }, samples.get(id), now);
    if (past.recent.length + past.hourly.length > 0) hosts.set(id, packed(past));
  }
  return { hosts };
}

function aged({ recent, hourly }: HostPast, sample: HostSample | undefined, now: Date): HostPast {
  const since = recentSince(now);
  // Of runs that overlap the earlier may be the later to write: its sample goes into its place, one for each minute.
  const minute = ({ at }: HostSample) => Math.round(at.getTime() / MINUTE);
  const isNew = sample !== undefined && !recent.some((one) => minute(one) === minute(sample));
  const all = isNew ? [...recent, sample].sort((a, b) => a.at.getTime() - b.at.getTime()) : recent;
  const hours = new Map(hourly.map((one) => [one.at.getTime(), one]));
  for (const one of all.filter(({ at }) => at.getTime() < since)) {
    const hour = Math.floor(one.at.getTime() / HOUR) * HOUR;
    hours.set(hour, worst(hours.get(hour), one, new Date(hour)));
  }
  return {
    recent: all.filter(({ at }) => at.getTime() >= since).slice(-MOST_RECENT),
    hourly: [...hours.values()].filter(({ at }) => now.getTime() - at.getTime() <= KEPT.disk),
  };
}

function worst(known: HostSample | undefined, one: HostSample, at: Date): HostSample {
  if (known === undefined) return { ...one, at };
  const disks = [known.disk, one.disk].filter((disk) => disk !== null);
  return { at, memory: Math.min(known.memory, one.memory), disk: disks.length === 0 ? null : Math.min(...disks) };
}

/** What forecasts look back on; undefined where nothing is known of the host. */
export function historyOf(snapshot: Snapshot, id: string, now: Date): History | undefined {
  const past = snapshot.hosts.get(id);
  if (past === undefined) return undefined;
  const all = [...past.hourly, ...past.recent];
  const weekAgo = recentSince(now) - KEPT.memory;
  return {
    memory: all.filter(({ at }) => at.getTime() >= weekAgo).map(({ at, memory }) => ({ at, available: memory })),
    disk: all.flatMap(({ at, disk }): Sample[] => (disk === null ? [] : [{ at, available: disk }])),
  };
}

/** How a host stood when it last told, within six hours; of one that is silent for over three, in its last hour's worst. */
export function lastGoodOf(snapshot: Snapshot, id: string, now: Date): LastGood | null {
  const past = snapshot.hosts.get(id);
  const last = past?.recent.at(-1) ?? past?.hourly.at(-1);
  return last !== undefined && now.getTime() - last.at.getTime() <= 6 * HOUR ? last : null;
}
