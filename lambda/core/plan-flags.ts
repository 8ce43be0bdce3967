/**
 * Which hung instances are flagged for reboot, and for each of the others why not. Pure; every answer has its sentence.
 * Unknown means no.
 */
import type { Evidence, ReasonCode } from '../model.ts';
import type { Settings } from '../settings.ts';
import { classOf } from './remembered-state.ts';
import { inGrace, isMuted, type Transition } from './transitions.ts';
import { minutesBetween, percent, plural } from './wording.ts';

/** Failures that begin within this time of each other count together: the checker's side may be at fault. */
const BREAKER_MINUTES = 30;
/** A share of a small fleet is less than one host: this many may always fail. */
const BREAKER_FLOOR = 2;

export interface FlagDecision {
  readonly id: string;
  readonly flag: boolean;
  readonly why: string;
  readonly witnesses: readonly string[];
}

export interface Breaker {
  readonly tripped: boolean;
  /** Clean, but the last check was not: flagging starts again with the next clean one. */
  readonly held: boolean;
  readonly failing: number;
  readonly eligible: number;
  readonly why: string;
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
  const breaker = judgeBreaker(transitions, confirmations, wasSuppressed, now, settings);
  const decisions = transitions
    .filter((t) => isDue(t, settings))
    .map((t) => decide(t, confirmations.get(t.instance.id), breaker, now, settings));
  return { breaker, decisions };
}

function decide(
  t: Transition,
  confirmation: Confirmation | undefined,
  breaker: Breaker,
  now: Date,
  settings: Settings,
): FlagDecision {
  const witnesses = witnessesOf(confirmation);
  const no = (why: string): FlagDecision => ({ id: t.instance.id, flag: false, why, witnesses });
  const against = objection(t, now, settings);
  if (against !== null) return no(against);
  if (confirmation?.confirmed !== true) return no('not flagged: no second attempt in this check confirmed it');
  if (breaker.tripped || breaker.held) return no(`not flagged: ${breaker.why}`);
  if (isWeak(t) && witnesses.length === 0) {
    return no(`not flagged: ${t.after.reasons.join(', ')} has other causes than a hang, and nothing else bears it out`);
  }
  const bornOut = witnesses.length > 0 ? `; borne out by ${witnesses.join(' and ')}` : '';
  const why = `flagged: ${settings.flag.afterFailures} failed checks in a row, and one more attempt just now${bornOut}`;
  return { id: t.instance.id, flag: true, why, witnesses };
}

/** Why this instance may not be flagged, from what is known without asking further; null if nothing stands against it. */
function objection(t: Transition, now: Date, settings: Settings): string | null {
  const { instance, before, after } = t;
  if (isMuted(instance, now)) return 'not flagged: it is muted';
  if (instance.mutedUntil === 'unreadable') {
    return 'not flagged: its crawlwatch:mute tag is unreadable; allowed: until=2026-11-23T06:00:00Z';
  }
  if (inGrace(instance, now, settings)) {
    return `not flagged: it was launched or rebooted less than ${settings.flag.graceMinutes} min ago`;
  }
  const reached = before.seen !== null && (instance.transport !== 'ssh' || before.hostKey !== null);
  if (!reached) return `not flagged: it has never been reached over ${instance.transport.toUpperCase()} before`;
  const spanned = after.since === null ? 0 : minutesBetween(after.since, now);
  if (spanned < settings.flag.afterMinutes) {
    return `not flagged: it has failed for less than ${settings.flag.afterMinutes} min`;
  }
  return null;
}

/** Kinds of evidence other than the path that failed. */
function witnessesOf(confirmation: Confirmation | undefined): string[] {
  return confirmation?.evidence?.ec2Impaired === true ? ["EC2's own status check is impaired"] : [];
}

const isWeak = (t: Transition): boolean => t.after.reasons.every((code: ReasonCode) => classOf(code) === 'weak');

/** Eligible for a flag at all, and which of them fail; those that began lately are what the breaker counts. */
function countFailures(transitions: readonly Transition[], now: Date, settings: Settings) {
  const eligible = transitions.filter(
    (t) => t.before.flag === null && !isMuted(t.instance, now) && !inGrace(t.instance, now, settings),
  );
  const failing = eligible.filter((t) => t.kind === 'hung' || t.kind === 'ours');
  const recent = failing.filter((t) => t.after.since !== null && minutesBetween(t.after.since, now) <= BREAKER_MINUTES);
  const limit = Math.max(BREAKER_FLOOR, (settings.flag.breakerPercent / 100) * eligible.length);
  return { eligible, failing, recent, tooMany: recent.length > limit };
}

/** So many fail at once that nothing will be flagged: asking each of them again would tell nothing. */
export const tooManyFail = (transitions: readonly Transition[], now: Date, settings: Settings): boolean =>
  countFailures(transitions, now, settings).tooMany;

function judgeBreaker(
  transitions: readonly Transition[],
  confirmations: ReadonlyMap<string, Confirmation>,
  wasSuppressed: boolean | null,
  now: Date,
  settings: Settings,
): Breaker {
  const { eligible, failing, recent, tooMany } = countFailures(transitions, now, settings);
  const alone =
    failing.length > 0 &&
    failing.length === eligible.length &&
    failing.every((t) => witnessesOf(confirmations.get(t.instance.id)).length === 0);
  const counts = { failing: recent.length, eligible: eligible.length };
  if (tooMany) {
    const share = percent((recent.length / eligible.length) * 100);
    const why = `${recent.length} of ${plural(eligible.length, 'instance')} (${share}) began to fail within ${BREAKER_MINUTES} min, so the fault may be on the checking side`;
    return { tripped: true, held: false, ...counts, why };
  }
  if (alone) {
    const why = `${eligible.length === 1 ? 'the only instance' : `all ${eligible.length} instances`} that could be flagged can't be reached, and nothing else bears it out, so the fault may be on the checking side`;
    return { tripped: true, held: false, ...counts, why };
  }
  const held = wasSuppressed === true;
  return {
    tripped: false,
    held,
    ...counts,
    why: held ? 'flagging was suppressed in the last check; it starts again after two clean ones' : '',
  };
}
