/** What of a check is worth a mail, and what will have been told once it is sent. Pure. */

import { rebootedInVain } from '../discover/index.ts';
import type { FlagPlan } from '../flag/index.ts';
import { countFailures } from '../flag/index.ts';
import { clockTime } from '../kit/index.ts';
import {
  isMuted,
  isSameTrouble,
  mailedOf,
  remindersDue,
  TOLD_FLAGGED,
  TOLD_HELD,
  type Transition,
  UNKNOWN_CHECKS,
} from '../memory/index.ts';
import type { ReasonCode, RememberedState } from '../model/index.ts';
import { classOf } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';

/** In the order of a mail. */
export const MAIL_KINDS = [
  'suppressed',
  'person',
  'flagged',
  'reminder',
  'held',
  'measured',
  'unknown',
  'recovered',
  'event',
] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

/** What a mail changes of what is remembered. */
export type Told = Partial<Pick<RememberedState, 'told' | 'reasons' | 'events'>>;

export interface MailEntry {
  readonly kind: MailKind;
  readonly transition: Transition;
  /** The codes it is about. */
  readonly codes: readonly ReasonCode[];
  /** Why it was flagged or held back, or why it needs a person; null for the others. */
  readonly why: string | null;
  /** What is remembered of it once this was mailed. */
  readonly told: Told;
}

/** Entries in the order of kinds above. Empty, or nothing but events: no mail. */
export function planMail(
  transitions: readonly Transition[],
  plan: FlagPlan,
  now: Date,
  settings: Settings,
): readonly MailEntry[] {
  const suppressed = suppressionEntries(transitions, plan, now, settings);
  const said = new Set(suppressed.map((entry) => entry.transition));
  const whys = new Map(plan.decisions.map((decision) => [decision.id, decision]));
  const entries = transitions
    .filter((t) => !isMuted(t.instance, now) && !said.has(t))
    .flatMap((t) => [
      ...failureEntries(t, whys.get(t.instance.id)?.why ?? null, now, settings),
      ...measuredEntries(t),
      ...endEntries(t),
    ]);
  const all = [...suppressed, ...entries];
  const sorted = MAIL_KINDS.flatMap((kind) => all.filter((entry) => entry.kind === kind));
  return sorted.some((entry) => entry.kind !== 'event') ? sorted : [];
}

/** One alert says that flagging stopped, and of whom: until one of them has been told of, it hasn't gone out. */
function suppressionEntries(
  transitions: readonly Transition[],
  { breaker }: FlagPlan,
  now: Date,
  settings: Settings,
): MailEntry[] {
  if (!breaker.tripped) return [];
  const { failing, recent } = countFailures(transitions, now, settings);
  const counted = recent.length > 0 ? recent : failing;
  if (counted.some((t) => t.after.told > 0)) return [];
  return counted.map((transition) => {
    const { reasons } = transition.after;
    const told = transition.kind === 'ours' ? reasons.length : TOLD_HELD;
    return { kind: 'suppressed', transition, codes: reasons, why: null, told: { told } };
  });
}

function failureEntries(t: Transition, why: string | null, now: Date, settings: Settings): MailEntry[] {
  const { after } = t;
  const entry = (kind: MailKind, codes: readonly ReasonCode[], told: number): MailEntry[] => [
    { kind, transition: t, codes, why, told: { told } },
  ];
  if (t.kind === 'ours') {
    const untold = after.reasons.slice(after.told);
    return after.stood >= UNKNOWN_CHECKS && untold.length > 0 ? entry('unknown', untold, after.reasons.length) : [];
  }
  if (t.kind !== 'hung') return [];
  if (after.flag === null) {
    return why !== null && after.told < TOLD_HELD ? entry('held', after.reasons, TOLD_HELD) : [];
  }
  const reminded = TOLD_FLAGGED + remindersDue(after.flag.at, now, settings);
  const rebooted = rebootedInVain(after, now);
  // News once, and from then on what each reminder is about.
  const told = rebooted === null ? reminded : reminded + 1;
  if (rebooted !== null && after.told < told) {
    const vain = `the reboot of ${clockTime(rebooted, now)} did not help: needs a person`;
    return [{ kind: 'person', transition: t, codes: after.reasons, why: vain, told: { told } }];
  }
  if (after.told < TOLD_FLAGGED) return entry('flagged', after.reasons, told);
  return after.told < told ? entry('reminder', after.reasons, told) : [];
}

/** Measured reasons that have stood two checks, and what happened since the last mail. */
function measuredEntries(t: Transition): MailEntry[] {
  const { after, before } = t;
  const entries: MailEntry[] = [];
  if (t.kind === 'measured') {
    const standing = after.reasons
      .slice(after.told)
      .filter((code) => classOf(code) === 'measured' && before.reasons.includes(code));
    if (standing.length > 0) {
      const order = [...after.reasons.slice(0, after.told), ...standing];
      const reasons = [...order, ...after.reasons.filter((code) => !order.includes(code))];
      const told = { reasons, told: order.length };
      entries.push({ kind: 'measured', transition: t, codes: standing, why: null, told });
    }
  }
  if (after.events.length > 0) {
    entries.push({ kind: 'event', transition: t, codes: after.events, why: null, told: { events: [] } });
  }
  return entries;
}

/** What was mailed has ended: it answers again, it can be asked again, or that trouble is over. */
function endEntries(t: Transition): MailEntry[] {
  if (t.outcome.kind === 'failed') return [];
  const mailed = mailedOf(t.before);
  // A flag stands in the tags for all to see, though its own mail may have failed.
  const all = t.before.flag !== null && mailed.length === 0 ? t.before.reasons : mailed;
  const ended = all.filter((code) => !isSameTrouble(code, t.after.reasons));
  if (ended.length === 0 && t.before.flag === null) return [];
  return [{ kind: 'recovered', transition: t, codes: ended, why: null, told: {} }];
}
