/**
 * A host's largest processes over six hours as bytes, and back. Pure.
 *
 *     part      = times names processes memory holders
 *     times     = count, the first in minutes since 1970, then the distance of each to the one before
 *     names     = count { length ASCII }
 *     processes = count { pid, 1 + the second of its start, 1 + its parent's pid, which name }
 *     memory    = for each time, available, 1 + shared
 *     holders   = for each time, count { which process, size }
 *
 * 0 is for what is not known. Sizes are in units of 64 KiB: differences would take a tenth less, and twice the code. A process is written once, however many times it is seen, and so is a name. Adding a check
 * goes from columns to columns: as objects, those of ten thousand hosts would take 300 MB until they are collected.
 */

import { printableAscii } from '../../kit/index.ts';
import type { ProcessSnapshot, SeenProcess } from '../../model/index.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

const MINUTE = 60_000;
const UNIT_KIB = 64;
/** The year 10000, in minutes. */
const MOST_TIME = 4_300_000_000;
/** More than any of the numbers. */
const MOST = 2 ** 45;
/** Of one part; snapshots.ts keeps 21. */
export const MOST_SNAPSHOTS = 24;
/** Of one time. */
export const MOST_PROCESSES = 5;
const MOST_SEEN = MOST_SNAPSHOTS * MOST_PROCESSES;
/** The kernel's names have 15 characters; one that it escapes takes four. */
export const NAME_LENGTH = 20;

/** Columns; what is optional is 0 where not known, else 1 + the value. */
interface Table {
  readonly names: string[];
  /** Four for each process: pid, start, parent, which name. */
  readonly processes: number[];
  /** Minutes since 1970. */
  readonly times: number[];
  /** Two for each time: available, shared. */
  readonly memory: number[];
  /** Of each time two for each holder: which process, and its size in units. */
  readonly holders: number[][];
}

const emptyTable = (): Table => ({ names: [], processes: [], times: [], memory: [], holders: [] });

/** @param snapshots oldest first; no more than {@link MOST_SNAPSHOTS} are kept */
export function packProcesses(snapshots: readonly ProcessSnapshot[]): Uint8Array {
  const table = emptyTable();
  for (const one of snapshots) addTo(table, one);
  const first = Math.max(0, table.times.length - MOST_SNAPSHOTS);
  return written(
    table,
    table.times.map((_, n) => n).filter((n) => n >= first),
  );
}

/** Nothing where the bytes are no part. */
export function unpackProcesses(bytes: Uint8Array): ProcessSnapshot[] {
  const table = readTable(bytes);
  return table === null ? [] : table.times.map((at, n) => snapshotAt(table, at, n));
}

/**
 * The part with one check more, and without what `kept` leaves out; the same bytes where nothing changes.
 * @param kept which of the times, in minutes since 1970, are kept
 */
export function packedWith(
  bytes: Uint8Array,
  added: ProcessSnapshot | undefined,
  kept: (times: readonly number[]) => readonly number[],
): Uint8Array {
  if (added === undefined) {
    const times = readTimes(new ByteReader(bytes));
    if (kept(times).length === times.length) return bytes;
  }
  const table = readTable(bytes) ?? emptyTable();
  if (added !== undefined) addTo(table, added);
  return written(table, kept(table.times).slice(-MOST_SNAPSHOTS));
}

/** {@link packedWith}'s time of a check. */
export const minuteOf = (at: Date): number => Math.round(at.getTime() / MINUTE);

function addTo(table: Table, { at, availableKib, sharedKib, processes }: ProcessSnapshot): void {
  table.times.push(Math.max(table.times.at(-1) ?? 0, minuteOf(at)));
  table.memory.push(unitsOf(availableKib), sharedKib === null ? 0 : 1 + unitsOf(sharedKib));
  const row: number[] = [];
  for (const one of processes.slice(0, MOST_PROCESSES)) row.push(placeOf(table, one), unitsOf(one.kib));
  table.holders.push(row);
}

const unitsOf = (kib: number): number => Math.round(kib / UNIT_KIB);
const optional = (value: number | null): number => (value === null ? 0 : 1 + value);

/** Which process of the table it is, or becomes. */
function placeOf({ names, processes }: Table, one: SeenProcess): number {
  const text = printableAscii(one.name).slice(0, NAME_LENGTH);
  const known = names.indexOf(text);
  const name = known === -1 ? names.push(text) - 1 : known;
  const row = [one.pid, optional(one.startedSeconds), optional(one.parentPid), name];
  for (let n = 0; n < processes.length; n += 4) {
    if (row.every((value, i) => processes[n + i] === value)) return n / 4;
  }
  return (processes.push(...row) - 4) / 4;
}

const scratch = new ByteWriter();

/** Those times alone, with the processes and names that they need. */
function written(table: Table, kept: readonly number[]): Uint8Array {
  scratch.clear();
  if (kept.length === 0) return scratch.take();
  const processes: number[] = [];
  const names: number[] = [];
  for (const time of kept) {
    const row = table.holders[time] ?? [];
    for (let n = 0; n < row.length; n += 2) {
      const holder = row[n] ?? 0;
      if (processes.includes(holder)) continue;
      processes.push(holder);
      const name = table.processes[4 * holder + 3] ?? 0;
      if (!names.includes(name)) names.push(name);
    }
  }
  scratch.unsigned(kept.length);
  let before = 0;
  for (const time of kept) {
    const minute = table.times[time] ?? before;
    scratch.unsigned(minute - before);
    before = minute;
  }
  scratch.unsigned(names.length);
  for (const name of names) {
    const text = table.names[name] ?? '';
    scratch.unsigned(text.length);
    for (let n = 0; n < text.length; n++) scratch.unsigned(text.charCodeAt(n));
  }
  scratch.unsigned(processes.length);
  for (const holder of processes) {
    for (let n = 0; n < 3; n++) scratch.unsigned(table.processes[4 * holder + n] ?? 0);
    scratch.unsigned(names.indexOf(table.processes[4 * holder + 3] ?? 0));
  }
  for (const time of kept) for (const n of [0, 1]) scratch.unsigned(table.memory[2 * time + n] ?? 0);
  for (const time of kept) {
    const row = table.holders[time] ?? [];
    scratch.unsigned(row.length / 2);
    for (let n = 0; n < row.length; n += 2) {
      scratch.unsigned(processes.indexOf(row[n] ?? 0));
      scratch.unsigned(row[n + 1] ?? 0);
    }
  }
  return scratch.take();
}

/** Null where the bytes are no part. */
function readTable(bytes: Uint8Array): Table | null {
  if (bytes.length === 0) return null;
  const reader = new ByteReader(bytes);
  const times = readTimes(reader);
  const names: string[] = [];
  // Each is one byte below 0x80.
  for (let n = reader.unsigned(MOST_SEEN); n > 0 && !reader.failed; n--) {
    names.push(String.fromCharCode(...reader.raw(reader.unsigned(NAME_LENGTH))));
  }
  const processes = numbers(reader, 4 * reader.unsigned(MOST_SEEN));
  const memory = numbers(reader, 2 * times.length);
  const holders = times.map(() => numbers(reader, 2 * reader.unsigned(MOST_PROCESSES)));
  return reader.failed || reader.left > 0 ? null : { names, processes, times, memory, holders };
}

function numbers(reader: ByteReader, count: number): number[] {
  const read: number[] = [];
  for (let n = 0; n < count && !reader.failed; n++) read.push(reader.unsigned(MOST));
  return read;
}

function readTimes(reader: ByteReader): number[] {
  const times: number[] = [];
  let time = 0;
  for (let n = reader.unsigned(MOST_SNAPSHOTS); n > 0 && !reader.failed; n--) {
    time = Math.min(MOST_TIME, time + reader.unsigned(MOST_TIME));
    times.push(time);
  }
  return times;
}

function snapshotAt({ names, processes, memory, holders }: Table, at: number, nth: number): ProcessSnapshot {
  const row = holders[nth] ?? [];
  const shared = known(memory[2 * nth + 1]);
  return {
    at: new Date(at * MINUTE),
    availableKib: UNIT_KIB * (memory[2 * nth] ?? 0),
    sharedKib: shared === null ? null : UNIT_KIB * shared,
    processes: Array.from({ length: row.length / 2 }, (_, n): SeenProcess => {
      const place = 4 * (row[2 * n] ?? 0);
      const [pid = 0, started, parent, name = 0] = processes.slice(place, place + 4);
      const kib = UNIT_KIB * (row[2 * n + 1] ?? 0);
      return { pid, name: names[name] ?? '?', kib, startedSeconds: known(started), parentPid: known(parent) };
    }),
  };
}

const known = (value = 0): number | null => (value === 0 ? null : value - 1);
