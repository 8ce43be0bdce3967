/**
 * The samples as bytes, and back. Pure.
 *
 *     file = `crawlwatch samples 1\n` seconds hosts { length id length past }
 *
 * `seconds` since 1970 is when it was written. A host's past is only found here, and unpacked when it is looked at.
 */

import { ByteReader, ByteWriter } from './bytes.ts';
import type { PackedPast } from './packed-past.ts';
import { MOST_BYTES, readPast, writePast } from './packed-past.ts';
import type { Samples } from './samples.ts';

const VERSION = 1;
const NAME = 'crawlwatch samples ';
/** Longer than the first line with the two numbers after it. */
const HEAD_BYTES = 40;
const MOST_HOSTS = 200_000;
const MOST_ID_BYTES = 1_024;
/** The year 10000. */
const MOST_SECONDS = 260_000_000_000;
/** How far another function's clock may be ahead: two weeks of figures are not to be dropped for a second. */
const SKEW_MS = 60_000;

/** What a file holds: `newer` is one that only a later version of crawlwatch can read, and so must not be replaced. */
export type DecodedSamples =
  | { readonly kind: 'samples'; readonly samples: Samples }
  | { readonly kind: 'unusable'; readonly why: string }
  | { readonly kind: 'newer'; readonly version: number };

export const encodeSamples = ({ hosts }: Samples, now: Date): Uint8Array => encodeHosts(hosts, now);

/**
 * @param hosts each is written as it comes, and not kept
 * @param about how many bytes it will be, where that is known: otherwise twice as much room is taken on the way
 */
export function encodeHosts(
  hosts: Iterable<readonly [id: string, past: PackedPast]>,
  now: Date,
  about?: number,
): Uint8Array {
  const text = new TextEncoder();
  const [file, past, head] = [new ByteWriter(about), new ByteWriter(), new ByteWriter()];
  // How many there are is known at the end, and is written before them: the head gets its place now.
  file.raw(new Uint8Array(HEAD_BYTES));
  let count = 0;
  for (const [id, one] of hosts) {
    count += 1;
    const name = text.encode(id);
    file.unsigned(name.length);
    file.raw(name);
    past.clear();
    writePast(past, one);
    file.unsigned(past.length);
    file.raw(past.view());
  }
  head.raw(text.encode(`${NAME}${VERSION}\n`));
  head.unsigned(Math.floor(now.getTime() / 1000));
  head.unsigned(count);
  const begin = HEAD_BYTES - head.length;
  const bytes = file.view();
  bytes.set(head.view(), begin);
  return bytes.subarray(begin);
}

export function decodeSamples(bytes: Uint8Array, now: Date): DecodedSamples {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, HEAD_BYTES));
  const [line = '', digits] = /^crawlwatch samples (\d{1,9})\n/.exec(head) ?? [];
  if (digits === undefined) return { kind: 'unusable', why: 'damaged, or not written by crawlwatch' };
  const version = Number(digits);
  if (version > VERSION) return { kind: 'newer', version };
  if (version < VERSION) return { kind: 'unusable', why: `of version ${version}, which is no longer read` };
  const reader = new ByteReader(bytes.subarray(line.length));
  const writtenAt = reader.unsigned(MOST_SECONDS) * 1000;
  const count = reader.unsigned(MOST_HOSTS);
  const names = new TextDecoder();
  const hosts = new Map<string, PackedPast>();
  for (let n = 0; n < count && !reader.failed; n++) {
    const id = names.decode(reader.raw(reader.unsigned(MOST_ID_BYTES)));
    const past = readPast(reader.raw(reader.unsigned(MOST_BYTES)));
    if (reader.failed) break;
    if (past === null) return { kind: 'unusable', why: 'damaged' };
    hosts.set(id, past);
  }
  if (reader.failed) return { kind: 'unusable', why: 'cut short, or damaged' };
  if (reader.left > 0) return { kind: 'unusable', why: 'damaged' };
  if (writtenAt > now.getTime() + SKEW_MS) {
    return { kind: 'unusable', why: `from ${new Date(writtenAt).toISOString()}, which is in the future` };
  }
  return { kind: 'samples', samples: { hosts } };
}
