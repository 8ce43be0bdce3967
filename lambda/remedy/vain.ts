/** Reboots in vain, and the pause of automatic acts that two of them in a row bring about. Pure. */

import { clockTime } from '../kit/index.ts';
import type { Act, Pause } from '../model/index.ts';
import { called, isOpenAct } from './ladder.ts';

/** So many in a row, of whatever hosts and by whatever requester, and reboots are not what helps here. */
const IN_VAIN_AT_MOST = 2;

/**
 * The last reboots on record, oldest first, as far back as none of them is known to have helped. One that was given up
 * without proof counts; one that AWS refused was none.
 *
 * @param resumedAt when a person last resumed: what was begun before no longer counts
 */
export function rebootsInVain(acts: readonly Act[], resumedAt: Date | null): readonly Act[] {
  const ended = acts.filter(
    (act) =>
      act.remedy === 'reboot' &&
      !isOpenAct(act) &&
      act.undone === undefined &&
      (resumedAt === null || act.at >= resumedAt),
  );
  return ended.slice(ended.findLastIndex(({ state }) => state === 'worked') + 1);
}

/**
 * The pause of automatic acts, for as long as the record shows that many in vain in a row: it follows from the record
 * alone, so that the outcome which brings it about is never there without it. People may go on acting.
 */
export function automaticPause(acts: readonly Act[], resumedAt: Date | null): Pause | null {
  const inVain = rebootsInVain(acts, resumedAt);
  const last = inVain[IN_VAIN_AT_MOST - 1];
  if (last === undefined) return null;
  const which = inVain.slice(0, IN_VAIN_AT_MOST).map((act) => `${called(act)} at ${clockTime(act.at, last.at)}`);
  return {
    who: 'crawlwatch',
    why: `${IN_VAIN_AT_MOST} reboots in a row did not help: ${which.join(', ')}`,
    from: last.at,
    until: null,
  };
}

/** Those of them that the record must keep, however old: without them the pause would end by itself. */
export const keptInVain = (acts: readonly Act[]): readonly Act[] => rebootsInVain(acts, null).slice(-IN_VAIN_AT_MOST);
