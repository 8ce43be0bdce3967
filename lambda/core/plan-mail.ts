/** What of a check is worth a mail, and what will have been told once it is sent. Pure. */
import type { ReasonCode, RememberedState } from '../model.ts';
import type { Settings } from '../settings.ts';
import type { FlagDecision } from './plan-flags.ts';
import { classOf } from './remembered-state.ts';
import {
  isMuted,
  rememberedKind,
  remindersDue,
  TOLD_FLAGGED,
  TOLD_HELD,
  type Transition,
  UNKNOWN_CHECKS,
} from './transitions.ts';

export type MailKind = 'flagged' | 'reminder' | 'held' | 'measured' | 'unknown' | 'recovered' | 'event';

export interface MailEntry {
  readonly kind: MailKind;
  readonly transition: Transition;
  /** The codes it is about. */
  readonly codes: readonly ReasonCode[];
  /** Why it was flagged or held back; null for the others. */
  readonly why: string | null;
  /** What is remembered once this was mailed. */
  readonly told: RememberedState;
}

/** Entries in the order of kinds above. Empty, or nothing but events: no mail. */
export function planMail(
  transitions: readonly Transition[],
  decisions: readonly FlagDecision[],
  now: Date,
  settings: Settings,
): readonly MailEntry[] {
  const decisionById = new Map(decisions.map((decision) => [decision.id, decision]));
  const entries = transitions
    .filter((t) => !isMuted(t.instance, now))
    .flatMap((t) => entriesOf(t, decisionById.get(t.instance.id), now, settings));
  const order: readonly MailKind[] = ['flagged', 'reminder', 'held', 'measured', 'unknown', 'recovered', 'event'];
  const sorted = order.flatMap((kind) => entries.filter((entry) => entry.kind === kind));
  return sorted.some((entry) => entry.kind !== 'event') ? sorted : [];
}

function entriesOf(t: Transition, decision: FlagDecision | undefined, now: Date, settings: Settings): MailEntry[] {
  const entries: MailEntry[] = [];
  const tell = (kind: MailKind, codes: readonly ReasonCode[], told: RememberedState, why: string | null = null) =>
    entries.push({ kind, transition: t, codes, told, why });
  const { after } = t;
  switch (t.kind) {
    case 'hung': {
      const reminders = after.flag === null ? 0 : remindersDue(after.flag.at, now, settings);
      const flaggedState = { ...after, told: TOLD_FLAGGED + reminders };
      if (after.flag !== null && after.told < TOLD_FLAGGED) {
        tell('flagged', after.reasons, flaggedState, decision?.why ?? null);
      } else if (after.flag !== null && after.told < flaggedState.told) tell('reminder', after.reasons, flaggedState);
      else if (decision !== undefined && !decision.flag && after.told < TOLD_HELD) {
        tell('held', after.reasons, { ...after, told: TOLD_HELD }, decision.why);
      }
      break;
    }
    case 'ours': {
      const untold = after.reasons.slice(after.told);
      if (after.stood >= UNKNOWN_CHECKS && untold.length > 0) {
        tell('unknown', untold, { ...after, told: after.reasons.length });
      }
      break;
    }
    case 'measured': {
      const toldAlready = after.reasons.slice(0, after.told);
      const standing = after.reasons
        .slice(after.told)
        .filter((code) => classOf(code) === 'measured' && t.before.reasons.includes(code));
      if (standing.length > 0) {
        const order = [...toldAlready, ...standing];
        const rest = after.reasons.filter((code) => !order.includes(code));
        tell('measured', standing, { ...after, reasons: [...order, ...rest], told: order.length });
      }
      break;
    }
    case null:
      break;
    default:
      t.kind satisfies never;
  }
  if (hasRecovered(t)) tell('recovered', t.before.reasons, after);
  if (after.reasons.includes('OomKill')) tell('event', ['OomKill'], after);
  return entries;
}

/** What was mailed has ended: it answers again, it is well again, or it can be asked again. */
function hasRecovered(t: Transition): boolean {
  const was = rememberedKind(t.before);
  const told = t.before.told > 0;
  const answers = t.outcome.kind === 'vitals';
  if (t.before.flag !== null) return answers;
  if (was === 'hung') return told && answers;
  if (was === 'ours') return told && t.kind !== 'ours' && t.kind !== 'hung';
  return was === 'measured' && told && t.kind === null;
}
