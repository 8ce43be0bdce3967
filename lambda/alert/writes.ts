/**
 * What is written to the tags around a mail, and what may be mailed when tags can't be written. Pure.
 *
 * Counters and flags are written before the mail: the mail then tells the truth about them, and a mail is never
 * repeated because nothing could remember it. Status and since follow the mail: until it is out, they stay.
 */

import { writeState } from '../discover/index.ts';
import type { FlagPlan } from '../flag/index.ts';
import { COUNTER_KEYS, groupTagWrites, TOLD_KEYS, type Transition, tagChanges } from '../memory/index.ts';
import type { Instance, TagFailure, TagWrite } from '../model/index.ts';
import { TAG } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import type { MailEntry, Told } from './plan.ts';

/** The state after this check, with the flag if the plan sets one. */
export function withFlag(t: Transition, plan: FlagPlan, now: Date): Transition {
  const reason = t.after.reasons[0];
  const flagged = plan.decisions.some((decision) => decision.flag && decision.id === t.instance.id);
  return flagged && reason !== undefined ? { ...t, after: { ...t.after, flag: { reason, at: now } } } : t;
}

/** The flag is a tag: where the tag could not be written, the instance isn't flagged. */
export const withoutFlag = (t: Transition): Transition => ({ ...t, after: { ...t.after, flag: t.before.flag } });

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
  if (now.getUTCMinutes() >= settings.schedule.everyMinutes) {
    return { entries: entries.filter((entry) => !failed.has(entry.transition.instance.id)), tagTrouble: null };
  }
  return {
    entries: entries.map((entry) => (failed.has(entry.transition.instance.id) ? unflagged(entry) : entry)),
    tagTrouble: trouble,
  };
}

/** A flag is a tag: where none can be written there is none, and the mail says so. */
function unflagged(entry: MailEntry): MailEntry {
  if (entry.kind !== 'flagged') return entry;
  return { ...entry, kind: 'held', why: `not flagged: the flag is a tag, and its tags can't be written` };
}

/** Those of which another check has written since this one read their tags: two that overlap don't mail the same. */
export function overtaken(transitions: readonly Transition[], now: readonly Instance[]): ReadonlySet<string> {
  const known = new Map(now.map((one) => [one.id, one.memory]));
  const late = transitions.filter(({ instance, before }) => {
    const state = known.get(instance.id);
    return state === undefined ? before.status !== null : Object.keys(tagChanges(before, state, TOLD_KEYS)).length > 0;
  });
  return new Set(late.map((t) => t.instance.id));
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
  const told = new Map<string, Told>();
  // An instance may have recovered and need attention in one mail.
  for (const entry of named) {
    const { id } = entry.transition.instance;
    told.set(id, { ...told.get(id), ...entry.told });
  }
  return groupTagWrites(
    transitions
      .filter((t) => !unwritable.has(t.instance.id) && (sent || !told.has(t.instance.id)))
      .map((t) => ({
        id: t.instance.id,
        tags: tagChanges(t.before, { ...t.after, ...told.get(t.instance.id) }, TOLD_KEYS),
      })),
  );
}
