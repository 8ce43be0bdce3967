/**
 * state.json.gz as text. What is read back was written by another run, in another version perhaps, or by somebody who
 * can write to the bucket: it is checked as if a stranger had sent it.
 */
import * as z from 'zod';
import {
  EVIDENCE_STRENGTHS,
  type FleetState,
  type InstanceState,
  REASON_CLASS,
  type ReasonCode,
} from '../model/index.ts';

const FORMAT = 'crawlwatch state';
const VERSION = 1;
/** As many instances as one account's stack is made for (docs/scale.md), with room. */
const INSTANCES_MAX = 200_000;
const ID_MAX = 300;

const instant = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});
const reason = z.enum(Object.keys(REASON_CLASS) as [ReasonCode, ...ReasonCode[]]);
const letters = z.string().regex(/^[.wchku-]{0,24}$/);
const incidentClass = z.enum(['w', 'c', 'h', 'k', 'u']);

const incident = z.object({
  openedAt: instant,
  due: incidentClass.nullable(),
  mailed: incidentClass.nullable(),
  mailedAt: instant.nullable(),
  codes: z.array(reason).max(8),
  heldMailed: z.boolean(),
  flagMailed: z.boolean(),
  vainMailed: z.boolean(),
  ack: z
    .object({
      by: z.string().max(64),
      at: instant,
      why: z.string().max(200).nullable(),
      class: incidentClass,
      codes: z.array(reason).max(50),
    })
    .exactOptional(),
});
const sentence = z.string().max(400);
const decision = z.object({
  at: instant,
  flag: z.boolean(),
  why: sentence,
  for: z.array(sentence).max(12),
  against: z.array(sentence).max(12),
});
const seen = z.object({
  boot: z.string().max(40),
  oomKills: z.number().nullable(),
  writable: z.array(z.string().max(8)).max(64).exactOptional(),
  waited: z.object({ upSeconds: z.number().min(0), fullMicros: z.number().min(0) }).exactOptional(),
  swap: z.object({ upSeconds: z.number().min(0), freeBytes: z.number().min(0) }).exactOptional(),
});
const instance = z.object({
  letters,
  fresh: z.int().min(0).max(24),
  incident: incident.nullable(),
  ends: z.array(instant).max(100),
  mails: z.array(instant).max(400),
  status: z.enum(['OK', 'WARNING', 'CRITICAL', 'UNKNOWN']).nullable(),
  reasons: z.array(reason).max(50),
  since: instant.nullable(),
  failures: z.int().min(0),
  failingSince: instant.nullable(),
  flag: z.object({ reason, at: instant, evidence: z.enum(EVIDENCE_STRENGTHS).exactOptional() }).nullable(),
  acted: z.object({ what: z.string().max(40), at: instant }).nullable(),
  pin: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/)
    .nullable(),
  renewed: z.boolean(),
  seen: seen.nullable(),
  bootedAt: instant.nullable().default(null),
  freed: z.array(instant).max(20).exactOptional(),
  events: z.array(reason).max(10),
  decisions: z.array(decision).max(6).default([]),
});
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

export function decodeState(text: string): ReadState {
  const written = parseJson(text);
  const { version } = head.safeParse(written).data ?? {};
  if (version !== undefined && version > VERSION) return { kind: 'newer', version };
  const { data } = fleet.safeParse(written);
  if (data === undefined) return { kind: 'foreign' };
  const instances = new Map<string, InstanceState>();
  const unread: string[] = [];
  for (const [id, one] of Object.entries(data.instances).slice(0, INSTANCES_MAX)) {
    const read = id.length > ID_MAX ? undefined : instance.safeParse(one).data;
    if (read === undefined) unread.push(id.slice(0, ID_MAX));
    else instances.set(id, read);
  }
  const { format: _, version: __, ...rest } = data;
  return { kind: 'state', state: { ...rest, instances }, unread };
}

export const encodeState = ({ instances, ...rest }: FleetState): string =>
  JSON.stringify({ format: FORMAT, version: VERSION, ...rest, instances: Object.fromEntries(instances) });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
