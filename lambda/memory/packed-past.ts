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
interface Grain {
  readonly ms: number;
  /** What a share of 1 is. */
  readonly whole: number;
}
const RECENT: Grain = { ms: MINUTE, whole: 10_000 };
const HOURLY: Grain = { ms: HOUR, whole: 1_000 };

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

/** One host's past, packed; its parts are views of one file's bytes. */
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

/** @param samples oldest first */
function packed(samples: readonly HostSample[], { ms, whole }: Grain): Uint8Array {
  if (samples.length === 0) return NOTHING;
  const kept = samples.slice(-MOST_SAMPLES);
  scratch.clear();
  scratch.unsigned(kept.length);
  let before = 0;
  for (const { at } of kept) {
    const time = Math.max(before, Math.round(at.getTime() / ms));
    scratch.unsigned(time - before);
    before = time;
  }
  writeFigures(kept, 'memory', whole);
  writeFigures(kept, 'disk', whole);
  return scratch.take();
}

function writeFigures(samples: readonly HostSample[], which: 'memory' | 'disk', whole: number): void {
  let before = 0;
  for (const sample of samples) {
    const share = sample[which];
    if (share === null) {
      scratch.unsigned(0);
      continue;
    }
    const figure = Math.round(Math.min(Math.max(share, 0), 1) * whole);
    const difference = figure - before;
    scratch.unsigned(1 + (difference < 0 ? -2 * difference - 1 : 2 * difference));
    before = figure;
  }
}

/** Nothing where the bytes are no section. */
function unpacked(bytes: Uint8Array, { ms, whole }: Grain): HostSample[] {
  if (bytes.length === 0) return [];
  const reader = new ByteReader(bytes);
  const count = reader.unsigned(MOST_SAMPLES);
  const times: number[] = [];
  let time = 0;
  for (let n = 0; n < count; n++) {
    time += reader.unsigned(MOST_TIME);
    times.push(time);
  }
  const memory = readFigures(reader, count, whole);
  const disk = readFigures(reader, count, whole);
  if (reader.failed || time > MOST_TIME) return [];
  return times.map((at, n) => ({ at: new Date(at * ms), memory: memory[n] ?? null, disk: disk[n] ?? null }));
}

function readFigures(reader: ByteReader, count: number, whole: number): (number | null)[] {
  const figures: (number | null)[] = [];
  let figure = 0;
  for (let n = 0; n < count; n++) {
    const step = reader.unsigned(2 * whole + 1);
    if (step > 0) figure += step % 2 === 1 ? (step - 1) / 2 : -step / 2;
    figures.push(step === 0 ? null : Math.min(Math.max(figure / whole, 0), 1));
  }
  return figures;
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
