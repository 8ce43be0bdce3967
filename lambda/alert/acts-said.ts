/** What a check knows of acts when it mails. */

import { isoSeconds, minutesBetween } from '../kit/index.ts';
import { rebootTrialMinutes, type Transition } from '../memory/index.ts';
import type { ActOutcome, RemedyNews } from '../model/index.ts';
import { isNews } from './acts.ts';

/** What a check knows of the acts of this time. */
export interface ActsSaid {
  /** Null: nothing is to be mailed of them. */
  readonly news: RemedyNews | null;
  /** By which the remedy function knows that news; null: it can't be acknowledged. */
  readonly receipt: string | null;
  /** False: the remedy function was asked, and no answer came. */
  readonly isKnown: boolean;
}

/** Nobody was asked to act. */
export const NO_ACTS: ActsSaid = { news: null, receipt: null, isKnown: true };

/** A reboot in vain, as the remedy function knows it: it needs a person. */
const isInVain = ({ outcome, act }: ActOutcome): boolean => outcome === 'failed' && act.remedy === 'reboot';

/** Hosts of which the acts' news says that a reboot did not help: of those the check has no more to say later. */
export const rebootedInVainBy = (news: RemedyNews | null): ReadonlySet<string> =>
  new Set([
    ...(news?.outcomes ?? []).filter(isInVain).map(({ act }) => act.instanceId),
    ...(news?.escalated ?? []).map(({ instanceId }) => instanceId),
  ]);

/**
 * Without the reboots in vain that an earlier check has mailed by itself, as it does where the remedy function gives no
 * answer. Null: nothing is left of it.
 */
export function withoutMailedInVain(
  news: RemedyNews | null,
  transitions: readonly Transition[],
  everyMinutes: number,
): RemedyNews | null {
  if (news === null) return null;
  const states = new Map(transitions.map((t) => [t.instance.id, t] as const));
  /** The reboot whose verdict was mailed. */
  const mailedOf = (id: string): Date | null => {
    const t = states.get(id);
    if (t === undefined || t.after.flag === null) return null;
    const { incident, acted } = t.before;
    if (incident === null || !incident.vainMailed || incident.mailedAt === null || acted?.what !== 'reboot')
      return null;
    // An earlier reboot of the same flag may have been mailed: only a mail after this one's trial can have named it.
    return minutesBetween(acted.at, incident.mailedAt) > rebootTrialMinutes(everyMinutes) ? acted.at : null;
  };
  const isMailed = ({ act }: ActOutcome): boolean => {
    const at = mailedOf(act.instanceId);
    // Tags keep whole seconds.
    return at !== null && isoSeconds(at) === isoSeconds(act.at);
  };
  const outcomes = news.outcomes.filter((one) => !(isInVain(one) && isMailed(one)));
  const isFresh = (id: string) => outcomes.some((one) => one.act.instanceId === id && isInVain(one));
  const escalated = news.escalated.filter(({ instanceId: id }) => isFresh(id) || mailedOf(id) === null);
  const left = { ...news, outcomes, escalated };
  return isNews(left) ? left : null;
}
