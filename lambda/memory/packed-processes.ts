/**
 * A host's largest processes over six hours as bytes, and back. Pure.
 *
 *     part      = names processes times available shared holders
 *     names     = count { length ASCII }
 *     processes = count { pid, 1 + the second of its start, 1 + its parent's pid, which name; 0 where not known }
 *     times     = count, the first in minutes since 1970, then the distance of each to the one before
 *     available, shared = for each time, 1 + zigzag(difference to the one before); 0 where not known
 *     holders   = for each time, count { which process, zigzag(difference to its own size before) }
 *
 * Sizes are in units of 64 KiB. A process is written once, however many times it is seen, and so is a name.
 */

import { printableAscii } from '../kit/index.ts';
import type { ProcessSnapshot, SeenProcess } from '../model/index.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

const MINUTE = 60_000;
const UNIT_KIB = 64;
/** A PiB. */
const MOST_SIZE = 2 ** 40 / UNIT_KIB;
/** The year 10000, in minutes. */
const MOST_TIME = 4_300_000_000;
const MOST_PID = 2 ** 32;
const MOST_SECONDS = 10 ** 11;
/** Of one part; {@link withSnapshot} keeps 20. */
export const MOST_SNAPSHOTS = 24;
/** Of one time. */
export const MOST_PROCESSES = 5;
const MOST_SEEN = MOST_SNAPSHOTS * MOST_PROCESSES;
/** The kernel's names have 15 characters; one that it escapes takes four. */
export const NAME_LENGTH = 20;

const scratch = new ByteWriter();
const NOTHING = new Uint8Array();

const zigzag = (difference: number): number => (difference < 0 ? -2 * difference - 1 : 2 * difference);
const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);
const unitsOf = (kib: number): number => Math.min(MOST_SIZE, Math.max(0, Math.round(kib / UNIT_KIB)));

/** @param snapshots oldest first; no more than {@link MOST_SNAPSHOTS} are kept */
export function packProcesses(snapshots: readonly ProcessSnapshot[]): Uint8Array {
  const kept = snapshots.slice(-MOST_SNAPSHOTS);
  if (kept.length === 0) return NOTHING;
  const names = new Map<string, number>();
  const seen = new Map<string, { readonly index: number; readonly one: SeenProcess; size: number }>();
  const rows = kept.map(({ processes }) =>
    processes.slice(0, MOST_PROCESSES).map((one) => {
      const name = printableAscii(one.name).slice(0, NAME_LENGTH);
      if (!names.has(name)) names.set(name, names.size);
      const key = `${one.pid} ${one.startedSeconds} ${one.parentPid} ${name}`;
      const known = seen.get(key) ?? { index: seen.size, one: { ...one, name }, size: 0 };
      seen.set(key, known);
      return { known, size: unitsOf(one.kib) };
    }),
  );
  scratch.clear();
  const text = new TextEncoder();
  scratch.unsigned(names.size);
  for (const name of names.keys()) {
    const bytes = text.encode(name);
    scratch.unsigned(bytes.length);
    scratch.raw(bytes);
  }
  scratch.unsigned(seen.size);
  for (const { one } of seen.values()) {
    scratch.unsigned(bounded(one.pid, MOST_PID));
    scratch.unsigned(optional(one.startedSeconds, MOST_SECONDS));
    scratch.unsigned(optional(one.parentPid, MOST_PID));
    scratch.unsigned(names.get(one.name) ?? 0);
  }
  scratch.unsigned(kept.length);
  let before = 0;
  for (const { at } of kept) {
    const time = Math.max(before, Math.round(at.getTime() / MINUTE));
    scratch.unsigned(time - before);
    before = time;
  }
  writeSizes(kept.map(({ availableKib }) => availableKib));
  writeSizes(kept.map(({ sharedKib }) => sharedKib));
  for (const row of rows) {
    scratch.unsigned(row.length);
    for (const { known, size } of row) {
      scratch.unsigned(known.index);
      scratch.unsigned(zigzag(size - known.size));
      known.size = size;
    }
  }
  return scratch.take();
}

const bounded = (value: number, most: number): number => Math.min(most, Math.max(0, Math.round(value)));
const optional = (value: number | null, most: number): number => (value === null ? 0 : 1 + bounded(value, most));

function writeSizes(sizes: readonly (number | null)[]): void {
  let before = 0;
  for (const kib of sizes) {
    scratch.unsigned(kib === null ? 0 : 1 + zigzag(unitsOf(kib) - before));
    if (kib !== null) before = unitsOf(kib);
  }
}

/** Nothing where the bytes are no part. */
export function unpackProcesses(bytes: Uint8Array): ProcessSnapshot[] {
  if (bytes.length === 0) return [];
  const reader = new ByteReader(bytes);
  const text = new TextDecoder();
  const names = listed(reader, MOST_SEEN, () => text.decode(reader.raw(reader.unsigned(NAME_LENGTH))));
  const seen = listed(reader, MOST_SEEN, () => {
    const pid = reader.unsigned(MOST_PID);
    const startedSeconds = known(reader.unsigned(MOST_SECONDS + 1));
    const parentPid = known(reader.unsigned(MOST_PID + 1));
    const name = names[reader.unsigned(MOST_SEEN)] ?? '?';
    return { one: { pid, name, startedSeconds, parentPid }, size: 0 };
  });
  let time = 0;
  const times = listed(reader, MOST_SNAPSHOTS, () => {
    time += reader.unsigned(MOST_TIME);
    return time;
  });
  const available = readSizes(reader, times.length);
  const shared = readSizes(reader, times.length);
  const snapshots = times.map((at, n): ProcessSnapshot => {
    const processes = listed(reader, MOST_PROCESSES, (): SeenProcess | null => {
      const holder = seen[reader.unsigned(MOST_SEEN)];
      const difference = unzigzag(reader.unsigned(2 * MOST_SIZE + 1));
      if (holder === undefined) return null;
      holder.size = Math.min(MOST_SIZE, Math.max(0, holder.size + difference));
      return { ...holder.one, kib: holder.size * UNIT_KIB };
    });
    return {
      at: new Date(at * MINUTE),
      availableKib: available[n] ?? 0,
      sharedKib: shared[n] ?? null,
      processes: processes.filter((one) => one !== null),
    };
  });
  return reader.failed || reader.left > 0 || time > MOST_TIME ? [] : snapshots;
}

const known = (value: number): number | null => (value === 0 ? null : value - 1);

function listed<T>(reader: ByteReader, most: number, read: () => T): T[] {
  const items: T[] = [];
  const count = reader.unsigned(most);
  for (let n = 0; n < count && !reader.failed; n++) items.push(read());
  return items;
}

function readSizes(reader: ByteReader, count: number): (number | null)[] {
  let size = 0;
  return Array.from({ length: count }, () => {
    const step = reader.unsigned(2 * MOST_SIZE + 2);
    if (step === 0) return null;
    size = Math.min(MOST_SIZE, Math.max(0, size + unzigzag(step - 1)));
    return size * UNIT_KIB;
  });
}
