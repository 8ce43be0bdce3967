/**
 * state.json.gz as text. What is read back was written by another run, in another version perhaps, or by somebody who
 * can write to the bucket: it is checked as if a stranger had sent it.
 *
 * It is JSON, with a line for each instance, so that it can be read and written line by line: of a large fleet the text, its
 * JSON and what becomes of it are tens of megabytes each.
 */
import * as z from 'zod';
import type { FleetState, InstanceState } from '../model/index.ts';
import { instanceReader, instant } from './instance-schema.ts';

const FORMAT = 'crawlwatch state';
const VERSION = 1;
/** As many instances as one account's stack is made for (docs/scale.md), with room. */
const INSTANCES_MAX = 200_000;
const ID_MAX = 300;

const head = z.object({ format: z.literal(FORMAT), version: z.int() });
const fleet = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  at: instant.nullable(),
  breaker: z.object({
    suppressed: z.boolean(),
    mailed: z.boolean(),
    suspended: z.array(z.string().max(300)).max(10_000).exactOptional(),
  }),
  mailing: z.object({ since: instant, at: instant, whole: instant.exactOptional() }).nullable(),
  asking: instant.nullable().exactOptional(),
  // Each on its own: one that can't be read costs the others nothing.
  instances: z.record(z.string(), z.unknown()),
});

/** What a file of that name came to. */
export type ReadState =
  | { readonly kind: 'state'; readonly state: FleetState; readonly unread: readonly string[] }
  | { readonly kind: 'foreign' }
  /** Written by a newer version than this, which must not overwrite it. */
  | { readonly kind: 'newer'; readonly version: number };

const NEWLINE = 0x0a;
/** How the first line ends, and the last one is. */
const BEGIN = '"instances":{';
const END = '}}';

/** One of another layout, as people and earlier versions write it, is read as a whole. */
export function decodeState(file: Uint8Array | string): ReadState {
  const bytes = typeof file === 'string' ? new TextEncoder().encode(file) : file;
  return decodeLines(bytes) ?? decodeWhole(new TextDecoder().decode(bytes));
}

/** Null where it is no file with a line for each instance. */
function decodeLines(bytes: Uint8Array): ReadState | null {
  const text = new TextDecoder('utf-8', { ignoreBOM: true });
  const first = bytes.indexOf(NEWLINE);
  const begin = text.decode(bytes.subarray(0, Math.max(0, first)));
  if (!begin.endsWith(BEGIN)) return null;
  const written = parseJson(`${begin}${END}`);
  const instances = collector();
  for (let at = first + 1, isLast = false, isFirst = true; ; isFirst = false) {
    const next = bytes.indexOf(NEWLINE, at);
    const line = text.decode(bytes.subarray(at, next === -1 ? bytes.length : next));
    if (line === END) return next === -1 && (isLast || isFirst) ? withInstances(written, instances) : null;
    if (isLast || next === -1) return null;
    isLast = !line.endsWith(',');
    const members = parseJson(`{${isLast ? line : line.slice(0, -1)}}`);
    if (!isObject(members) || !instances.add(members)) return null;
    at = next + 1;
  }
}

function decodeWhole(text: string): ReadState {
  const written = parseJson(text);
  const instances = collector();
  // Whatever else it is, it is refused below.
  if (isObject(written) && isObject(written.instances)) instances.add(written.instances);
  return withInstances(written, instances);
}

const isObject = (value: unknown): value is { readonly instances?: unknown } =>
  typeof value === 'object' && value !== null;

/** Collects instances as they are read: each on its own, since one that can't be read costs the others nothing. */
function collector() {
  const instances = new Map<string, InstanceState>();
  const unread: string[] = [];
  const read = instanceReader();
  let count = 0;
  return {
    instances,
    unread,
    /** @returns whether there is any */
    add: (members: object): boolean => {
      const entries = Object.entries(members);
      for (const [id, written] of entries) {
        count += 1;
        if (count > INSTANCES_MAX) break;
        const one = id.length > ID_MAX ? undefined : read(written);
        if (one === undefined) unread.push(id.slice(0, ID_MAX));
        else instances.set(id, one);
      }
      return entries.length > 0;
    },
  };
}

/** @param written the file, with or without its instances */
function withInstances(written: unknown, { instances, unread }: ReturnType<typeof collector>): ReadState {
  const { version } = head.safeParse(written).data ?? {};
  if (version !== undefined && version > VERSION) return { kind: 'newer', version };
  const { data } = fleet.safeParse(written);
  if (data === undefined) return { kind: 'foreign' };
  const { format: _, version: __, ...rest } = data;
  return { kind: 'state', state: { ...rest, instances }, unread };
}

export const encodeState = (state: FleetState): string => [...stateLines(state)].join('');

/** The file in pieces, of which each is a line. */
export function* stateLines({ instances, ...rest }: FleetState): Generator<string> {
  const begin = JSON.stringify({ format: FORMAT, version: VERSION, ...rest, instances: {} });
  yield `${begin.slice(0, -END.length)}\n`;
  let left = instances.size;
  for (const [id, one] of instances) {
    left -= 1;
    yield `${JSON.stringify(id)}:${JSON.stringify(one)}${left === 0 ? '' : ','}\n`;
  }
  yield END;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
