/** Instances that were stopped, terminated or taken over by another stack: what was known of them ends here. Pure. */
import type { Instance, InstanceState, ReasonCode } from '../model/index.ts';
import { NOTHING_REMEMBERED } from '../model/index.ts';
import { mayMailEnd } from './incident.ts';
import { isMuted } from './mute.ts';

export interface Departure {
  readonly id: string;
  readonly name: string;
  /** Completes `NAME (i-...)`: `is stopped`, `is no longer listed`. */
  readonly what: string;
  readonly codes: readonly ReasonCode[];
  readonly wasFlagged: boolean;
  /** Of the incident that was mailed and ends with it; null: none was. */
  readonly openedAt: Date | null;
  /** A mail spoke of its trouble, so a mail says that it is gone. */
  readonly isNews: boolean;
}

export interface Departed {
  readonly departures: readonly Departure[];
  /** What is remembered of instances that this check did not probe. */
  readonly kept: ReadonlyMap<string, InstanceState>;
}

/** Checks without a sight of it after which an instance that isn't listed is forgotten: two hours as a rule. */
const FORGOTTEN = /^-{24}$/;

/**
 * @param found every instance that was discovered
 * @param isWhole every part of the fleet could be read: who is missing then is gone
 */
export function departuresOf(
  states: ReadonlyMap<string, InstanceState>,
  found: readonly Instance[],
  isWhole: boolean,
  now: Date,
): Departed {
  const departures: Departure[] = [];
  const kept = new Map<string, InstanceState>();
  const byId = new Map(found.map((one) => [one.id, one]));
  for (const [id, state] of states) {
    const one = byId.get(id);
    if (one !== undefined && one.skipped === null) continue;
    if (one === undefined) {
      const letters = `${state.letters}-`.slice(-24);
      const fresh = Math.min(state.fresh + 1, 24);
      if (!isWhole || !FORGOTTEN.test(letters)) kept.set(id, isWhole ? { ...state, letters, fresh } : state);
      else departures.push(...departed(id, id, 'is no longer listed', state, false));
      continue;
    }
    if (state.incident !== null && !mayMailEnd(state, now)) {
      // It was mailed often enough today: its incident goes on where it comes back.
      kept.set(id, { ...state, status: null, since: null, failures: 0, failingSince: null, flag: null });
      continue;
    }
    departures.push(...departed(id, one.name, one.skipped ?? '', state, isMuted(one, now)));
    // The key and the boot id outlive a stop; neither the flag nor the count may outlive the boot they were about.
    const { letters, pin, renewed, seen, acted, mails, ends } = state;
    kept.set(id, { ...NOTHING_REMEMBERED, letters, pin, renewed, seen, acted, mails, ends });
  }
  return { departures, kept };
}

function departed(id: string, name: string, what: string, state: InstanceState, isMuted: boolean): Departure[] {
  const { incident, flag } = state;
  const mailed = flag !== null || (incident !== null && incident.mailed !== null);
  if (incident === null && flag === null) return [];
  const codes = incident?.codes ?? state.reasons;
  const openedAt = incident === null || incident.mailed === null ? null : incident.openedAt;
  return [{ id, name, what, codes, wasFlagged: flag !== null, openedAt, isNews: mailed && !isMuted }];
}
