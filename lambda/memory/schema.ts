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

/**
 * Reads a file with a line for each instance as its bytes come. One of another layout, as people and earlier versions write
 * it, is only found out: {@link decodeWhole} reads it.
 */
export class StateReader {
  readonly #text = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #instances = collector();
  /** The beginning of the line that the next bytes go on with. */
  #rest: Uint8Array[] = [];
  /** All but the instances; undefined before the first line. */
  #begin: unknown;
  #lines = 0;
  /** The last instance has been read. */
  #isLast = false;
  #isWhole = false;

  /** Whether it is of another layout: then nothing more is read here. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  read(more: Uint8Array): void {
    let at = 0;
    while (!this.#isWhole) {
      const next = more.indexOf(NEWLINE, at);
      if (next === -1) {
        this.#rest.push(new Uint8Array(more.subarray(at)));
        return;
      }
      this.#isWhole = !this.#isInstance(this.#lineWith(more.subarray(at, next)));
      at = next + 1;
    }
    this.#rest = [];
  }

  /** No more bytes follow. Null where it is of another layout. */
  end(): ReadState | null {
    const isEnd = !this.#isWhole && this.#lineWith(new Uint8Array()) === END;
    return isEnd && (this.#isLast || this.#lines === 1) ? withInstances(this.#begin, this.#instances) : null;
  }

  #lineWith(bytes: Uint8Array): string {
    const line = this.#text.decode(this.#rest.length === 0 ? bytes : Buffer.concat([...this.#rest, bytes]));
    this.#rest = [];
    return line;
  }

  /** Reads a line that another follows. @returns whether it is the first one, or instances that were expected there */
  #isInstance(line: string): boolean {
    this.#lines += 1;
    if (this.#lines === 1) {
      this.#begin = parseJson(`${line}${END}`);
      return line.endsWith(BEGIN);
    }
    if (this.#isLast) return false;
    this.#isLast = !line.endsWith(',');
    const members = parseJson(`{${this.#isLast ? line : line.slice(0, -1)}}`);
    return isObject(members) && this.#instances.add(members);
  }
}

/** The whole file at once. */
export function decodeState(file: Uint8Array | string): ReadState {
  const bytes = typeof file === 'string' ? new TextEncoder().encode(file) : file;
  const reader = new StateReader();
  reader.read(bytes);
  return reader.end() ?? decodeWhole(bytes);
}

export function decodeWhole(bytes: Uint8Array): ReadState {
  const written = parseJson(new TextDecoder().decode(bytes));
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
