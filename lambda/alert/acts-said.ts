/** What a check knows of acts when it mails. */
import type { ActOutcome, RemedyNews } from '../model/index.ts';

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
