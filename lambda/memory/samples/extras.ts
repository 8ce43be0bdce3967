/**
 * What is kept of a host besides its figures, in the last part of its past. Pure.
 *
 *     extras = part, to the end       part = tag length bytes
 *
 * A tag names what a part holds and how: a new way to write the same thing is a new tag. Parts of other tags are handed
 * on as they are, so that an earlier version keeps what a later one has written.
 */

import { ByteReader, ByteWriter } from './bytes.ts';

const MOST_TAG = 65_535;
const MOST_PART = 16_384;
const NOTHING = new Uint8Array();

/** Reused: one host's at a time. */
const scratch = new ByteWriter();

/** The part of that tag, where it is; empty where there is none, or where the bytes are no parts. */
export function extraOf(extras: Uint8Array, tag: number): Uint8Array {
  const reader = new ByteReader(extras);
  while (reader.left > 0) {
    const found = reader.unsigned(MOST_TAG);
    const part = reader.raw(reader.unsigned(MOST_PART));
    if (reader.failed) return NOTHING;
    if (found === tag) return part;
  }
  return NOTHING;
}

/** The extras with another part of that tag; without any where it is empty. */
export function withExtra(extras: Uint8Array, tag: number, part: Uint8Array): Uint8Array {
  scratch.clear();
  const reader = new ByteReader(extras);
  for (let found = tag, bytes = part; !reader.failed; ) {
    if (bytes.length > 0) {
      scratch.unsigned(found);
      scratch.unsigned(bytes.length);
      scratch.raw(bytes);
    }
    do {
      found = reader.unsigned(MOST_TAG);
      bytes = reader.raw(reader.unsigned(MOST_PART));
    } while (found === tag && !reader.failed);
  }
  return scratch.take();
}
