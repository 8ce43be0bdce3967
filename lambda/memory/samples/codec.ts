/**
 * The samples as bytes, and back. Pure.
 *
 *     file = `crawlwatch samples 1\n` seconds hosts { length id length past }
 *
 * `seconds` since 1970 is when it was written. A host's past is only found here, and unpacked when it is looked at. The file
 * is read and written piece by piece: of a large fleet all of it at once, and once more as it is written, is most of what a
 * check holds.
 */

import { ByteReader, ByteWriter } from './bytes.ts';
import type { PackedPast } from './packed-past.ts';
import { copyOfPast, MOST_BYTES, readPast, writePast } from './packed-past.ts';
import type { Samples } from './samples.ts';

const VERSION = 1;
const NAME = 'crawlwatch samples ';
/** Longer than the first line with the two numbers after it. */
const HEAD_BYTES = 40;
const MOST_HOSTS = 200_000;
const MOST_ID_BYTES = 1_024;
/** The largest host in a file: the two lengths take three bytes each. */
const MOST_HOST_BYTES = MOST_ID_BYTES + MOST_BYTES + 6;
/** The year 10000. */
const MOST_SECONDS = 260_000_000_000;
/** How far another function's clock may be ahead: two weeks of figures are not to be dropped for a second. */
const SKEW_MS = 60_000;

/** Why a file is not used: `newer` is one that only a later version of crawlwatch can read, and so must not be replaced. */
export type SamplesTrouble =
  | { readonly kind: 'unusable'; readonly why: string }
  | { readonly kind: 'newer'; readonly version: number };

export type DecodedSamples = { readonly kind: 'samples'; readonly samples: Samples } | SamplesTrouble;

const DAMAGED: SamplesTrouble = { kind: 'unusable', why: 'damaged' };

/** Writes hosts one by one. How many there were is known at the end, and comes first: {@link head} is the file's beginning. */
export class SamplesWriter {
  readonly #text = new TextEncoder();
  readonly #past = new ByteWriter();
  readonly #bytes: ByteWriter;
  #count = 0;

  /** @param about how many bytes are written before they are cleared */
  constructor(about?: number) {
    this.#bytes = new ByteWriter(about);
  }

  /** Bytes since the last {@link clear}. */
  get length(): number {
    return this.#bytes.length;
  }

  add(id: string, past: PackedPast): void {
    this.#count += 1;
    const name = this.#text.encode(id);
    this.#bytes.unsigned(name.length);
    this.#bytes.raw(name);
    this.#past.clear();
    writePast(this.#past, past);
    this.#bytes.unsigned(this.#past.length);
    this.#bytes.raw(this.#past.view());
  }

  /** What was written since then, where it is: valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.view();
  }

  /** Forgets what was written but for the count of hosts, and keeps the room. */
  clear(): void {
    this.#bytes.clear();
  }

  head(now: Date): Uint8Array {
    const head = new ByteWriter(HEAD_BYTES);
    head.raw(this.#text.encode(`${NAME}${VERSION}\n`));
    head.unsigned(Math.floor(now.getTime() / 1000));
    head.unsigned(this.#count);
    return head.take();
  }
}

/** Reads a file as its bytes come. */
export class SamplesReader {
  readonly #now: Date;
  readonly #names = new TextDecoder();
  #trouble: SamplesTrouble | null = null;
  #isBegun = false;
  /** Hosts that are still to come. */
  #left = 0;
  /** The beginning of what the next bytes go on with. */
  #rest: Uint8Array = new Uint8Array();

  constructor(now: Date) {
    this.#now = now;
  }

  /** Why nothing more is read; what was read before is then not to be used either. */
  get trouble(): SamplesTrouble | null {
    return this.#trouble;
  }

  /**
   * The hosts that are whole with these bytes; none once there is trouble. Their pasts are views of the bytes.
   * @param isLast no more bytes follow
   */
  *read(more: Uint8Array, isLast = false): Generator<readonly [id: string, past: PackedPast]> {
    const bytes = this.#rest.length === 0 ? more : joined(this.#rest, more);
    let offset = 0;
    if (!this.#isBegun && this.#trouble === null) {
      if (bytes.length < HEAD_BYTES && !isLast) {
        this.#rest = bytes.slice();
        return;
      }
      offset = this.#begin(bytes);
    }
    while (this.#trouble === null && this.#left > 0) {
      const reader = new ByteReader(bytes.subarray(offset, offset + MOST_HOST_BYTES));
      const id = reader.raw(reader.unsigned(MOST_ID_BYTES));
      const past = reader.raw(reader.unsigned(MOST_BYTES));
      if (reader.failed) {
        const isWhole = isLast || bytes.length - offset >= MOST_HOST_BYTES;
        if (isWhole) this.#trouble = { kind: 'unusable', why: 'cut short, or damaged' };
        break;
      }
      const parts = readPast(past);
      if (parts === null) {
        this.#trouble = DAMAGED;
        break;
      }
      offset += reader.offset;
      this.#left -= 1;
      yield [this.#names.decode(id), parts];
    }
    this.#rest = this.#trouble === null ? bytes.slice(offset) : new Uint8Array();
    if (this.#left === 0 && this.#rest.length > 0) this.#trouble ??= DAMAGED;
  }

  /** Hosts that are whole only once no more bytes follow; {@link trouble} then says whether the file is. */
  last(): Generator<readonly [id: string, past: PackedPast]> {
    return this.read(new Uint8Array(), true);
  }

  /** @returns how many bytes the head takes */
  #begin(bytes: Uint8Array): number {
    this.#isBegun = true;
    const text = new TextDecoder('latin1').decode(bytes.subarray(0, HEAD_BYTES));
    const [line = '', digits] = /^crawlwatch samples (\d{1,9})\n/.exec(text) ?? [];
    const version = Number(digits);
    const reader = new ByteReader(bytes.subarray(line.length));
    const writtenAt = reader.unsigned(MOST_SECONDS) * 1000;
    this.#left = reader.unsigned(MOST_HOSTS);
    if (digits === undefined) {
      this.#trouble = { kind: 'unusable', why: 'damaged, or not written by crawlwatch' };
    } else if (version > VERSION) this.#trouble = { kind: 'newer', version };
    else if (version < VERSION) {
      this.#trouble = { kind: 'unusable', why: `of version ${version}, which is no longer read` };
    } else if (reader.failed) this.#trouble = { kind: 'unusable', why: 'cut short, or damaged' };
    else if (writtenAt > this.#now.getTime() + SKEW_MS) {
      this.#trouble = {
        kind: 'unusable',
        why: `from ${new Date(writtenAt).toISOString()}, which is in the future`,
      };
    }
    return line.length + reader.offset;
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

export function encodeSamples({ hosts }: Samples, now: Date): Uint8Array {
  const writer = new SamplesWriter();
  for (const [id, past] of hosts) writer.add(id, past);
  return joined(writer.head(now), writer.view());
}

/** The whole file at once. */
export function decodeSamples(bytes: Uint8Array, now: Date): DecodedSamples {
  const reader = new SamplesReader(now);
  const hosts = new Map<string, PackedPast>();
  for (const [id, past] of reader.read(bytes, true)) hosts.set(id, copyOfPast(past));
  return reader.trouble ?? { kind: 'samples', samples: { hosts } };
}
