/**
 * One host's past as bytes, unpacked when it is looked at: as objects, ten thousand hosts' would take 700 MB, more than
 * a function has. Pure.
 *
 *     past    = length section(recent) length section(hourly) extras, to the end
 *     section = count times memory disk
 *     times   = the first since 1970, then the distance of each to the one before, in minutes or in hours
 *     memory, disk = for each sample 0 where there is none, else 1 + zigzag(difference to the one before)
 *
 * Columns rather than rows, since what is alike lies together then, which is what gzip feeds on. Recent figures are in
 * hundredths of a percent, an hour's worst in tenths. Extras are for what later versions keep of a host: they are handed
 * on as they are.
 */

import { ByteReader, ByteWriter } from './bytes.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How a section's times and figures are rounded. */
export interface Grain {
  readonly ms: number;
  /** What a share of 1 is. */
  readonly whole: number;
}
export const RECENT: Grain = { ms: MINUTE, whole: 10_000 };
export const HOURLY: Grain = { ms: HOUR, whole: 1_000 };

/** No section holds more: two weeks of hours, or four hours of minutes. */
const MOST_SAMPLES = 512;
const MOST_EXTRAS = 16_384;
/** The largest past, and so the largest step in a file that is one. */
export const MOST_BYTES = 65_536;
/** The year 10000, in minutes. */
const MOST_TIME = 4_300_000_000;

/** Shares available, 0 to 1; null where the host has none, and of memory in hours of over a week ago. */
export interface HostSample {
  readonly at: Date;
  readonly memory: number | null;
  readonly disk: number | null;
}

/** One host's past, oldest first. `hourly` is stamped with the start of the hour and holds its least. */
export interface HostPast {
  readonly recent: readonly HostSample[];
  readonly hourly: readonly HostSample[];
}

/** One host's past, packed; its parts may be views of a file's bytes. */
export interface PackedPast {
  readonly recent: Uint8Array;
  readonly hourly: Uint8Array;
  readonly extras: Uint8Array;
}

const NOTHING = new Uint8Array();
export const EMPTY_PAST: PackedPast = { recent: NOTHING, hourly: NOTHING, extras: NOTHING };

export const packRecent = (samples: readonly HostSample[]): Uint8Array => packed(samples, RECENT);
export const packHourly = (samples: readonly HostSample[]): Uint8Array => packed(samples, HOURLY);
export const unpackRecent = ({ recent }: PackedPast): HostSample[] => unpacked(recent, RECENT);
export const unpackHourly = ({ hourly }: PackedPast): HostSample[] => unpacked(hourly, HOURLY);

/** The first of the hours, in milliseconds since 1970; null where there is none. */
export function firstHour({ hourly }: PackedPast): number | null {
  const reader = new ByteReader(hourly);
  const count = reader.unsigned(MOST_SAMPLES);
  const first = reader.unsigned(MOST_TIME);
  return count === 0 || reader.failed ? null : first * HOUR;
}

/** Reused, for the sake of the tens of thousands of sections in a file. */
const scratch = new ByteWriter();

/** Two full sections, and a sample between them. */
const ROOM = 2 * MOST_SAMPLES + 1;

/**
 * Samples side by side, oldest first: times in milliseconds since 1970, and shares, NaN where there is none. Made once and
 * reused for each host: as objects the samples of ten thousand hosts are millions, which V8 may keep for a while, 250 MB.
 */
export class SampleColumns {
  readonly times = new Float64Array(ROOM);
  readonly memory = new Float64Array(ROOM);
  readonly disk = new Float64Array(ROOM);
  length = 0;

  /** Holds a section's samples from now on; none where the bytes are no section. */
  read(bytes: Uint8Array, { ms, whole }: Grain): void {
    this.length = 0;
    if (bytes.length === 0) return;
    const reader = new ByteReader(bytes);
    const count = reader.unsigned(MOST_SAMPLES);
    let time = 0;
    for (let n = 0; n < count; n++) {
      time += reader.unsigned(MOST_TIME);
      this.times[n] = time * ms;
    }
    readFigures(reader, this.memory, count, whole);
    readFigures(reader, this.disk, count, whole);
    if (!reader.failed && time <= MOST_TIME) this.length = count;
  }

  /** Puts a sample before the one at `index`, or last. */
  insert(index: number, time: number, memory: number | null, disk: number | null): void {
    for (const column of [this.times, this.memory, this.disk]) column.copyWithin(index + 1, index, this.length);
    this.times[index] = time;
    this.memory[index] = memory ?? Number.NaN;
    this.disk[index] = disk ?? Number.NaN;
    this.length += 1;
  }

  /** Those from `from` on as a section, the last of them where they are too many. */
  pack(from: number, grain: Grain): Uint8Array {
    return this.packInto(scratch, from, grain).slice();
  }

  /** The same without a copy: valid until the writer is used again. @param into it is cleared before */
  packInto(into: ByteWriter, from: number, { ms, whole }: Grain): Uint8Array {
    const begin = Math.max(from, this.length - MOST_SAMPLES);
    if (begin >= this.length) return NOTHING;
    into.clear();
    into.unsigned(this.length - begin);
    let before = 0;
    for (let n = begin; n < this.length; n++) {
      const time = Math.max(before, Math.round((this.times[n] ?? 0) / ms));
      into.unsigned(time - before);
      before = time;
    }
    writeFigures(into, this.memory.subarray(begin, this.length), whole);
    writeFigures(into, this.disk.subarray(begin, this.length), whole);
    return into.view();
  }
}

const columns = new SampleColumns();

/** @param samples oldest first */
function packed(samples: readonly HostSample[], grain: Grain): Uint8Array {
  columns.length = 0;
  for (const { at, memory, disk } of samples.slice(-MOST_SAMPLES)) {
    columns.insert(columns.length, at.getTime(), memory, disk);
  }
  return columns.pack(0, grain);
}

function writeFigures(into: ByteWriter, shares: Float64Array, whole: number): void {
  let before = 0;
  for (const share of shares) {
    if (Number.isNaN(share)) {
      into.unsigned(0);
      continue;
    }
    const figure = Math.round(Math.min(Math.max(share, 0), 1) * whole);
    const difference = figure - before;
    into.unsigned(1 + (difference < 0 ? -2 * difference - 1 : 2 * difference));
    before = figure;
  }
}

/** Nothing where the bytes are no section. */
function unpacked(bytes: Uint8Array, grain: Grain): HostSample[] {
  columns.read(bytes, grain);
  return Array.from({ length: columns.length }, (_, n) => ({
    at: new Date(columns.times[n] ?? 0),
    memory: shareOf(columns.memory[n]),
    disk: shareOf(columns.disk[n]),
  }));
}

const shareOf = (share = Number.NaN): number | null => (Number.isNaN(share) ? null : share);

function readFigures(reader: ByteReader, into: Float64Array, count: number, whole: number): void {
  let figure = 0;
  for (let n = 0; n < count; n++) {
    const step = reader.unsigned(2 * whole + 1);
    if (step > 0) figure += step % 2 === 1 ? (step - 1) / 2 : -step / 2;
    into[n] = step === 0 ? Number.NaN : Math.min(Math.max(figure / whole, 0), 1);
  }
}

/** The past in bytes of its own, for what outlives those that it was read from. */
export function copyOfPast(past: PackedPast): PackedPast {
  const { recent, hourly, extras } = past;
  const bytes = new Uint8Array(recent.length + hourly.length + extras.length);
  bytes.set(recent);
  bytes.set(hourly, recent.length);
  bytes.set(extras, recent.length + hourly.length);
  return {
    recent: bytes.subarray(0, recent.length),
    hourly: bytes.subarray(recent.length, recent.length + hourly.length),
    extras: bytes.subarray(recent.length + hourly.length),
  };
}

/** @param into where the past is written to */
export function writePast(into: ByteWriter, { recent, hourly, extras }: PackedPast): void {
  into.unsigned(recent.length);
  into.raw(recent);
  into.unsigned(hourly.length);
  into.raw(hourly);
  if (extras.length <= MOST_EXTRAS) into.raw(extras);
}

/** The parts where they are; null where the bytes are no past. */
export function readPast(bytes: Uint8Array): PackedPast | null {
  const reader = new ByteReader(bytes);
  const recent = reader.raw(reader.unsigned(MOST_BYTES));
  const hourly = reader.raw(reader.unsigned(MOST_BYTES));
  const extras = reader.raw(reader.left);
  return reader.failed ? null : { recent, hourly, extras };
}
