/** One instance in the state's file, and the object that a check keeps of it. Pure. */
import * as z from 'zod';
import { EVIDENCE_STRENGTHS, type InstanceState, REASON_CLASS, type ReasonCode } from '../model/index.ts';

export const instant = z.codec(z.iso.datetime(), z.date(), {
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

/**
 * Reads the instances of one file. Equal texts, and empty lists, are kept once for all of them: of hosts that are well
 * most of their state is the same.
 * @returns what reads one; undefined where it can't be read
 */
export function instanceReader(): (written: unknown) => InstanceState | undefined {
  const texts = new Map<string, string>();
  const once = (text: string): string => {
    const held = texts.get(text);
    if (held === undefined) texts.set(text, text);
    return held ?? text;
  };
  return (written) => {
    const one = instance.safeParse(written).data;
    return one === undefined ? undefined : compact(one, once);
  };
}

const NONE: readonly never[] = [];
const list = <T>(some: readonly T[]): readonly T[] => (some.length === 0 ? NONE : some);

/** Field by field: V8 gives an object that is spread from a parsed one a layout of its own. */
const compact = (one: InstanceState, once: (text: string) => string): InstanceState => ({
  letters: once(one.letters),
  fresh: one.fresh,
  incident: one.incident,
  ends: list(one.ends),
  mails: list(one.mails),
  status: one.status,
  reasons: list(one.reasons),
  since: one.since,
  failures: one.failures,
  failingSince: one.failingSince,
  flag: one.flag,
  acted: one.acted,
  pin: one.pin,
  renewed: one.renewed,
  seen: one.seen,
  bootedAt: one.bootedAt,
  ...(one.freed !== undefined && { freed: one.freed }),
  events: list(one.events),
  decisions: list(one.decisions),
});
