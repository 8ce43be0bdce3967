/** Reads lines of text, gzipped or not, as they come. */
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

type Chunks = AsyncIterable<string | Uint8Array>;

/** A week of samples every second is 20 MB; a line longer than this is no recording. */
const LINE_MAX = 2 ** 26;

/** @throws RangeError at a line of more than 64 MiB; what the source throws; zlib's errors where gzip data is damaged. */
export async function* linesOf(source: Chunks): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of unpacked(source)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_MAX) throw new RangeError('a line of more than 64 MiB: no JSON lines');
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Unpacks what begins as gzip does (RFC 1952), whatever its name: what comes through a pipe has none. */
async function* unpacked(source: Chunks): AsyncGenerator<Uint8Array> {
  const chunks = bytesOf(source);
  const first = await chunks.next();
  if (first.done === true) return;
  const [one, two] = first.value;
  const all = startingWith(first.value, chunks);
  if (one !== 0x1f || two !== 0x8b) {
    yield* all;
    return;
  }
  const gunzip = createGunzip();
  // An error of either end destroys gunzip with it, and so ends the loop below.
  pipeline(all, gunzip).catch(() => {});
  yield* gunzip;
}

/** No empty chunks, and none of a single byte at the start: two say whether it is gzip. */
async function* bytesOf(source: Chunks): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | null = new Uint8Array();
  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    if (held === null) {
      if (bytes.length > 0) yield bytes;
      continue;
    }
    held = held.length === 0 ? bytes : Uint8Array.from([...held, ...bytes]);
    if (held.length < 2) continue;
    yield held;
    held = null;
  }
  if (held !== null && held.length > 0) yield held;
}

async function* startingWith(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}
