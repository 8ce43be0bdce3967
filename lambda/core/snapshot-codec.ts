/**
 * A snapshot as bytes: a line of JSON for what it is, then six bytes a sample. Ten thousand hosts are some 20 MB before
 * compression, where JSON would be a hundred.
 */
import type { HostPast, HostSample, Snapshot } from './snapshot.ts';
import { EMPTY } from './snapshot.ts';

const FORMAT = 'crawlwatch snapshot 1';
const MINUTE = 60_000;
/** Minutes before the snapshot, and shares in hundredths of a percent, in 16 bits each. */
const SAMPLE_BYTES = 6;
const NONE = 0xffff;
const SCALE = 10_000;

interface Head {
  readonly format: typeof FORMAT;
  /** Milliseconds since the epoch, a whole minute: what the samples' minutes count back from. */
  readonly at: number;
  /** `[id, recent samples, hourly samples]`, in the order of the bytes. */
  readonly hosts: readonly (readonly [string, number, number])[];
}

export function encodeSnapshot(snapshot: Snapshot, now: Date): Uint8Array {
  const at = Math.ceil(now.getTime() / MINUTE) * MINUTE;
  const hosts = [...snapshot.hosts];
  const head: Head = {
    format: FORMAT,
    at,
    hosts: hosts.map(([id, { recent, hourly }]) => [id, recent.length, hourly.length]),
  };
  const text = new TextEncoder().encode(`${JSON.stringify(head)}\n`);
  const samples = hosts.flatMap(([, { recent, hourly }]) => [...recent, ...hourly]);
  const bytes = new Uint8Array(text.length + samples.length * SAMPLE_BYTES);
  bytes.set(text);
  const view = new DataView(bytes.buffer, text.length);
  for (const [n, sample] of samples.entries()) {
    const minutes = Math.round((at - sample.at.getTime()) / MINUTE);
    view.setUint16(n * SAMPLE_BYTES, Math.min(Math.max(minutes, 0), NONE - 1));
    view.setUint16(n * SAMPLE_BYTES + 2, Math.round(bounded(sample.memory) * SCALE));
    view.setUint16(n * SAMPLE_BYTES + 4, sample.disk === null ? NONE : Math.round(bounded(sample.disk) * SCALE));
  }
  return bytes;
}

const bounded = (share: number): number => Math.min(Math.max(share, 0), 1);

/** @returns null where the bytes are no snapshot of this format, or tell of times to come: it then begins anew */
export function decodeSnapshot(bytes: Uint8Array, now: Date): Snapshot | null {
  if (bytes.length === 0) return EMPTY;
  const end = bytes.indexOf(0x0a);
  const head = readHead(new TextDecoder().decode(bytes.subarray(0, Math.max(end, 0))));
  if (head === null || head.at > now.getTime() + MINUTE) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + end + 1, bytes.length - end - 1);
  const count = head.hosts.reduce((sum, [, recent, hourly]) => sum + recent + hourly, 0);
  if (view.byteLength !== count * SAMPLE_BYTES) return null;
  let next = 0;
  const read = (): HostSample => {
    const offset = next * SAMPLE_BYTES;
    next += 1;
    const disk = view.getUint16(offset + 4);
    return {
      at: new Date(head.at - view.getUint16(offset) * MINUTE),
      memory: view.getUint16(offset + 2) / SCALE,
      disk: disk === NONE ? null : disk / SCALE,
    };
  };
  const hosts = new Map<string, HostPast>();
  for (const [id, recent, hourly] of head.hosts) {
    hosts.set(id, { recent: Array.from({ length: recent }, read), hourly: Array.from({ length: hourly }, read) });
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
