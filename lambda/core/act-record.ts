/** The record of acts as it is written: which acts stay on it, and how an act's state may go on. Pure. */
import type { Act, ActState } from '../model.ts';
import { isOpenAct } from './remedy-ladder.ts';

/** No budget looks further back than a day; that of restarts, of which a fleet may see many, an hour. */
const KEPT_MS = 24 * 3_600_000;
const KEPT_RESTART_MS = 2 * 3_600_000;

/** A state is never taken back: whoever has seen more has written it. */
const RANK: Readonly<Record<ActState, number>> = { begun: 0, done: 1, worked: 2, failed: 2 };

/** Those of which anything may still be asked. An open one stays, however old: nobody has been told how it ended. */
export function worthKeeping(acts: readonly Act[], now: Date): Act[] {
  return acts.filter((act) => {
    const wasGentle = act.remedy !== 'reboot' && act.state === 'worked';
    return isOpenAct(act) || now.getTime() - act.at.getTime() < (wasGentle ? KEPT_RESTART_MS : KEPT_MS);
  });
}

/** The acts, those among `changed` with the states that they have there. */
export function withStates(acts: readonly Act[], changed: readonly Act[]): Act[] {
  return acts.map((act) => {
    const later = changed.find((other) => isSame(act, other) && RANK[other.state] > RANK[act.state]);
    return later === undefined ? act : { ...act, state: later.state };
  });
}

export const isSame = (a: Act, b: Act): boolean =>
  a.instanceId === b.instanceId && a.remedy === b.remedy && a.asker === b.asker && a.at.getTime() === b.at.getTime();
