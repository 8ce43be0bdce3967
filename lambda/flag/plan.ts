/**
 * Which hung instances are flagged for reboot, and for each of the others why not. Pure; every answer has its sentence.
 * Unknown means no.
 */

import { minutesBetween, plural } from '../kit/index.ts';
import { inGrace, isMuted, type Transition } from '../memory/index.ts';
import type { ReasonCode } from '../model/index.ts';
import { classOf } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { type Breaker, countFailures, type Failures, judgeBreaker } from './breaker.ts';
import { type Evidence, type Witness, witnessesOf } from './evidence.ts';

export interface FlagDecision {
  readonly id: string;
  readonly flag: boolean;
  readonly why: string;
  readonly witnesses: readonly string[];
}

export interface FlagPlan {
  readonly breaker: Breaker;
  /** One for each hung instance that has failed often enough and carries no flag. */
  readonly decisions: readonly FlagDecision[];
}

/** What the pipeline found out about an instance that is due: the confirming attempt, and what else is known. */
export interface Confirmation {
  readonly confirmed: boolean;
  readonly evidence: Evidence | null;
}

/** Hung often enough, and not flagged: the confirming attempt and the evidence are worth their cost. */
export function isDue(t: Transition, settings: Settings): boolean {
  return t.kind === 'hung' && t.before.flag === null && t.after.failures >= settings.flag.afterFailures;
}

/** Due, and nothing that is already known stands against a flag. */
export function needsConfirmation(t: Transition, now: Date, settings: Settings): boolean {
  return isDue(t, settings) && objection(t, now, settings) === null;
}

export function planFlags(
  transitions: readonly Transition[],
  confirmations: ReadonlyMap<string, Confirmation>,
  wasSuppressed: boolean | null,
  now: Date,
  settings: Settings,
): FlagPlan {
  const failures = countFailures(transitions, now, settings);
  const due = transitions.filter((t) => isDue(t, settings));
  const supportFor = (t: Transition) => witnessesOf(confirmations.get(t.instance.id)?.evidence ?? null, settings);
  const alone = due.length > 0 && failures.failing.every((t) => supportFor(t).length === 0);
  const breaker = judgeBreaker(failures, alone, wasSuppressed);
  const known = { breaker, failures, now, settings };
  const decisions = due.map((t) => decide(t, confirmations.get(t.instance.id), supportFor(t), known));
  return { breaker, decisions: capped(decisions, due, failures.limit) };
}

/** The breaker's measure holds for one check, too: however failures piled up, the longest standing are flagged first. */
function capped(decisions: readonly FlagDecision[], due: readonly Transition[], limit: number): FlagDecision[] {
  const begun = new Map(due.map((t) => [t.instance.id, t.after.failingSince?.getTime() ?? 0]));
  const flagged = decisions
    .filter((decision) => decision.flag)
    .sort((a, b) => (begun.get(a.id) ?? 0) - (begun.get(b.id) ?? 0));
  const tooMany = new Set(flagged.slice(Math.floor(limit)));
  const why = `not flagged: ${plural(Math.floor(limit), 'other')} are in this check already, and no more than that at once`;
  return decisions.map((decision) => (tooMany.has(decision) ? { ...decision, flag: false, why } : decision));
}

interface Known {
  readonly breaker: Breaker;
  readonly failures: Failures;
  readonly now: Date;
  readonly settings: Settings;
}

function decide(
  t: Transition,
  confirmation: Confirmation | undefined,
  witnesses: readonly Witness[],
  { breaker, failures, now, settings }: Known,
): FlagDecision {
  const texts = witnesses.map((witness) => witness.text);
  const no = (why: string): FlagDecision => ({ id: t.instance.id, flag: false, why, witnesses: texts });
  const against = objection(t, now, settings);
  if (against !== null) return no(against);
  if (breaker.tripped || breaker.held) return no(`not flagged: ${breaker.why}`);
  const others = failures.begunWith(t);
  if (others + 1 > failures.limit && !witnesses.some((witness) => witness.direct)) {
    return no(
      `not flagged: ${plural(others, 'other')} began to fail within half an hour of it, so the fault may be on the checking side, and no other evidence corroborates it`,
    );
  }
  if (confirmation?.confirmed !== true) return no('not flagged: no second attempt in this check confirmed it');
  const path = confirmation.evidence?.otherPath;
  if (path?.says === 'answers') return no(`not flagged: over ${path.transport.toUpperCase()} ${path.text}`);
  if (isAmbiguous(t) && witnesses.length === 0) {
    return no(
      `not flagged: ${t.after.reasons.join(', ')} has other causes than a hang, and no other evidence corroborates it`,
    );
  }
  const support = texts.length > 0 ? `corroborated by ${texts.join(', and by ')}` : 'no other evidence';
  const why = `flagged: ${settings.flag.afterFailures} failed checks in a row, and one more attempt just now; ${support}`;
  return { id: t.instance.id, flag: true, why, witnesses: texts };
}

/** Why this instance may not be flagged, from what is known without asking further; null if nothing speaks against it. */
function objection(t: Transition, now: Date, settings: Settings): string | null {
  const { instance, before, after } = t;
  if (isMuted(instance, now)) return 'not flagged: it is muted';
  if (instance.mutedUntil === 'unreadable') {
    return 'not flagged: its crawlwatch:mute tag is unreadable; allowed: until=2026-11-23T06:00:00Z';
  }
  if (inGrace(instance, now, settings)) {
    return `not flagged: it was launched or rebooted less than ${settings.flag.graceMinutes} min ago`;
  }
  const reached = before.seen !== null && (instance.transport !== 'ssh' || before.pin !== null);
  if (!reached) return `not flagged: it has never been reached over ${instance.transport.toUpperCase()} before`;
  const spanned = after.failingSince === null ? 0 : minutesBetween(after.failingSince, now);
  if (spanned < settings.flag.afterMinutes) {
    return `not flagged: it has failed for less than ${settings.flag.afterMinutes} min`;
  }
  return null;
}

const isAmbiguous = (t: Transition): boolean =>
  t.after.reasons.every((code: ReasonCode) => classOf(code) === 'ambiguous');

/** The transitions with the flags that the plan sets. */
export function withFlags(transitions: readonly Transition[], plan: FlagPlan, now: Date): Transition[] {
  const flagged = new Set(plan.decisions.flatMap(({ id, flag }) => (flag ? [id] : [])));
  return transitions.map((t) => {
    const reason = t.after.reasons[0];
    const isFlagged = flagged.has(t.instance.id) && reason !== undefined;
    return isFlagged ? { ...t, after: { ...t.after, flag: { reason, at: now } } } : t;
  });
}
