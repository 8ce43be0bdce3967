/**
 * When trouble becomes news and when it has ended, from one letter a check. Pure.
 *
 * A host that hangs and answers by turns, or changes from one trouble to another, never shows the same state twice in a
 * row. So nothing here asks for checks in a row: it counts letters.
 */

import { minutesBetween } from '../kit/index.ts';
import type { Incident, IncidentClass, InstanceState, Letter, ReasonCode } from '../model/index.ts';

const LETTERS_KEPT = 24;
const CODES_KEPT = 8;
/** An incident that ended and reopened so often within this time is unstable: it then takes longer to end. */
const UNSTABLE = { ends: 2, withinMinutes: 6 * 60, goodChecks: 6 };
const DAY_MINUTES = 24 * 60;
/**
 * An incident that would end after so many mails about its host within a day stays open: each end invites one more
 * opening, and twelve mails a day about one host are the most that anybody gets.
 */
const MAILS_BEFORE_LAST_END = 5;
/** But what comes after so many good checks is another incident, and news: the one before ends without a mail. */
const CALM_CHECKS = 20;
/**
 * It may as long as the day has no more mails than this: an opening, a hang, a flag and a reboot in vain are then left of
 * the twelve. That a disk or memory got worse is mailed no more once there are so many.
 */
const MAILS_BEFORE_LAST_OPENING = 8;

const SEVERITY: Readonly<Record<Letter, number>> = { '.': 0, '-': 0, u: 1, w: 2, c: 3, k: 4, h: 5 };
/** For mails: that a hang is ambiguous is no other class of trouble. */
const MAIL_RANK: Readonly<Record<IncidentClass, number>> = { u: 1, w: 2, c: 3, k: 4, h: 4 };
const WORST_FIRST = ['h', 'k', 'c', 'w'] as const;

/** The class that is news by these letters, the worst if several are; null: none is. */
export function dueClass(letters: string): IncidentClass | null {
  const [last3, last12] = [letters.slice(-3), letters.slice(-12)];
  for (const one of WORST_FIRST) {
    if (atLeast(one, last3) >= 2 || atLeast(one, last12) >= 4) return one;
  }
  return (last3.length === 3 && atLeast('u', last3) === 3) || atLeast('u', last12) >= 6 ? 'u' : null;
}

const atLeast = (one: IncidentClass, letters: string): number =>
  [...letters].filter((letter) => SEVERITY[letter as Letter] >= SEVERITY[one]).length;

/** Good checks in a row until now; one that was not made breaks no row. */
export function goodStreak(letters: string): number {
  const checked = letters.replaceAll('-', '');
  return checked.length - checked.replace(/\.+$/, '').length;
}

/** How many of the last 24 checks were good. */
export const goodChecks = (letters: string): { readonly good: number; readonly of: number } => ({
  good: [...letters].filter((letter) => letter === '.').length,
  of: letters.length,
});

/** Mails that named it within the last 24 hours. */
export const mailsOfDay = ({ mails }: Pick<InstanceState, 'mails'>, now: Date): readonly Date[] =>
  mails.filter((at) => Math.abs(minutesBetween(at, now)) < DAY_MINUTES);

/** Whether a mail may say that its trouble is over: each of these invites one more that says it is back. */
export const mayMailEnd = (state: Pick<InstanceState, 'mails'>, now: Date): boolean =>
  mailsOfDay(state, now).length <= MAILS_BEFORE_LAST_END;

/** Whether a mail may say that trouble which was mailed before has become worse. */
export const mayMailWorse = (state: Pick<InstanceState, 'mails'>, due: IncidentClass | null, now: Date): boolean =>
  due === 'h' || due === 'k' || mailsOfDay(state, now).length < MAILS_BEFORE_LAST_OPENING;

export const isUnstable = ({ ends }: Pick<InstanceState, 'ends'>): boolean => ends.length >= UNSTABLE.ends;

/** Good checks in a row that end an incident. */
export const checksToRecover = (state: Pick<InstanceState, 'ends'>, recoverAfter: number): number =>
  isUnstable(state) ? Math.max(recoverAfter, UNSTABLE.goodChecks) : recoverAfter;

/** Whether a mail about `due` says more than the one about `mailed`. */
export const isWorse = (due: IncidentClass | null, mailed: IncidentClass | null): boolean =>
  due !== null && (mailed === null || MAIL_RANK[due] > MAIL_RANK[mailed]);

export interface Advanced extends Pick<InstanceState, 'letters' | 'fresh' | 'incident' | 'ends' | 'mails'> {
  /** It was due for a mail, and has ended with this check. */
  readonly isOver: boolean;
}

/**
 * One more check.
 * @param isRepeat it came so soon after the last that both count as one: the worse of them stays
 * @param recoverAfter good checks in a row that end an incident
 */
export function advance(
  before: InstanceState,
  check: { readonly letter: Letter; readonly codes: readonly ReasonCode[]; readonly isRepeat: boolean },
  now: Date,
  recoverAfter: number,
): Advanced {
  const { letters, fresh } = append(before, check.letter, check.isRepeat);
  const within = (dates: readonly Date[], minutes: number) =>
    dates.filter((at) => Math.abs(minutesBetween(at, now)) < minutes);
  const ends = within(before.ends, UNSTABLE.withinMinutes);
  const mails = mailsOfDay(before, now);
  const isGood = check.letter === '.' || check.letter === '-';
  if (before.incident === null && isGood) return { letters, fresh, incident: null, ends, mails, isOver: false };

  const own = letters.slice(letters.length - fresh);
  const open = before.incident ?? newIncident(now);
  const due = dueClass(own);
  const incident: Incident = {
    ...open,
    due: isWorse(due, open.due) ? due : open.due,
    codes: isGood ? open.codes : [...new Set([...open.codes, ...check.codes])].slice(0, CODES_KEPT),
  };
  const ended = goodStreak(own) >= checksToRecover({ ends }, recoverAfter);
  if (ended && incident.due === null) return { letters, fresh, incident: null, ends, mails, isOver: false };
  const isOver = ended && mayMailEnd({ mails }, now);
  if (ended && !isOver && goodStreak(own) >= CALM_CHECKS && mails.length <= MAILS_BEFORE_LAST_OPENING) {
    return { letters, fresh: 0, incident: null, ends: [...ends, now], mails, isOver };
  }
  return { letters, fresh, incident, ends, mails, isOver };
}

function append(before: InstanceState, letter: Letter, isRepeat: boolean) {
  const last = before.letters.at(-1) as Letter | undefined;
  if (isRepeat && last !== undefined) {
    const worse = SEVERITY[letter] > SEVERITY[last] ? letter : last;
    return { letters: `${before.letters.slice(0, -1)}${worse}`, fresh: before.fresh };
  }
  return {
    letters: `${before.letters}${letter}`.slice(-LETTERS_KEPT),
    fresh: Math.min(before.fresh + 1, LETTERS_KEPT),
  };
}

const newIncident = (now: Date): Incident => ({
  openedAt: now,
  due: null,
  mailed: null,
  mailedAt: null,
  codes: [],
  heldMailed: false,
  flagMailed: false,
  vainMailed: false,
});

/** The state once the end of its incident was mailed, or needs no mail. */
export const closed = (state: InstanceState, now: Date): InstanceState => ({
  ...state,
  incident: null,
  fresh: 0,
  ends: [...state.ends, now],
});
