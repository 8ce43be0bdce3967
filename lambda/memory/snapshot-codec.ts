/**
 * A snapshot as bytes: a line of JSON for what it is, then six bytes a sample. Ten thousand hosts are some 20 MB before
 * compression, where JSON would be a hundred.
 */

import type { HostPast } from './packed-past.ts';
import { SAMPLE_BYTES, unpacked, writeSamples } from './packed-past.ts';
import type { Snapshot } from './snapshot.ts';
import { EMPTY } from './snapshot.ts';

const FORMAT = 'crawlwatch snapshot 1';
const MINUTE = 60_000;

interface Head {
  readonly format: typeof FORMAT;
  /** Milliseconds since the epoch, a whole minute: what the samples' minutes count back from. */
  readonly at: number;
  /** `[id, recent samples, hourly samples]`, in the order of the bytes. */
  readonly hosts: readonly (readonly [string, number, number])[];
}

export function encodeSnapshot(snapshot: Snapshot, now: Date): Uint8Array {
  const at = Math.ceil(now.getTime() / MINUTE) * MINUTE;
  const counts: (readonly [string, number, number])[] = [];
  const parts: Uint8Array[] = [];
  for (const [id, { recent, hourly }] of snapshot.hosts) {
    counts.push([id, recent.length, hourly.length]);
    const part = new Uint8Array((recent.length + hourly.length) * SAMPLE_BYTES);
    writeSamples(new DataView(part.buffer), 0, [...recent, ...hourly], at);
    parts.push(part);
  }
  const head: Head = { format: FORMAT, at, hosts: counts };
  const text = new TextEncoder().encode(`${JSON.stringify(head)}\n`);
  const bytes = new Uint8Array(text.length + samplesIn(head) * SAMPLE_BYTES);
  bytes.set(text);
  let offset = text.length;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

const samplesIn = ({ hosts }: Head): number => hosts.reduce((sum, [, recent, hourly]) => sum + recent + hourly, 0);

/** @returns null where the bytes are no snapshot of this format, or tell of times to come: it then begins anew */
export function decodeSnapshot(bytes: Uint8Array, now: Date): Snapshot | null {
  if (bytes.length === 0) return EMPTY;
  const end = bytes.indexOf(0x0a);
  const head = readHead(new TextDecoder().decode(bytes.subarray(0, Math.max(end, 0))));
  if (head === null || head.at > now.getTime() + MINUTE) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + end + 1, bytes.length - end - 1);
  if (view.byteLength !== samplesIn(head) * SAMPLE_BYTES) return null;
  const hosts = new Map<string, HostPast>();
  let offset = 0;
  for (const [id, recent, hourly] of head.hosts) {
    hosts.set(id, unpacked(view, offset, recent, hourly, head.at));
    offset += (recent + hourly) * SAMPLE_BYTES;
  }
  return { hosts };
}

function readHead(text: string): Head | null {
  try {
    const head = JSON.parse(text) as Partial<Head> | null;
    const isHost = (host: unknown) =>
      Array.isArray(host) && typeof host[0] === 'string' && isCount(host[1]) && isCount(host[2]);
    const isHead =
      head?.format === FORMAT && Number.isFinite(head.at) && Array.isArray(head.hosts) && head.hosts.every(isHost);
    return isHead ? (head as Head) : null;
  } catch {
    // Cut short or no JSON at all.
    return null;
  }
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 10_000;
