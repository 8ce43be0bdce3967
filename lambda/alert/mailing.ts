/**
 * A mail whose fate nobody knows, and a check that is about to send one: when another check steps back, and how often
 * the same news is tried again. Pure.
 */
import { minutesBetween } from '../kit/index.ts';
import type { Transition } from '../memory/index.ts';
import type { FleetState, InstanceState, Mailing, RemedyNews } from '../model/index.ts';
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

/** Hosts of which the acts' news says that a reboot did not help: of those the check has no more to say later. */
export const rebootedInVainBy = (news: RemedyNews | null): ReadonlySet<string> =>
  new Set([
    ...(news?.outcomes ?? []).flatMap(({ outcome, act }) =>
      outcome === 'failed' && act.remedy === 'reboot' ? [act.instanceId] : [],
    ),
    ...(news?.escalated ?? []).map(({ instanceId }) => instanceId),
  ]);

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

/** Where every answer is lost, each attempt may be one more mail. */
export const isPutOff = (mailing: Mailing | null, at: Date, { schedule }: Settings): mailing is Mailing =>
  mailing !== null &&
  Math.abs(minutesBetween(mailing.since, at)) > EAGER_INTERVALS * schedule.everyMinutes &&
  Math.abs(minutesBetween(mailing.at, at)) < RETRY_MINUTES - schedule.everyMinutes / 2;

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
