/**
 * Shards and their results as text. What is read back was written by another function, in another version perhaps, or
 * cut short: it is checked as if a stranger had sent it.
 */
import * as z from 'zod';
import type { Reply } from '../model/index.ts';
import {
  AUTO_WORDS,
  type FailureReason,
  type Instance,
  NOTHING_REMEMBERED,
  REASON_CLASS,
  type ReasonCode,
} from '../model/index.ts';
import type { HostCost, RunPlan, Shard, ShardReply, ShardResult } from './model.ts';

const VERSION = 1;
/** The probe's output fits 2,400 characters; what is longer is no probe's, and its beginning shows that as well. */
const OUTPUT_LENGTH = 8_192;

const text = z.string().max(4_096);
const failureCodes = Object.entries(REASON_CLASS)
  .filter(([, kind]) => kind === 'hung' || kind === 'ambiguous' || kind === 'inconclusive')
  .map(([code]) => code as FailureReason);

const instant = z.iso.datetime().transform((at) => new Date(at));
const reason = z.enum(Object.keys(REASON_CLASS) as [ReasonCode, ...ReasonCode[]]);
const login = z.object({ user: text, port: z.number().int(), privateKeyPath: text.nullable() });
const instance = z.object({
  id: text,
  name: text,
  state: text,
  platform: text,
  address: text.nullable(),
  region: text.nullable(),
  account: text.nullable(),
  elsewhere: z.boolean().optional(),
  launchedAt: instant.nullable(),
  spot: z.boolean(),
  autoScaling: z.boolean(),
  watched: z.boolean(),
  skipped: text.nullable(),
  transport: z.enum(['local', 'ssh', 'ssm', 'file']),
  login,
  worker: text.nullable(),
  workerExpected: z.boolean(),
  sshdExpected: z.boolean(),
  auto: z.enum([...AUTO_WORDS, 'unreadable']).nullable(),
  mutedUntil: z.union([instant, z.literal('unreadable')]).nullable(),
  stack: text.nullable(),
  isElsewhereWatched: z.boolean(),
  hostKeyTag: text.nullable(),
  hostKey: text.nullable(),
  tagged: z.object({
    status: z.enum(['OK', 'WARNING', 'CRITICAL', 'UNKNOWN']).nullable(),
    reasons: z.array(reason),
    flag: z.object({ reason, at: instant }).nullable(),
    acted: z.object({ what: text, at: instant }).nullable(),
  }),
  unreadable: z.array(text),
  problem: z.object({ code: reason, text }).nullable(),
  tags: z.record(text, text),
});
const shard = z.object({
  version: z.literal(VERSION),
  run: text,
  index: z.number().int().min(0),
  hosts: z.array(instance),
});
const plan = z.object({
  version: z.literal(VERSION),
  run: text,
  at: z.iso.datetime(),
  shards: z.number().int().min(0),
  rest: z.array(instance),
  problems: z.array(text),
});
const reply = z.union([
  z.object({ kind: z.literal('output'), output: z.string().max(OUTPUT_LENGTH), hostKey: text.optional() }),
  z.object({
    kind: z.literal('failed'),
    reason: z.enum(failureCodes as [FailureReason, ...FailureReason[]]),
    text,
    output: z.string().max(OUTPUT_LENGTH).optional(),
    hostKey: text.optional(),
  }),
]);
const result = z.object({
  version: z.literal(VERSION),
  run: text,
  index: z.number().int().min(0),
  replies: z.array(z.object({ id: text, reply, durationMs: z.number().min(0) })),
});
const costs = z.object({ ssh: z.number().positive().optional(), ssm: z.number().positive().optional() });

export const encodePlan = (written: RunPlan): string => JSON.stringify({ version: VERSION, ...written });

export const encodeShard = (run: string, { index, hosts }: Shard): string =>
  JSON.stringify({ version: VERSION, run, index, hosts });

export const encodeResult = ({ run, index, replies }: ShardResult): string =>
  JSON.stringify({ version: VERSION, run, index, replies: replies.map(bounded) });

/** @returns null where the text is no plan of that run */
export function decodePlan(written: string | null, run: string): RunPlan | null {
  const read = plan.safeParse(parse(written)).data;
  if (read === undefined || read.run !== run) return null;
  const { at, shards, rest, problems } = read;
  return { run, at: new Date(at), shards, rest: rest.map(unremembered), problems };
}

/** @returns null where the text is no shard of that run and index */
export function decodeShard(written: string | null, run: string, index: number): Shard | null {
  const read = shard.safeParse(parse(written)).data;
  if (read === undefined || read.run !== run || read.index !== index) return null;
  return { index, hosts: read.hosts.map(unremembered) };
}

/** @returns null where the text is no result of that run and shard; replies about other shards' hosts are left out */
export function decodeResult(written: string | null, run: string, { index, hosts }: Shard): ShardReply[] | null {
  const read = result.safeParse(parse(written)).data;
  if (read === undefined || read.run !== run || read.index !== index) return null;
  const own = new Set(hosts.map((host) => host.id));
  return read.replies.filter(({ id }) => own.has(id)) as ShardReply[];
}

/** What is remembered of an instance does not travel: the join reads it where it is kept. */
const unremembered = (one: z.output<typeof instance>): Instance =>
  ({ ...one, remembered: NOTHING_REMEMBERED }) as Instance;

/** What the last run measured; nothing where it can't be read: the defaults then hold. */
export const decodeCost = (written: string | null): HostCost =>
  (costs.safeParse(parse(written)).data ?? {}) as HostCost;

const bounded = ({ id, reply: given, durationMs }: ShardReply): ShardReply => ({ id, reply: cut(given), durationMs });

function cut(given: Reply): Reply {
  const output = given.output?.slice(0, OUTPUT_LENGTH);
  return given.kind === 'output'
    ? { ...given, output: output ?? '' }
    : { ...given, text: given.text.slice(0, 4_096), ...(output !== undefined && { output }) };
}

function parse(written: string | null): unknown {
  try {
    return written === null ? null : JSON.parse(written);
  } catch {
    // Cut short, or no JSON at all: the schema refuses null as well.
    return null;
  }
}
