/**
 * A mail whose fate nobody knows, and a check that is about to send one: when another check steps back, and how often
 * the same news is tried again. Pure.
 */
import { isoSeconds, minutesBetween } from '../kit/index.ts';
import { rebootTrialMinutes, type Transition } from '../memory/index.ts';
import {
  type ActOutcome,
  type FleetState,
  type InstanceState,
  isNews,
  type Mailing,
  type RemedyNews,
} from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import type { MailPlan } from './plan.ts';

/** What a check knows of the acts of this time. */
export interface ActsSaid {
  /** Null: nothing is to be mailed of them. */
  readonly news: RemedyNews | null;
  /** By which the remedy function knows that news; null: it can't be acknowledged. */
  readonly receipt: string | null;
  /** Why the remedy function, which was asked, gave no answer; null: it did, or nobody asked it. */
  readonly unknown: string | null;
}

/** Nobody was asked to act. */
export const NO_ACTS: ActsSaid = { news: null, receipt: null, unknown: null };

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

/** A mail is out within two minutes, or its check is dead. */
const MAIL_MINUTES = 2;
/** So many intervals after a mail whose answer was lost, the next attempts wait for an hour each. */
const EAGER_INTERVALS = 3;
const RETRY_MINUTES = 60;
/** A clock may have been set back by so much since the first attempt. */
const CLOCK_MINUTES = 30;

/** Whether another check may be mailing at this moment, or waits for the remedy function before it does. */
export const isUnderWay = ({ mailing, asking }: FleetState, now: Date, { schedule }: Settings): boolean =>
  [mailing?.at, asking].some(
    (at) => at != null && Math.abs(minutesBetween(at, now)) < Math.max(MAIL_MINUTES, schedule.everyMinutes / 2),
  );

/**
 * Where every answer is lost, each attempt may be one more mail: after the first few an hour passes between two that hold
 * all that is due. Attempts in between, with news of acts or of other hosts, don't count.
 */
export const isPutOff = (mailing: Mailing | null, at: Date, { schedule }: Settings): mailing is Mailing =>
  mailing !== null &&
  Math.abs(minutesBetween(mailing.since, at)) > EAGER_INTERVALS * schedule.everyMinutes &&
  Math.abs(minutesBetween(mailing.whole ?? mailing.at, at)) < RETRY_MINUTES - schedule.everyMinutes / 2;

/** Of what is due the news about hosts that no lost mail has named: nobody has heard of them. */
export function untried({ entries, mailed }: MailPlan, { since }: Mailing): MailPlan {
  const isNew = ({ before: { mails } }: Transition) => mails.every((at) => minutesBetween(since, at) < -CLOCK_MINUTES);
  const some = entries.filter(({ kind, transition }) => kind !== 'event' && isNew(transition));
  const states = some.flatMap(({ transition: { instance } }): [string, InstanceState][] => {
    const state = mailed.get(instance.id);
    return state === undefined ? [] : [[instance.id, state]];
  });
  return { entries: some, mailed: new Map(states) };
}

/**
 * Whether news of acts may wait with the rest. Acts that no lost mail can have named don't, and no outcome does: until it
 * is mailed it is not on record, and holds other reboots back.
 */
export const mayWait = ({ acted, outcomes }: RemedyNews, { at }: Mailing): boolean =>
  outcomes.length === 0 && acted.every(({ act }) => act.at <= at);
