/**
 * What the steps of a run leave for each other, as files: plan, shards, results, and what hosts have cost. What is read
 * back was written by another function, in another version perhaps, or cut short: it is checked like any
 * untrusted input.
 */
import * as z from 'zod';
import type { FailureReason, Instance, ReasonCode, Reply, Transport } from '../model/index.ts';
import { AUTO_WORDS, NOTHING_REMEMBERED, REASON_CLASS } from '../model/index.ts';

const VERSION = 1;
const TEXT_LENGTH = 4_096;
/** The probe's output fits 2,400 characters; what is longer is no probe's, and its beginning shows that as well. */
const OUTPUT_LENGTH = 8_192;

/** Values of the shard that is read, each by its JSON: equal ones become one. */
const known = new Map<string, unknown>();

function once<T>(value: T): T {
  if (value === null || value === '') return value;
  const key = typeof value === 'string' ? value : JSON.stringify(value);
  const held = known.get(key);
  // A text that looks like JSON is no value of another kind.
  if (held !== undefined && typeof held === typeof value) return held as T;
  known.set(key, value);
  return value;
}

const text = z.string().max(TEXT_LENGTH);
/** Cut as it is written; refused as it is read, where it is longer. */
const cut = (length: number) =>
  z.codec(z.string().max(length), z.string(), {
    decode: (written) => written,
    encode: (given) => given.slice(0, length),
  });
const instant = z.codec(z.iso.datetime(), z.date(), {
  decode: (written) => new Date(written),
  encode: (at) => at.toISOString(),
});
const count = z.int().min(0);

const failures = Object.entries(REASON_CLASS)
  .filter(([, kind]) => kind === 'hung' || kind === 'ambiguous' || kind === 'inconclusive')
  .map(([code]) => code as FailureReason);

const reason = z.enum(Object.keys(REASON_CLASS) as ReasonCode[]);
const reasons = z.array(reason).readonly();
const login = { user: text, port: z.int(), privateKeyPath: text.nullable() };
const jump = z.object({ address: text, ...login });
const tagged = z.object({
  status: z.enum(['OK', 'WARNING', 'CRITICAL', 'UNKNOWN']).nullable(),
  reasons,
  flag: z.object({ reason, at: instant }).nullable(),
  acted: z.object({ what: text, at: instant }).nullable(),
}) satisfies z.ZodType<Instance['tagged']>;
const percent = z.number().min(0).max(100).exactOptional();
const limits = z.object({
  memoryWarning: percent,
  memoryCritical: percent,
  diskWarning: percent,
  diskCritical: percent,
  inodesWarning: percent,
  inodesCritical: percent,
  ignore: z.array(text).readonly().exactOptional(),
}) satisfies z.ZodType<Instance['limits']>;
const written = z.object({
  id: text,
  name: text,
  state: text,
  platform: text,
  address: text.nullable(),
  region: text.nullable(),
  account: text.nullable(),
  elsewhere: z.boolean().exactOptional(),
  subnet: text.exactOptional(),
  zone: text.exactOptional(),
  securityGroups: z.array(text).readonly().exactOptional(),
  launchedAt: instant.nullable(),
  spot: z.boolean(),
  autoScaling: z.boolean(),
  watched: z.boolean(),
  skipped: text.nullable(),
  transport: z.enum(['local', 'ssh', 'ssm', 'file']),
  login: z.object({ ...login, jumps: z.array(jump).readonly().exactOptional() }),
  worker: text.nullable(),
  workerExpected: z.boolean(),
  limits: limits.exactOptional(),
  sshdExpected: z.boolean(),
  auto: z.enum([...AUTO_WORDS, 'unreadable']).nullable(),
  mute: z
    .union([
      z.object({ kind: z.literal('until'), until: instant, why: text.nullable() }),
      z.object({ kind: z.literal('windows'), windows: z.array(text).readonly(), why: text.nullable() }),
      z.literal('unreadable'),
    ])
    .nullable(),
  stack: text.nullable(),
  isElsewhereWatched: z.boolean(),
  hostKeyTag: text.nullable(),
  hostKey: text.nullable(),
  tagged,
  unreadable: z.array(text).readonly(),
  problem: z.object({ code: reason, text }).nullable(),
  tags: z.record(text, text),
}) satisfies z.ZodType<Omit<Instance, 'remembered'>>;
/**
 * Field by field: V8 gives an object that is spread from a parsed one a layout of its own, and so another to each copy that
 * is made of it. What many hosts have in common is kept once.
 */
function compact(one: z.output<typeof written>): Instance {
  return {
    id: one.id,
    name: one.name,
    state: once(one.state),
    platform: once(one.platform),
    address: one.address,
    region: once(one.region),
    account: once(one.account),
    launchedAt: one.launchedAt,
    spot: one.spot,
    autoScaling: one.autoScaling,
    watched: one.watched,
    skipped: once(one.skipped),
    transport: one.transport,
    login: once(one.login),
    worker: once(one.worker),
    workerExpected: one.workerExpected,
    sshdExpected: one.sshdExpected,
    auto: one.auto,
    mute: one.mute === null ? null : once(one.mute),
    stack: once(one.stack),
    isElsewhereWatched: one.isElsewhereWatched,
    hostKeyTag: one.hostKeyTag,
    hostKey: one.hostKey,
    tagged: once(one.tagged),
    remembered: NOTHING_REMEMBERED,
    unreadable: once(one.unreadable),
    problem: one.problem,
    tags: once(one.tags),
    ...(one.limits !== undefined && { limits: once(one.limits) }),
    ...(one.elsewhere !== undefined && { elsewhere: one.elsewhere }),
    ...(one.subnet !== undefined && { subnet: once(one.subnet) }),
    ...(one.zone !== undefined && { zone: once(one.zone) }),
    ...(one.securityGroups !== undefined && { securityGroups: once(one.securityGroups) }),
  };
}

/** What is remembered of an instance doesn't travel: the join reads it where it is kept. */
const host = z.codec(written, z.custom<Instance>(), {
  decode: (one): Instance => compact(one),
  encode: ({ remembered: _, ...one }) => one,
});

const reply = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('output'),
    output: cut(OUTPUT_LENGTH),
    errors: cut(OUTPUT_LENGTH).exactOptional(),
    exitStatus: z.int().exactOptional(),
    hostKey: text.exactOptional(),
  }),
  z.object({
    kind: z.literal('failed'),
    reason: z.enum(failures),
    text: cut(TEXT_LENGTH),
    output: cut(OUTPUT_LENGTH).exactOptional(),
    errors: cut(OUTPUT_LENGTH).exactOptional(),
    unsent: z.enum(['refused', 'throttled']).exactOptional(),
    hostKey: text.exactOptional(),
    reached: z.boolean().exactOptional(),
  }),
]) satisfies z.ZodType<Reply>;

const plan = z.object({
  run: text,
  /** When the run began. */
  at: instant,
  shards: count,
  /** Instances that were found and are in no shard: stopped ones, and those that don't run Linux. */
  rest: z.array(host).readonly(),
  /** What kept parts of the fleet from being found, a sentence each. */
  problems: z.array(cut(TEXT_LENGTH)).readonly(),
});
const shard = z.object({ run: text, index: count, hosts: z.array(host).readonly() });
const shardReply = z.object({ id: text, reply, durationMs: z.number().min(0) });
const result = z.object({ run: text, index: count, replies: z.array(shardReply).readonly() });
const measuredMs = z.number().positive().exactOptional();
const cost = z.object({ ssh: measuredMs, ssm: measuredMs }) satisfies z.ZodType<HostCost>;

/** What the first step leaves for the last. */
export type RunPlan = z.output<typeof plan>;
/** Hosts that one function probes, all of one account, Region and transport. Its `index`, from 0, names its files. */
export type Shard = Omit<z.output<typeof shard>, 'run'>;
/** One host's reply in its shard, as it came. */
export type ShardReply = z.output<typeof shardReply>;
/** What one shard leaves for the join. Written twice, the second replaces the first. */
export type ShardResult = z.output<typeof result>;
/** What the last run measured, for the size of the next one's shards: mean milliseconds that a host took. */
export type HostCost = Readonly<Partial<Record<Transport, number>>>;

export const encodePlan = (given: RunPlan): string => encode(plan, given);
export const encodeShard = (run: string, given: Shard): string => encode(shard, { run, ...given });
export const encodeResult = (given: ShardResult): string => encode(result, given);
export const encodeCost = (given: HostCost): string => JSON.stringify(given);

/** @returns null where the text is no plan of that run */
export function decodePlan(written: string | null, run: string): RunPlan | null {
  const read = decode(plan, written);
  known.clear();
  return read?.run === run ? read : null;
}

/** @returns null where the text is no shard of that run and index */
export function decodeShard(written: string | null, run: string, index: number): Shard | null {
  const read = decode(shard, written);
  known.clear();
  return read?.run === run && read.index === index ? { index, hosts: read.hosts } : null;
}

/** @returns null where the text is no result of that run and shard; replies about other shards' hosts are left out */
export function decodeResult(
  written: string | null,
  run: string,
  { index, hosts }: { readonly index: number; readonly hosts: readonly Pick<Instance, 'id'>[] },
): ShardReply[] | null {
  const read = decode(result, written);
  if (read?.run !== run || read.index !== index) return null;
  const own = new Set(hosts.map(({ id }) => id));
  return read.replies.filter(({ id }) => own.has(id));
}

/** @returns nothing where it can't be read: the defaults then hold */
export const decodeCost = (written: string | null): HostCost => cost.safeParse(parse(written)).data ?? {};

const versioned = z.object({ version: z.literal(VERSION) });

/** @throws ZodError where what is given could not be read back */
const encode = <S extends z.ZodType>(schema: S, given: z.output<S>): string =>
  JSON.stringify({ version: VERSION, ...(z.encode(schema, given) as object) });

function decode<S extends z.ZodType>(schema: S, written: string | null): z.output<S> | null {
  const value = parse(written);
  return versioned.safeParse(value).success ? (schema.safeParse(value).data ?? null) : null;
}

function parse(written: string | null): unknown {
  try {
    return written === null ? null : JSON.parse(written);
  } catch {
    // Cut short, or no JSON at all: the schemas refuse null as well.
    return null;
  }
}
