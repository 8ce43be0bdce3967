/**
 * Which hung instances are flagged for reboot, and for each of the others why not. Pure; every answer has its sentence.
 * Unknown means no.
 */

import { minutesBetween, plural } from '../kit/index.ts';
import { inGrace, muteWords, type Transition } from '../memory/index.ts';
import { MUTE_ALLOWED, type PastDecision, TAG } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { type Breaker, countFailures, type Failures, judgeBreaker, type Suspension } from './breaker.ts';
import { domainsOf } from './domains.ts';
import { type Evidence, NO_EVIDENCE_YET, strengthOf } from './evidence/index.ts';
import { isReached, reachOf } from './reach.ts';

export interface FlagDecision {
  readonly id: string;
  readonly flag: boolean;
  readonly why: string;
  /** It is decided in one of the next checks, once its metrics are published: no news yet. */
  readonly waits: boolean;
  readonly evidence: Evidence;
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

/**
 * So many checks after the first that could flag, metrics that are late are waited for: those of the first whole period
 * after the first failure, ten minutes late, are there after two more (three where they are later than usual).
 */
const WAIT_CHECKS = 3;
/** Fewer have nothing to be compared with. */
const COMPARABLE = 3;
const DECISIONS_KEPT = 6;
const SENTENCE_MAX = 400;
const SENTENCES_MAX = 12;
/** What a cut road is made of: where a person looks. */
const PLACES = 'at its security groups, route, NAT, network ACL and key, and at sshd itself';

/** Hung often enough, and not flagged: the confirming attempt and the evidence are worth their cost. */
export function isDue(t: Transition, settings: Settings): boolean {
  return t.kind === 'hung' && t.before.flag === null && t.after.failures >= settings.flag.afterFailures;
}

/** Due, and nothing that is already known stands against a flag. */
export function needsConfirmation(t: Transition, now: Date, settings: Settings): boolean {
  return isDue(t, settings) && objection(t, now, settings) === null;
}

/** @param wasSuspended what the last check had suspended, by name */
export function planFlags(
  transitions: readonly Transition[],
  confirmations: ReadonlyMap<string, Confirmation>,
  wasSuspended: readonly string[],
  now: Date,
  settings: Settings,
): FlagPlan {
  const failures = countFailures(transitions, now, settings);
  const due = transitions.filter((t) => isDue(t, settings));
  const evidenceOn = (t: Transition) => confirmations.get(t.instance.id)?.evidence ?? NO_EVIDENCE_YET;
  const alone = due.length > 0 && failures.failing.every((t) => !isSupported(t, evidenceOn(t)));
  const breaker = judgeBreaker(failures, alone, worstOf(failures.failing.flatMap(failures.domainsWith)), wasSuspended);
  const known = { breaker, failures, now, settings };
  const decisions = due.map((t) => decide(t, confirmations.get(t.instance.id), evidenceOn(t), known));
  return { breaker, decisions: capped(decisions, due, failures.limit) };
}

/** Each domain once, as it is seen from where most failed together; in the order of their names. */
function worstOf(suspensions: readonly Suspension[]): Suspension[] {
  const byRank = suspensions.toSorted((a, b) => a.failing - b.failing || (a.why < b.why ? -1 : 1));
  const worst = new Map(byRank.map((one) => [one.name, one]));
  return [...worst.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The breaker's measure holds for one check, too: however failures piled up, those that have failed longest come first. */
function capped(decisions: readonly FlagDecision[], due: readonly Transition[], limit: number): FlagDecision[] {
  const begun = new Map(due.map((t) => [t.instance.id, t.after.failingSince?.getTime() ?? 0]));
  const flagged = decisions
    .filter((decision) => decision.flag)
    .sort((a, b) => (begun.get(a.id) ?? 0) - (begun.get(b.id) ?? 0) || (a.id < b.id ? -1 : 1));
  const tooMany = new Set(flagged.slice(Math.floor(limit)));
  const why = `not flagged: ${plural(Math.floor(limit), 'other')} are in this check already, and no more than that at once`;
  return decisions.map((decision) => (tooMany.has(decision) ? { ...decision, flag: false, why } : decision));
}

/** A cut road alone can't explain it: the host itself accepted, or there is direct evidence. */
const isSupported = (t: Transition, { direct }: Evidence): boolean => direct.length > 0 || isReached(t);

interface Known {
  readonly breaker: Breaker;
  readonly failures: Failures;
  readonly now: Date;
  readonly settings: Settings;
}

function decide(
  t: Transition,
  confirmation: Confirmation | undefined,
  evidence: Evidence,
  { breaker, failures, now, settings }: Known,
): FlagDecision {
  const { direct, circumstantial, against } = evidence;
  const decided = (flag: boolean, why: string, waits = false): FlagDecision => ({
    id: t.instance.id,
    flag,
    why,
    waits,
    evidence,
  });
  const no = (why: string) => decided(false, `not flagged: ${why}`);
  const reason = objection(t, now, settings);
  if (reason !== null) return no(reason);
  if (breaker.tripped || breaker.held || (breaker.heldAlone && !isSupported(t, evidence))) return no(breaker.why);
  const isDirect = direct.length > 0;
  const others = failures.begunWith(t);
  if (others + 1 > failures.limit && !isDirect) {
    return no(
      `${plural(others, 'other')} began to fail within half an hour of it, so the fault may be on the checking side, and no other evidence corroborates it`,
    );
  }
  if (confirmation?.confirmed !== true) return no('no second attempt in this check confirmed it');
  const answer = against.find(({ kind }) => kind === 'other transport');
  if (answer !== undefined) return no(answer.text);
  const reached = isReached(t);
  if (!reached) {
    if (against.length > 0) {
      return no(`it cannot be reached, but it is working: ${textsOf(against).join('; and ')}. Look ${PLACES}`);
    }
    if (!isDirect) {
      const held = objectionToUnreached(t, { breaker, failures, settings }, evidence);
      if (held !== null) return decided(false, `not flagged: ${held.why}`, held.waits);
    }
  }
  if (failures.failing.length === failures.eligible && !isSupported(t, evidence)) {
    return no('all that could be flagged fail with it, and no other evidence corroborates it');
  }
  if (isAmbiguous(t, evidence) && !isDirect && circumstantial.length === 0) {
    return no(`${t.after.reasons.join(', ')} has other causes than a hang, and no other evidence corroborates it`);
  }
  return decided(true, flagged(t, evidence, settings));
}

/** What an unreached one without direct evidence is held back by: a cut road looks like it. */
function objectionToUnreached(
  t: Transition,
  { breaker, failures, settings }: Pick<Known, 'breaker' | 'failures' | 'settings'>,
  { awaits }: Evidence,
): { readonly why: string; readonly waits: boolean } | null {
  const held = (why: string, waits = false) => ({ why, waits });
  const [domain] = [...failures.domainsWith(t), ...breaker.recovering.filter(({ name }) => isIn(t, name))];
  if (domain !== undefined) return held(`${domain.why}, and no direct evidence says that it hangs`);
  if (failures.members < COMPARABLE) {
    return held(
      `it was not reached, in a fleet of ${failures.members} there is nothing to compare it with, and no direct evidence says that it hangs: the way to it may be cut; look ${PLACES}`,
    );
  }
  if (awaits !== null && t.after.failures < settings.flag.afterFailures + WAIT_CHECKS) {
    return held('what its hypervisor measured since it failed is not published yet, or could not be read', true);
  }
  return null;
}

const isIn = (t: Transition, domain: string): boolean => domainsOf(t.instance).includes(domain);

function flagged(t: Transition, evidence: Evidence, settings: Settings): string {
  const { direct, circumstantial, against, awaits, gaps } = evidence;
  const support = [...textsOf(direct), ...textsOf(circumstantial)];
  const corroborated = support.length > 0 ? `corroborated by ${support.join(', and by ')}` : 'no other evidence';
  const refuted =
    against.length === 0 ? '' : `; but ${textsOf(against).join('; and ')}: its sshd or its login rather than the host`;
  const unsure =
    isReached(t) || direct.length > 0
      ? ''
      : '; it may be hung, or cut off and idle: if somebody has isolated it, a reboot destroys what they want to keep';
  const unread = awaits !== null || gaps.length > 0 ? '; not all that could speak against it is known' : '';
  return `flagged: ${settings.flag.afterFailures} failed checks in a row, and one more attempt just now; ${corroborated}${refuted}${unsure}${unread}`;
}

const textsOf = (items: Evidence['direct']): string[] => items.map(({ text }) => text);

/** Why this instance may not be flagged, from what is known without asking further; null if nothing speaks against it. */
function objection(t: Transition, now: Date, settings: Settings): string | null {
  const { instance, before, after } = t;
  const muted = muteWords(instance, now);
  if (muted !== null) return `it is ${muted}`;
  if (instance.mute === 'unreadable') return `its ${TAG.mute} tag is unreadable; allowed: ${MUTE_ALLOWED}`;
  if (inGrace(instance, now, settings)) {
    return `it was launched or rebooted less than ${settings.flag.graceMinutes} min ago`;
  }
  const reached = before.seen !== null && (instance.transport !== 'ssh' || before.pin !== null);
  if (!reached) return `it has never been reached over ${instance.transport.toUpperCase()} before`;
  const spanned = after.failingSince === null ? 0 : minutesBetween(after.failingSince, now);
  if (spanned < settings.flag.afterMinutes) {
    return `it has failed for less than ${settings.flag.afterMinutes} min`;
  }
  return null;
}

/** Its failure has other causes than a hang; of an agent that is the only way, that it is lost has many. */
const isAmbiguous = (t: Transition, { hasOtherWay }: Evidence): boolean =>
  reachOf(t.outcome, t.instance) === 'ambiguous' ||
  (t.instance.transport === 'ssm' && !hasOtherWay && reachOf(t.outcome, t.instance) === 'unreached');

/** The transitions with what the plan decides: flags, and the decisions that are remembered. */
export function withFlags(transitions: readonly Transition[], plan: FlagPlan, now: Date): Transition[] {
  const decided = new Map(plan.decisions.map((decision) => [decision.id, decision]));
  return transitions.map((t) => {
    const decision = decided.get(t.instance.id);
    if (decision === undefined) return t;
    const reason = t.after.reasons[0];
    const decisions = [...t.after.decisions, pastDecision(decision, now)].slice(-DECISIONS_KEPT);
    const isFlagged = decision.flag && reason !== undefined;
    const flag = isFlagged ? { reason, at: now, evidence: strengthOf(decision.evidence) } : t.after.flag;
    return { ...t, after: { ...t.after, flag, decisions } };
  });
}

function pastDecision({ flag, why, evidence }: FlagDecision, at: Date): PastDecision {
  const sentences = (texts: readonly string[]) => texts.slice(0, SENTENCES_MAX).map(cut);
  return {
    at,
    flag,
    why: cut(why),
    for: sentences([...textsOf(evidence.direct), ...textsOf(evidence.circumstantial)]),
    against: sentences(textsOf(evidence.against)),
  };
}

const cut = (text: string): string => text.slice(0, SENTENCE_MAX);
