/** Which instance's incident is news in this check, and what is remembered of it once that is mailed. Pure. */
import type { FlagPlan } from '../flag/index.ts';
import { countFailures } from '../flag/index.ts';
import { ackWords, UNREADABLE_MUTE } from '../judge/index.ts';
import { clockTime, minutesBetween, plural } from '../kit/index.ts';
import {
  checksToRecover,
  closed,
  endedMuted,
  goodChecks,
  hasChanged,
  isMuted,
  isUnstable,
  isWorse,
  mayMailEnd,
  mayMailWorse,
  rebootedInVain,
  type Transition,
} from '../memory/index.ts';
import {
  type Incident,
  type IncidentChange,
  type IncidentClass,
  type InstanceState,
  type ReasonCode,
  TAG,
} from '../model/index.ts';
import type { Settings } from '../settings/index.ts';

/** In the order of a mail. */
export const MAIL_KINDS = [
  'suppressed',
  'escalated',
  'flagged',
  'reminder',
  'held',
  'measured',
  'inconclusive',
  'recovered',
  'event',
] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

export interface MailEntry {
  readonly kind: MailKind;
  readonly transition: Transition;
  /** The codes it is about. */
  readonly codes: readonly ReasonCode[];
  /** Why it was flagged or held back, or what else a reader needs; null where there is nothing. */
  readonly why: string | null;
  /**
   * How its incident changed since the last mail about it. Null where it did not: a reminder, the verdict on a hang that
   * was mailed before, or the end of a flag whose incident goes on.
   */
  readonly change: IncidentChange | null;
}

export interface MailPlan {
  /** In the order of kinds above. Empty, or nothing but events: no mail. */
  readonly entries: readonly MailEntry[];
  /** The states of instances whose news this is, as they are once the mail is out. */
  readonly mailed: ReadonlyMap<string, InstanceState>;
}

interface News {
  readonly entry: Omit<MailEntry, 'transition'>;
  readonly mailed: InstanceState;
}

export function planMail(
  transitions: readonly Transition[],
  plan: FlagPlan,
  breakerMailed: boolean,
  now: Date,
  settings: Settings,
): MailPlan {
  const suppressed = suppressionOf(transitions, plan, breakerMailed, now, settings);
  // What is still waited for is no news.
  const whys = new Map(plan.decisions.flatMap(({ id, why, waits }) => (waits ? [] : [[id, why] as const])));
  const found = transitions.flatMap((t): { transition: Transition; news: News }[] => {
    if (isMuted(t.instance, now) || endedMuted(t.instance, t, now)) return [];
    const news = suppressed.has(t)
      ? suppression(t, now, settings)
      : newsOf(t, whys.get(t.instance.id) ?? null, now, settings);
    return news === null ? [] : [{ transition: t, news }];
  });
  const entries = found.map(({ transition, news }): MailEntry => ({ transition, ...news.entry }));
  const mailed = new Map(found.map(({ transition, news }) => [transition.instance.id, news.mailed]));
  if (entries.length === 0) return { entries: [], mailed };
  // What happened is worth a line in a mail, never a mail.
  for (const t of transitions) {
    if (t.after.events.length === 0 || isMuted(t.instance, now)) continue;
    entries.push({ kind: 'event', transition: t, codes: t.after.events, why: null, change: null });
    mailed.set(t.instance.id, { ...(mailed.get(t.instance.id) ?? t.after), events: [] });
  }
  return { entries: MAIL_KINDS.flatMap((kind) => entries.filter((entry) => entry.kind === kind)), mailed };
}

/** The end of an incident that was mailed, and that no mail says. */
export interface UnmailedEnd {
  readonly transition: Transition;
  /** Why no mail says it, as a sentence. */
  readonly why: string;
  /** It is over once events have said so, or an hour has passed: until then each check tries again. */
  readonly isTriedAgain: boolean;
}

const TRIED_MINUTES = 60;

/** Ends for events alone: a pager or a tracker that opened something by an event closes it by another. */
export function unmailedEnds(transitions: readonly Transition[], now: Date): UnmailedEnd[] {
  return transitions.flatMap((t): UnmailedEnd[] => {
    const { before, after } = t;
    if (endedMuted(t.instance, t, now)) {
      if (after.incident?.mailed == null) return [];
      const isTriedAgain = after.since !== null && minutesBetween(after.since, now) < TRIED_MINUTES;
      return [{ transition: t, why: 'It was muted, so no mail says this.', isTriedAgain }];
    }
    if (before.incident?.mailed == null || after.incident !== null) return [];
    const why = 'It was mailed as often as a day allows, so no mail says this.';
    return [{ transition: t, why, isTriedAgain: false }];
  });
}

/** One alert says that flagging stopped, in the fleet or in a failure domain, and because of which instances. */
function suppressionOf(
  transitions: readonly Transition[],
  { breaker }: FlagPlan,
  isMailed: boolean,
  now: Date,
  settings: Settings,
): ReadonlySet<Transition> {
  if (breaker.suspended.length === 0 || isMailed) return new Set();
  const { failing, recent, domainsWith } = countFailures(transitions, now, settings);
  const whose = breaker.tripped
    ? recent.length > 0
      ? recent
      : failing
    : failing.filter((t) => domainsWith(t).length > 0);
  // It ends like a flag does, without a mail of its own: so the same bound holds for its beginnings.
  return new Set(whose.filter((t) => t.after.flag === null && mayMailEnd(t.after, now)));
}

function suppression(t: Transition, now: Date, settings: Settings): News | null {
  const { incident } = t.after;
  if (incident === null) return null;
  const due: IncidentClass = t.kind === 'hung' ? 'h' : 'u';
  // That flagging stopped changes no incident, but this may be the first mail about one.
  const change = changeOf(incident, due);
  return {
    entry: { kind: 'suppressed', codes: t.after.reasons, why: null, change },
    mailed: afterMail(
      t,
      { ...incident, heldMailed: true, due: isWorse(due, incident.due) ? due : incident.due },
      now,
      settings,
    ),
  };
}

function newsOf(t: Transition, why: string | null, now: Date, settings: Settings): News | null {
  const { before, after } = t;
  const { incident } = after;
  if (t.isOver && incident !== null) {
    const entry = { kind: 'recovered', codes: incident.codes, why: null, change: 'ended' } as const;
    return { entry, mailed: { ...closed(after, now), mails: [...after.mails, now] } };
  }
  // By what was mailed, too: the check that removed the flag may not have got its mail out.
  const wasFlagged = before.flag !== null || incident?.flagMailed === true;
  if (wasFlagged && after.flag === null && t.outcome.kind === 'vitals' && mayMailEnd(after, now)) {
    return flagRemoved(t, now);
  }
  if (incident === null) return null;
  // What the first mail of a hang could not know: why it is not flagged, or that sshd alone is down.
  const isJudged = (t.kind === 'hung' && why !== null) || after.reasons.includes('SshdDown');
  const heldMailed = incident.heldMailed || isJudged;
  const isVerdict = heldMailed && !incident.heldMailed && incident.mailed !== null && mayMailEnd(after, now);
  const isGrown = isWorse(incident.due, incident.mailed) || (incident.mailed !== null && hasChanged(t));
  const isNew = (isGrown && (incident.mailed === null || mayMailWorse(after, incident.due, now))) || isVerdict;
  const news = (
    kind: MailKind,
    codes: readonly ReasonCode[],
    text: string | null,
    change: IncidentChange | null = isNew ? changeOf(incident, incident.due) : null,
  ): News => ({
    entry: { kind, codes: codes.length > 0 ? codes : incident.codes, why: withPeoplesWords(text, t, now), change },
    mailed: afterMail(t, { ...incident, heldMailed }, now, settings),
  });

  const inVain = rebootedInVain(after, now, settings.schedule.everyMinutes);
  if (inVain !== null && !incident.vainMailed) {
    const text = `the reboot of ${clockTime(inVain, now)} did not help: it needs a person`;
    return news('escalated', after.reasons, text, 'escalated');
  }
  if (after.flag !== null && !incident.flagMailed) return news('flagged', after.reasons, why, 'flagged');
  if (!isNew && !isReminderDue(t, incident, now, settings)) return null;
  if (!isNew && after.flag !== null) {
    return inVain === null
      ? news('reminder', after.reasons, null)
      : news('escalated', after.reasons, `the reboot of ${clockTime(inVain, now)} did not help: it needs a person`);
  }
  const { letter } = t;
  // It is well at this moment: either the next bad check mails it, or the end does.
  if (letter === '.') return null;
  const unstable = unstableWords(after, settings);
  const isClear = letter === 'w' || letter === 'c' || letter === 'h' || letter === 'k';
  const shown = incident.due !== null && isClear ? letter : incident.due;
  switch (shown) {
    case null:
      return null;
    case 'u':
      return news('inconclusive', after.reasons, unstable);
    case 'w':
    case 'c':
      return news('measured', after.reasons, unstable);
    case 'h':
    case 'k':
      return news('held', after.reasons, unstable ?? why ?? waitingWords(t, settings));
  }
  return shown satisfies never;
}

/** Of an incident that is news by its class. */
function changeOf({ mailed }: Incident, due: IncidentClass | null): IncidentChange | null {
  if (mailed === null) return 'opened';
  return isWorse(due, mailed) ? 'escalated' : null;
}

/** It answers, so that the flag is gone; what is left of the incident goes on, and may grow again. */
function flagRemoved(t: Transition, now: Date): News {
  const { incident } = t.after;
  const codes = t.before.incident?.codes ?? t.before.reasons;
  const left: IncidentClass | null = t.letter === 'w' || t.letter === 'c' ? t.letter : null;
  const quiet = { mailedAt: now, flagMailed: false, vainMailed: false };
  const going = incident === null ? null : { ...withoutAck(incident), due: left, mailed: left, ...quiet };
  // Its end is mailed: where it fails again before it closes, that is another incident, with a key of its own.
  const next = going === null || left !== null ? going : { ...going, openedAt: now, codes: [] };
  return {
    // With nothing left to mail the incident closes without another mail.
    entry: { kind: 'recovered', codes, why: null, change: left === null ? 'ended' : null },
    mailed: { ...t.after, incident: next, fresh: 1, mails: [...t.after.mails, now] },
  };
}

function afterMail(t: Transition, incident: Incident, now: Date, { schedule }: Settings): InstanceState {
  const { due, mailed } = incident;
  return {
    ...t.after,
    mails: [...t.after.mails, now],
    incident: {
      ...(hasChanged(t) ? withoutAck(incident) : incident),
      mailed: isWorse(due, mailed) ? due : mailed,
      mailedAt: now,
      flagMailed: incident.flagMailed || t.after.flag !== null,
      vainMailed: incident.vainMailed || rebootedInVain(t.after, now, schedule.everyMinutes) !== null,
    },
  };
}

/** Once it has changed, reminders go on until somebody acknowledges it again. */
function withoutAck({ ack: _, ...incident }: Incident): Incident {
  return incident;
}

/** What people have decided about its host, and a reader of this mail may not expect. */
function withPeoplesWords(text: string | null, t: Transition, now: Date): string | null {
  const ack = t.after.incident?.ack;
  const words = [
    ...(text === null ? [] : [text]),
    ...(ack === undefined ? [] : [`it was ${ackWords(ack, now)}${hasChanged(t) ? '; it has changed since' : ''}`]),
    ...(t.instance.mute === 'unreadable' && text?.includes(TAG.mute) !== true ? [UNREADABLE_MUTE] : []),
  ];
  return words.length === 0 ? null : words.join('; ');
}

/** A warning is mailed once; what is worse, or can't be known, is worth a reminder, unless a person knows of it. */
function isReminderDue(
  t: Transition,
  { due, mailed, mailedAt, ack }: Incident,
  now: Date,
  { alerts }: Settings,
): boolean {
  if (ack !== undefined && !hasChanged(t)) return false;
  if (alerts.remindHours === 0 || mailed === null || mailedAt === null || due === 'w') return false;
  return minutesBetween(mailedAt, now) >= alerts.remindHours * 60;
}

function unstableWords(state: InstanceState, { alerts }: Settings): string | null {
  if (!isUnstable(state)) return null;
  const { good, of } = goodChecks(state.letters);
  return `it is unstable: ${good} of its last ${of} checks were good; it counts as recovered after ${checksToRecover(state, alerts.recoverAfter)} good ones in a row`;
}

/** So begins why a hang is not flagged where later checks decide it. */
export const NOT_YET = 'not flagged yet';
const waitingWords = ({ after }: Transition, { flag }: Settings): string =>
  `${NOT_YET}: ${plural(after.failures, 'failed check')} in a row, of ${flag.afterFailures}`;
