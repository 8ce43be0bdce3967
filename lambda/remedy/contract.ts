/**
 * What the remedy function can be asked, and what it answers: one schema each, for the function and for those who call
 * it. A request is read strictly: an unknown key may be a slip (`dryrun`), and a slip must not cost a host. Pure.
 */

import * as z from 'zod';
import { parseInstant, printableAscii } from '../kit/index.ts';
import { AUTOMATIC_ALIAS, INSTANCE_ID, OVERRIDES, REMEDIES, type Requester } from '../model/index.ts';
import { actsAnswer } from './news.ts';

type Person = Extract<Requester, { readonly kind: 'person' }>;

const REQUESTER_LENGTH = 64;
const WHY_LENGTH = 200;
/** What the console adds to what its widgets' buttons send. */
const WIDGET_KEY = 'widgetContext';

/** A date, in JSON its ISO 8601 text. */
const instant = (error: string) =>
  z.codec(z.string({ error }), z.date(), {
    decode(text, context) {
      const at = parseInstant(text);
      if (at !== null) return at;
      context.issues.push({ code: 'custom', message: error, input: text });
      return z.NEVER;
    },
    encode: (at) => at.toISOString(),
  });
const bounded = (text: string, length: number): string => printableAscii(text).trim().slice(0, length);

const NO_INSTANCE_ID = 'instanceId must be an EC2 instance id, like i-0123456789abcdef0';
const instanceId = z.string({ error: NO_INSTANCE_ID }).regex(INSTANCE_ID, { error: NO_INSTANCE_ID });
const requester = z
  .string({ error: 'requester must be a text: who asks' })
  .nullable()
  .transform((text) => bounded(text ?? '', REQUESTER_LENGTH))
  .default('');
/** Anything but a plain no is a rehearsal. */
const dryRun = z
  .custom<boolean>(() => true)
  .transform((value) => value !== false)
  .default(false);
const NO_OVERRIDES = `overrides must be a list of ${OVERRIDES.join(', ')}`;
const overrides = z
  .array(z.enum(OVERRIDES, { error: NO_OVERRIDES }), { error: NO_OVERRIDES })
  .nullable()
  .transform((guards) => guards ?? [])
  .default([]);
const NO_WHY = 'why must be a text: it is shown to everybody whose act the pause holds back';
const why = z
  .string({ error: NO_WHY })
  .refine((text) => text.trim() !== '', { error: NO_WHY })
  .transform((text) => bounded(text, WHY_LENGTH));
const ackWhy = z
  .string({ error: 'why must be a text, or null' })
  .nullable()
  .transform((text) => bounded(text ?? '', WHY_LENGTH) || null)
  .default(null);
const off = z.boolean({ error: 'off must be true or false: true takes the acknowledgement back' }).default(false);
const scheduledTime = instant('scheduledTime must be a time like 2026-11-22T08:05:00Z').nullable().default(null);
const until = instant('until must be a time like 2026-11-22T10:00:00Z, or null for: until somebody resumes')
  .nullable()
  .default(null);

/** The request with these fields and no others. */
const request = <A extends z.ZodLiteral<string> | z.ZodEnum, S extends z.ZodRawShape>(action: A, fields: S) =>
  z.strictObject(
    { action, ...fields, [WIDGET_KEY]: z.unknown().optional() },
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? `${(issue.input as { readonly action: string }).action} takes no ${JSON.stringify(String(issue.keys[0]).slice(0, 40))}; it takes ${Object.keys(fields).join(', ')}`
          : undefined,
    },
  );

const ACTIONS = ['auto', 'plan', ...REMEDIES, 'unflag', 'ack', 'pause', 'resume', 'history'] as const;

const remedyRequest = z.discriminatedUnion(
  'action',
  [
    /** Looks at the whole fleet; the time is that of the check which asks. */
    request(z.literal('auto'), { scheduledTime }),
    request(z.literal('plan'), { requester }),
    /** One remedy for one instance; `dryRun` does everything but the act itself. */
    request(z.enum(REMEDIES), { instanceId, requester, dryRun, overrides }),
    /** Takes the reboot flag away. */
    request(z.literal('unflag'), { instanceId, requester, dryRun }),
    /** A person knows of its incident: no reminders until it changes. */
    request(z.literal('ack'), { instanceId, requester, why: ackWhy, off, dryRun }),
    /** Stops all acting, until a time or until somebody resumes. */
    request(z.literal('pause'), { requester, why, until, dryRun }),
    request(z.literal('resume'), { requester, dryRun }),
    request(z.literal('history'), { instanceId, requester }),
  ],
  { error: `action must be one of ${ACTIONS.join(', ')}` },
);

/**
 * The check's word that the mail with a run's news is out. It names the run by the receipt that the answer gave it, and
 * nothing else: what is marked as mailed is what the function itself had found.
 */
const mailedRequest = z.strictObject({ action: z.literal('mailed'), receipt: z.uuid() });

/** A request in JSON, as callers write it. */
export type RemedyRequestJson = z.input<typeof remedyRequest>;
/** What the check asks, through the alias. */
export type AutomaticRequestJson = z.input<typeof automaticRequest>;

type Fields = z.output<typeof remedyRequest>;
type Read<F> = F extends { readonly requester: string }
  ? Omit<F, typeof WIDGET_KEY | 'requester' | 'overrides'> & { readonly requester: Person }
  : Omit<F, typeof WIDGET_KEY>;
/** A request as it was read: the requester with the guards that they set aside. */
export type RemedyRequest = Read<Fields> | z.output<typeof mailedRequest>;
export type RequestOf<A extends RemedyRequest['action']> = Extract<RemedyRequest, { readonly action: A }>;

export type ParsedRequest =
  | { readonly ok: true; readonly request: RemedyRequest }
  /** `why` is a sentence without its full stop, printable ASCII; the id is null where what was given is none. */
  | { readonly ok: false; readonly instanceId: string | null; readonly why: string };

/** Whether a dashboard's widget asks: the answer is HTML then. */
export const isFromWidget = (event: unknown): boolean => isObject(event) && WIDGET_KEY in event;

/** @param now a pause must end after it */
export function parseRemedyRequest(event: unknown, now: Date): ParsedRequest {
  const refuse = (text: string): ParsedRequest => {
    const id = instanceId.safeParse(isObject(event) ? event.instanceId : null);
    return { ok: false, instanceId: id.data ?? null, why: printableAscii(text) };
  };
  const { data, error } = remedyRequest.safeParse(event);
  if (data === undefined) {
    const [first, ...more] = error.issues;
    // An unknown key is named first: the others may be wrong for its sake.
    return refuse((more.find(({ code }) => code === 'unrecognized_keys') ?? first)?.message ?? 'it is no request');
  }
  if (data.action === 'pause' && data.until !== null && data.until <= now) {
    return refuse(`until must be later than now (${now.toISOString()})`);
  }
  return { ok: true, request: requestOf(data) };
}

/**
 * How the remedy function was invoked without a qualifier, which IAM tells from its aliases. `$LATEST` is such a
 * qualifier too, and means the same.
 */
const UNQUALIFIED = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(:\$LATEST)?$/;

/**
 * Whether a request may be a person's word, by the ARN that the function was invoked by: Lambda says that, and no
 * request can. Through any alias, and where the ARN is not known, it has the less power: it is automatic.
 */
export const mayBeAPerson = (invokedArn: unknown): boolean =>
  typeof invokedArn === 'string' && UNQUALIFIED.test(invokedArn);

const automaticRequest = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('auto'), scheduledTime }),
  mailedRequest,
]);
const NOT_AUTOMATIC = `through its alias ${AUTOMATIC_ALIAS} the function takes {"action":"auto"} with a scheduledTime, {"action":"mailed"} with a receipt, and nothing that a person asks for`;

/** A request that is automatic, whatever it holds: a look at the whole fleet, the word that its news is mailed, or nothing. */
export function parseAutomaticRequest(event: unknown): ParsedRequest {
  const { data } = automaticRequest.safeParse(event);
  return data === undefined ? { ok: false, instanceId: null, why: NOT_AUTOMATIC } : { ok: true, request: data };
}

function requestOf({ [WIDGET_KEY]: widget, ...fields }: Fields): RemedyRequest {
  if (fields.action === 'auto') return fields;
  const name = fields.requester || (widget === undefined ? 'unknown' : 'dashboard');
  const person = (setAside: Person['overrides']): Person => ({ kind: 'person', name, overrides: setAside });
  if (!('overrides' in fields)) return { ...fields, requester: person([]) };
  const { overrides: setAside, ...rest } = fields;
  return { ...rest, requester: person(setAside) };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

// A stack may be newer than the command line that asks it: codes are read as text, and unknown keys are left out.
const at = instant('no time like 2026-11-22T08:05:00Z');
const decision = z.object({
  instanceId: z.string(),
  name: z.string(),
  remedy: z.string(),
  /** The guard that holds it back; null: none does. */
  heldBy: z.string().nullable(),
  why: z.string(),
});
const act = z.object({
  remedy: z.string(),
  instanceId: z.string(),
  name: z.string().optional(),
  at,
  state: z.string(),
  requester: z.string(),
});
const historyEntry = z.object({
  at,
  instanceId: z.string(),
  remedy: z.string(),
  outcome: z.string(),
  heldBy: z.string().nullable(),
  why: z.string(),
  requester: z.string(),
  evidence: z.array(z.string()).readonly().default([]),
});
const pause = z.object({ who: z.string(), why: z.string(), from: at, until: at.nullish() });

/** The answer to a request; in JSON its dates are ISO 8601. */
export const remedyAnswer = z.object({
  ...actsAnswer.shape,
  /** Null where what was given is no instance's id, or the answer is about the whole stack. */
  instanceId: z.string().nullable(),
  decisions: z.array(decision).readonly().optional(),
  history: z.array(historyEntry).readonly().optional(),
  pause: pause.nullish(),
  /** The pause of automatic acts, after reboots in vain; people may act. */
  automaticPause: pause.nullish(),
  acts: z.array(act).readonly().optional(),
});
export type RemedyAnswer = Readonly<z.output<typeof remedyAnswer>>;
export type RemedyAnswerJson = z.input<typeof remedyAnswer>;
