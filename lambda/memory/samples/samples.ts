/**
 * The past of every instance: what forecasts, sparklines, the widget and the evidence look back on. Pure.
 *
 * It keeps three to four hours of every check, and before them each hour's worst, a week of memory and two of disks; of a
 * host that is low or falling also who held its memory in the past six hours.
 */

import type { CurrentProcesses, History, LastGood, ProcessSnapshot, Sample } from '../../model/index.ts';
import { ByteWriter } from './bytes.ts';
import { extraOf, withExtra } from './extras.ts';
import type { HostPast, HostSample, PackedPast } from './packed-past.ts';
import {
  copyOfPast,
  EMPTY_PAST,
  firstHour,
  HOURLY,
  RECENT,
  SampleColumns,
  unpackHourly,
  unpackRecent,
} from './packed-past.ts';
import { unpackProcesses } from './packed-processes.ts';
import { isLowOrFalling, packedSnapshots, withoutOld } from './snapshots.ts';

export interface Samples {
  readonly hosts: ReadonlyMap<string, PackedPast>;
}

export type Named = { readonly id: string };
/** Who held the memory of those that a check has sampled. */
export type ProcessesById = Pick<ReadonlyMap<string, CurrentProcesses>, 'get'>;
/** Past samples by instance id. */
export interface Histories {
  readonly size: number;
  get(id: string): History | undefined;
  keys(): Iterable<string>;
}

/**
 * The past of single instances, by instance id; those of which nothing is known are absent.
 * Both reject where the file can't be read: without the right, or where a newer version of crawlwatch wrote it.
 */
export interface PastFigures {
  /** What forecasts and the widget's lines are drawn from. */
  history(instances: readonly Named[]): Promise<Histories>;
  /** Each instance's figures when it last answered. */
  lastGood(instances: readonly Named[]): Promise<ReadonlyMap<string, LastGood>>;
}

/** Where there is no file of samples. */
export const NOTHING_KNOWN: PastFigures = {
  history: async () => new Map(),
  lastGood: async () => new Map(),
};

export const EMPTY: Samples = { hosts: new Map() };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KEPT = { memory: 7 * DAY, disk: 14 * DAY } as const;
/** Of one host, whatever the interval: a check each minute for four hours. */
const MOST_RECENT = 240;
/** A silent host's last figures are of use for so long. */
const LAST_GOOD_MS = 6 * HOUR;
/** The tag of the part of a past's extras that holds its largest processes. */
const PROCESSES = 1;

/** Whole hours, at least three. */
const recentSince = (now: Date): number => Math.floor((now.getTime() - 3 * HOUR) / HOUR) * HOUR;
const memorySince = (now: Date): number => recentSince(now) - KEPT.memory;

/**
 * Adds one check's samples, lets the oldest of the recent ones become an hour's worst, and drops what is too old.
 * A host without a sample keeps its past; one of which nothing is left is dropped.
 * @param processes who held the memory of those that were sampled; kept of hosts that are low or falling
 */
export function withSamples(
  before: Samples,
  samples: ReadonlyMap<string, HostSample>,
  now: Date,
  processes: ReadonlyMap<string, CurrentProcesses> = new Map(),
): Samples {
  const aging = agedBy(samples, now, (id) => processes.get(id));
  const hosts = new Map<string, PackedPast>();
  for (const [id, past] of before.hosts) {
    const next = aging.next(id, past);
    if (next !== null) hosts.set(id, copyOfPast(next));
  }
  for (const [id, past] of aging.others()) hosts.set(id, copyOfPast(past));
  return { hosts };
}

/** One check's aging of a file's hosts, one by one: each past that it gives is good until the next one is asked for. */
export interface Aging {
  /** Null where nothing is left of it. */
  next(id: string, past: PackedPast): PackedPast | null;
  /** Those with a sample that were not among the hosts: to be asked for last. */
  others(): Generator<readonly [id: string, past: PackedPast]>;
}

/** The same host by host, for who writes each at once: of a large fleet all of them are as much again as the file. */
export function agedBy(
  samples: ReadonlyMap<string, HostSample>,
  now: Date,
  processesOf: (id: string) => CurrentProcesses | undefined,
): Aging {
  const known = new Set<string>();
  return {
    next: (id, past) => {
      const sample = samples.get(id);
      if (sample !== undefined) known.add(id);
      const next = aged(past, sample, now, () => processesOf(id));
      return next.recent.length + next.hourly.length > 0 ? next : null;
    },
    others: function* () {
      for (const [id, sample] of samples) {
        if (!known.has(id)) yield [id, aged(EMPTY_PAST, sample, now, () => processesOf(id))];
      }
    },
  };
}

/** Reused: one host's at a time. */
const recent = new SampleColumns();
const hours = new SampleColumns();
const [recentBytes, hourlyBytes] = [new ByteWriter(), new ByteWriter()];

function aged(
  past: PackedPast,
  sample: HostSample | undefined,
  now: Date,
  processes: () => CurrentProcesses | undefined,
): PackedPast {
  recent.read(past.recent, RECENT);
  const share = sample?.memory ?? null;
  const isWorthKeeping = share !== null && isLowOrFalling(share, recent.memory.subarray(0, recent.length));
  const isNew = sample !== undefined && added(sample);
  const old = countBefore(recent, recentSince(now));
  return {
    extras: withProcesses(past.extras, isNew && isWorthKeeping ? processes() : undefined, now),
    recent:
      isNew || old > 0 ? recent.packInto(recentBytes, Math.max(old, recent.length - MOST_RECENT), RECENT) : past.recent,
    hourly: withHours(past, old, now),
  };
}

/**
 * Of runs that overlap the earlier may be the later to write: its sample goes into its place.
 * @returns false where there is one of that minute
 */
function added({ at, memory, disk }: HostSample): boolean {
  const time = at.getTime();
  const minute = Math.round(time / MINUTE);
  let place = recent.length;
  for (let n = recent.length - 1; n >= 0; n--) {
    const other = recent.times[n] ?? 0;
    if (Math.round(other / MINUTE) === minute) return false;
    if (other > time) place = n;
  }
  recent.insert(place, time, memory, disk);
  return true;
}

function countBefore({ times, length }: SampleColumns, since: number): number {
  let count = 0;
  while (count < length && (times[count] ?? 0) < since) count += 1;
  return count;
}

/** Packs them only where they change: of a host that is well there are none. */
function withProcesses(extras: Uint8Array, added: CurrentProcesses | undefined, now: Date): Uint8Array {
  const part = extraOf(extras, PROCESSES);
  if (part.length === 0 && added === undefined) return extras;
  const packed = packedSnapshots(part, added, now);
  return packed === part ? extras : withExtra(extras, PROCESSES, packed);
}

/** Who held a host's memory in the past six hours, oldest first. */
const processesOf = ({ extras }: PackedPast): ProcessSnapshot[] => unpackProcesses(extraOf(extras, PROCESSES));

/**
 * Packs the hours only where they change: once an hour, not once a check.
 * @param old how many of the recent samples become part of them
 */
function withHours(past: PackedPast, old: number, now: Date): Uint8Array {
  const oldest = now.getTime() - KEPT.disk;
  const first = firstHour(past);
  if (old === 0 && (first === null || first >= oldest)) return past.hourly;
  hours.read(past.hourly, HOURLY);
  for (let n = 0; n < old; n++) {
    const hour = Math.floor((recent.times[n] ?? 0) / HOUR) * HOUR;
    addToHour(hour, recent.memory[n] ?? Number.NaN, recent.disk[n] ?? Number.NaN);
  }
  const sinceMemory = memorySince(now);
  let kept = 0;
  for (let n = 0; n < hours.length; n++) {
    const [at = 0, disk = Number.NaN] = [hours.times[n], hours.disk[n]];
    const memory = at < sinceMemory ? Number.NaN : (hours.memory[n] ?? Number.NaN);
    if (at < oldest || (Number.isNaN(memory) && Number.isNaN(disk))) continue;
    hours.times[kept] = at;
    hours.memory[kept] = memory;
    hours.disk[kept] = disk;
    kept += 1;
  }
  hours.length = kept;
  return hours.packInto(hourlyBytes, 0, HOURLY);
}

/** Lowers an hour's worst, or begins that hour. */
function addToHour(hour: number, memory: number, disk: number): void {
  let place = hours.length;
  while (place > 0 && (hours.times[place - 1] ?? 0) > hour) place -= 1;
  const n = place - 1;
  if (n < 0 || hours.times[n] !== hour) {
    hours.insert(place, hour, memory, disk);
    return;
  }
  hours.memory[n] = least(hours.memory[n], memory);
  hours.disk[n] = least(hours.disk[n], disk);
}

/** Of two shares, either of which may be NaN. */
const least = (a = Number.NaN, b = Number.NaN): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b));

/** One host's past, oldest first; undefined where nothing is known of the host. */
export function pastOf({ hosts }: Samples, id: string): HostPast | undefined {
  const past = hosts.get(id);
  return past === undefined ? undefined : unpackedPast(past);
}

const unpackedPast = (past: PackedPast): HostPast => ({ recent: unpackRecent(past), hourly: unpackHourly(past) });

/** What forecasts look back on; undefined where nothing is known of the host. */
export function historyOf({ hosts }: Samples, id: string, now: Date): History | undefined {
  const packed = hosts.get(id);
  return packed === undefined ? undefined : unpackedHistory(packed, now);
}

export function unpackedHistory(packed: PackedPast, now: Date): History {
  const past = unpackedPast(packed);
  const all = [...past.hourly, ...past.recent];
  const series = (which: 'memory' | 'disk', since: number): Sample[] =>
    all.flatMap((sample) => {
      const available = sample[which];
      return available === null || sample.at.getTime() < since ? [] : [{ at: sample.at, available }];
    });
  const processes = withoutOld(processesOf(packed), now);
  return {
    memory: series('memory', memorySince(now)),
    disk: series('disk', now.getTime() - KEPT.disk),
    ...(processes.length > 0 && { processes }),
  };
}

/** An instance's figures when it last answered, within six hours; after more than three, the worst of its last hour. */
export function lastGoodOf({ hosts }: Samples, id: string, now: Date): LastGood | null {
  const packed = hosts.get(id);
  return packed === undefined ? null : lastGoodIn(packed, now);
}

export function lastGoodIn(packed: PackedPast, now: Date): LastGood | null {
  const past = unpackedPast(packed);
  const last = past.recent.at(-1) ?? past.hourly.at(-1);
  if (last === undefined || last.memory === null || now.getTime() - last.at.getTime() > LAST_GOOD_MS) return null;
  return { at: last.at, memory: last.memory, disk: last.disk };
}
