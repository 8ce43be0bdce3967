/** The one mail of a check: its incidents, and what was done about them. */
import type { ActOutcome, Alert, RemedyNews } from '../model/index.ts';
import { SUBJECT_MAX } from '../model/index.ts';
import { composeRemedyAlert } from './acts.ts';
import { composeAlert, type MailContext } from './message.ts';
import type { MailEntry } from './plan.ts';

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

const UNKNOWN = 'crawlwatch may be acting on it by itself at this moment: the next mail says what came of it';

export function composeOneMail(planned: readonly MailEntry[], context: MailContext, acts: ActsSaid): Alert | null {
  const { news } = acts;
  const entries = acts.unknown === null ? planned.map((entry) => withVerdict(entry, news)) : planned.map(inDoubt);
  const beside = news === null ? null : withoutVerdicts(news, planned);
  const alert = join(composeAlert(entries, { ...context, ...{ acts: beside } }), beside);
  return alert === null ? null : { ...alert, acts: news };
}

/** Whatever would be done about it now: a reader must not take it for undone. */
const inDoubt = (entry: MailEntry): MailEntry => {
  const { after, assessment } = entry.transition;
  const isTreatable =
    after.flag !== null ||
    assessment.recommendation === 'restart-worker' ||
    assessment.recommendation === 'restart-sshd';
  if (!isTreatable || entry.kind === 'recovered') return entry;
  return { ...entry, why: entry.why === null ? UNKNOWN : `${entry.why}; ${UNKNOWN}` };
};

/** A reboot in vain, as the remedy function knows it: it needs a person. */
const isInVain = ({ outcome, act }: ActOutcome): boolean => outcome === 'failed' && act.remedy === 'reboot';

/** Hosts of which the acts' news says that a reboot did not help: of those the check has no more to say later. */
export const rebootedInVainBy = (news: RemedyNews | null): ReadonlySet<string> =>
  new Set([
    ...(news?.outcomes ?? []).filter(isInVain).map(({ act }) => act.instanceId),
    ...(news?.escalated ?? []).map(({ instanceId }) => instanceId),
  ]);

/** Both know of a reboot in vain, by what they remember: it is one statement, in the words that say what to do. */
function withVerdict(entry: MailEntry, news: RemedyNews | null): MailEntry {
  if (entry.kind !== 'escalated') return entry;
  const { id } = entry.transition.instance;
  const verdict = news?.escalated.find(({ instanceId }) => instanceId === id);
  return verdict === undefined ? entry : { ...entry, why: verdict.why };
}

/** What is handed over to a person says that the reboot did not help; where an incident says both, neither is left. */
function withoutVerdicts(news: RemedyNews, planned: readonly MailEntry[]): RemedyNews {
  const said = new Set(
    planned.filter(({ kind }) => kind === 'escalated').map(({ transition }) => transition.instance.id),
  );
  const handedOver = new Set([...said, ...news.escalated.map(({ instanceId }) => instanceId)]);
  return {
    ...news,
    outcomes: news.outcomes.filter((one) => !isInVain(one) || !handedOver.has(one.act.instanceId)),
    escalated: news.escalated.filter(({ instanceId }) => !said.has(instanceId)),
  };
}

/** Where the text of incidents leaves the acts out, theirs follows it. */
function join(alert: Alert | null, acts: RemedyNews | null): Alert | null {
  if (acts === null || (alert !== null && alert.acts !== null)) return alert;
  const own = composeRemedyAlert(acts);
  if (own === null || alert === null) return own ?? alert;
  const { attributes } = alert;
  return {
    ...alert,
    subject: `${alert.subject}; ${own.subject.replace(/^crawlwatch: /, '')}`.slice(0, SUBJECT_MAX),
    body: `${alert.body}\n${own.body}`,
    attributes: {
      ...attributes,
      status: attributes.status === 'OK' ? own.attributes.status : attributes.status,
      instanceIds: [...new Set([...attributes.instanceIds, ...own.attributes.instanceIds])],
    },
  };
}
