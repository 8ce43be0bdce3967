/**
 * What is written to the tags around a mail, and what may be mailed when tags can't be written. Pure.
 *
 * Counters and flags are written before the mail: the mail then tells the truth about them, and a mail is never
 * repeated because nothing could remember it. Status and since follow the mail: until it is out, they stay.
 */
import type { RememberedState, TagFailure, TagWrite } from '../model.ts';
import { TAG } from '../names.ts';
import type { Settings } from '../settings.ts';
import type { FlagPlan } from './plan-flags.ts';
import type { MailEntry } from './plan-mail.ts';
import { writeState } from './remembered-state.ts';
import { COUNTER_KEYS, groupTagWrites, TOLD_KEYS, type Transition, tagChanges } from './transitions.ts';

/** The state after this check, with the flag if the plan sets one. */
export function withFlag(t: Transition, plan: FlagPlan, now: Date): Transition {
  const reason = t.after.reasons[0];
  const flagged = plan.decisions.some((decision) => decision.flag && decision.id === t.instance.id);
  return flagged && reason !== undefined ? { ...t, after: { ...t.after, flag: { reason, at: now } } } : t;
}

/**
 * Counters, flags and pins that changed; and, for hosts that a mail will name, what already stands is written once
 * more, so that a failure to write is known before the mail goes out.
 */
export function writesBeforeMail(transitions: readonly Transition[], entries: readonly MailEntry[]): TagWrite[] {
  const named = new Set(entries.map((entry) => entry.transition.instance.id));
  return groupTagWrites(
    transitions.map((t) => {
      const changed = tagChanges(t.before, t.after, COUNTER_KEYS);
      const standing = writeState(t.before)[TAG.status];
      const probe = named.has(t.instance.id) && standing !== null ? { [TAG.status]: standing } : {};
      return { id: t.instance.id, tags: { ...probe, ...changed } };
    }),
  );
}

/** Terminated while it was being checked: nothing is lost with its tags. */
export const isGone = (failure: TagFailure): boolean => failure.text.startsWith('InvalidInstanceID');

export interface Mailable {
  readonly entries: readonly MailEntry[];
  /** Why tags could not be written for hosts that are named all the same. */
  readonly tagTrouble: string | null;
}

/** Hosts whose tags can't be written are mailed in the first check of an hour only: nothing remembers that they were. */
export function mailable(
  entries: readonly MailEntry[],
  failures: readonly TagFailure[],
  now: Date,
  settings: Settings,
): Mailable {
  const failed = new Map(failures.map((failure) => [failure.id, failure.text]));
  const trouble = entries.map((entry) => failed.get(entry.transition.instance.id)).find((text) => text !== undefined);
  if (trouble === undefined) return { entries, tagTrouble: null };
  if (now.getUTCMinutes() < settings.schedule.everyMinutes) return { entries, tagTrouble: trouble };
  return { entries: entries.filter((entry) => !failed.has(entry.transition.instance.id)), tagTrouble: null };
}

/**
 * Status and since of every instance that changed; with what was told where the mail went out, and not at all for those
 * it named where it didn't.
 */
export function writesAfterMail(
  transitions: readonly Transition[],
  named: readonly MailEntry[],
  sent: boolean,
  unwritable: ReadonlySet<string>,
): TagWrite[] {
  const told = new Map<string, RememberedState>();
  for (const { transition: t, told: state } of named) {
    // An instance may have recovered and need attention in one mail: the entry that tells something wins.
    if (state !== t.after || !told.has(t.instance.id)) told.set(t.instance.id, state);
  }
  return groupTagWrites(
    transitions
      .filter((t) => !unwritable.has(t.instance.id) && (sent || !told.has(t.instance.id)))
      .map((t) => ({
        id: t.instance.id,
        tags: tagChanges(t.before, told.get(t.instance.id) ?? t.after, TOLD_KEYS),
      })),
  );
}
