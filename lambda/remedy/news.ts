/**
 * What a run of the remedy function has to say, as JSON: in its answer to the check, which mails it, and in the table
 * until the check has. Bounded, so that it fits one item of the table: what is left out is not acknowledged either, and
 * comes with the next run. Pure.
 */

import * as z from 'zod';
import type { Act, ActNews, ActOutcome, Decision, Pause, RemedyNews } from '../model/index.ts';
import { GUARDS, REASON_CLASS, REMEDIES, type ReasonCode } from '../model/index.ts';
import { isSame } from './act.ts';

/** An item of DynamoDB has at most 400 KB (ServiceQuotas.html); with these bounds the news has under 350. */
const OUTCOMES_MAX = 50;
const ESCALATED_MAX = 50;
const ACTED_MAX = 30;
/** A mail shows fewer; all lines are in the history. */
const EVIDENCE_MAX = 20;
const LINE_LENGTH = 300;
const TEXT_LENGTH = 1_000;

const instant = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});
/** Cut as it is written, so that no length makes an answer unreadable. */
const text = z.codec(z.string().max(TEXT_LENGTH), z.string(), {
  decode: (written) => written,
  encode: (given) => given.slice(0, TEXT_LENGTH),
});
const act = z.object({
  remedy: z.enum(REMEDIES),
  instanceId: text,
  name: text.exactOptional(),
  at: instant,
  state: z.enum(['begun', 'done', 'worked', 'failed']),
  requester: text,
  boot: text.nullable(),
  since: instant.nullable(),
  trouble: z.enum(Object.keys(REASON_CLASS) as ReasonCode[]).exactOptional(),
  undone: z.enum(['refused', 'throttled']).exactOptional(),
}) satisfies z.ZodType<Act>;
const decision = z.object({
  instanceId: text,
  name: text,
  remedy: z.enum([...REMEDIES, 'escalated']),
  heldBy: z.enum(GUARDS).nullable(),
  why: text,
}) satisfies z.ZodType<Decision>;
const outcome = z.object({
  act,
  name: text,
  outcome: z.enum(['worked', 'failed']),
  minutes: z.number(),
  sentence: text,
  rebootAvoided: z.boolean(),
  recoveryMinutes: z.number().nullable(),
}) satisfies z.ZodType<ActOutcome>;
const acted = z.object({
  decision,
  act,
  text,
  evidence: z.array(text).readonly(),
}) satisfies z.ZodType<ActNews>;
const pause = z.object({
  who: text,
  why: text,
  from: instant,
  until: instant.nullable(),
}) satisfies z.ZodType<Pause>;

/** In JSON its dates are ISO 8601. */
export const remedyNews = z.object({
  outcomes: z.array(outcome).readonly(),
  pausedNow: pause.nullable(),
  acted: z.array(acted).readonly(),
  escalated: z.array(decision).readonly(),
  now: instant,
}) satisfies z.ZodType<RemedyNews>;

/** What a check reads of an answer; the rest is in contract.ts. Apart, since its bundle needs no more. */
export const actsAnswer = z.object({
  /** Whether what was asked for was done. */
  done: z.boolean(),
  /** A sentence without its full stop. */
  why: z.string(),
  /** To a check that asks: what is to be mailed. Null: nothing is. */
  news: remedyNews.nullish(),
  /** By which the check acknowledges that it has mailed the news; null: it can't, and the next run says it again. */
  receipt: z.string().nullish(),
  /** What else went wrong, a sentence each. */
  problems: z.array(z.string()).readonly().optional(),
});
export type ActsAnswer = Readonly<z.output<typeof actsAnswer>>;

export const NO_NEWS: Omit<RemedyNews, 'now'> = { outcomes: [], pausedNow: null, acted: [], escalated: [] };

/** Two reboots in vain pause automatic acts: with that news go those that brought it about. */
const rank = ({ act: { remedy }, outcome: came }: ActOutcome): number =>
  came === 'failed' ? (remedy === 'reboot' ? 0 : 1) : 2;

/**
 * This run's news, with the acts of earlier runs whose mail no check has acknowledged. Of those that are verified by now
 * the outcome says what was made and when.
 *
 * @param open the acts that are still open after this run's look at them
 */
export function withUnmailed(news: RemedyNews, unmailed: readonly ActNews[], open: readonly Act[]): RemedyNews {
  const isAmong = (acts: readonly Act[], one: Act) => acts.some((other) => isSame(other, one));
  const made = news.acted.map(({ act: one }) => one);
  const earlier = unmailed.filter((one) => isAmong(open, one.act) && !isAmong(made, one.act));
  return {
    ...news,
    outcomes: news.outcomes.toSorted((a, b) => rank(a) - rank(b)).slice(0, OUTCOMES_MAX),
    acted: [...earlier, ...news.acted].slice(-ACTED_MAX).map((one) => ({
      ...one,
      evidence: one.evidence.slice(0, EVIDENCE_MAX).map((line) => line.slice(0, LINE_LENGTH)),
    })),
    escalated: news.escalated.slice(0, ESCALATED_MAX),
  };
}
