/** An alert as other programs get it: the events of what changed, and the JSON message of SNS. Pure; bounds every text. */

import { REASON_WORDS } from '../judge/index.ts';
import { isoSeconds, printableAscii, shellWord } from '../kit/index.ts';
import {
  type Act,
  type ActNews,
  type ActOutcome,
  type Alert,
  type AlertEntry,
  type Decision,
  EVENT_SOURCE,
  type IncidentChange,
  type Remedy,
  type Status,
} from '../model/index.ts';
import { ACT_DETAIL_TYPE, BOUNDS, INCIDENT_DETAIL_TYPE, SCHEMA_VERSION } from './bounds.ts';
import type { ActDetail, ActNewsDetail, AlertMessage, IncidentDetail, IncidentNews } from './schemas.ts';

/** The stack that speaks, and where it is. */
export interface Origin {
  readonly stack: string;
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** @param topicArn of the stack's topic: it names partition, Region and account */
export function originOf(topicArn: string, stack: string): Origin {
  const [, partition = '', , region = '', account = ''] = topicArn.split(':');
  return { stack, partition, region, account };
}

export type CrawlwatchEvent =
  | {
      readonly detailType: (typeof INCIDENT_DETAIL_TYPE)[IncidentChange];
      readonly detail: IncidentDetail;
    }
  | { readonly detailType: typeof ACT_DETAIL_TYPE; readonly detail: ActDetail };

/**
 * One event an incident that changed, and one an act. None of a reminder, nor that flagging was suppressed: that is news of
 * the fleet, and its incidents have events of their own. None of a pause either: the acts in vain that brought it about have
 * theirs.
 */
export function eventsOf(alert: Pick<Alert, 'entries' | 'acts'>, origin: Origin): CrawlwatchEvent[] {
  const head = headOf(origin);
  const incidents = alert.entries.flatMap((entry): CrawlwatchEvent[] =>
    entry.change === null
      ? []
      : [{ detailType: INCIDENT_DETAIL_TYPE[entry.change], detail: { ...head, ...incidentNewsOf(entry, origin) } }],
  );
  const acts = actsOf(alert, origin).map(
    (act): CrawlwatchEvent => ({ detailType: ACT_DETAIL_TYPE, detail: { ...head, ...act } }),
  );
  return [...incidents, ...acts];
}

/** All of it; the caller leaves out what doesn't fit. */
export const messageOfAlert = (alert: Alert, origin: Origin): AlertMessage => ({
  ...headOf(origin),
  source: EVENT_SOURCE,
  subject: plain(alert.subject, 99),
  status: alert.attributes.status,
  entries: alert.entries.map((entry) => incidentNewsOf(entry, origin)),
  acts: actsOf(alert, origin),
  omitted: { entries: 0, acts: 0 },
});

const headOf = ({ stack, region, account }: Origin) => ({
  version: SCHEMA_VERSION as typeof SCHEMA_VERSION,
  stack: word(stack, 128),
  region: word(region, 40),
  account: word(account, 12),
});

const SEVERITY: Readonly<Record<Status, IncidentNews['severity']>> = {
  CRITICAL: 'critical',
  // The cause is on the checking side as a rule.
  UNKNOWN: 'warning',
  WARNING: 'warning',
  OK: 'info',
};

export function incidentNewsOf(entry: AlertEntry, origin: Origin): IncidentNews {
  const { instanceId, name, openedAt, change, status, reasons } = entry;
  return {
    dedupKey: dedupKey(origin, instanceId, openedAt === null ? [] : [isoSeconds(openedAt)]),
    severity: SEVERITY[status],
    summary: word(entry.headline, BOUNDS.summary),
    instance: {
      id: word(instanceId, 64),
      name: word(name, BOUNDS.name),
      region: word(entry.region ?? origin.region, 40),
      account: word(entry.account ?? origin.account, 12),
    },
    details: lines(entry.lines),
    ...waysOn(entry),
    incident: {
      openedAt: openedAt === null ? null : isoSeconds(openedAt),
      change,
      status,
      reasons: reasons.slice(0, BOUNDS.reasons).map((code) => ({ code, text: REASON_WORDS[code] })),
    },
  };
}

/** Acts of this alert, those that need a person first. */
export function actsOf({ acts, entries }: Pick<Alert, 'entries' | 'acts'>, origin: Origin): ActNewsDetail[] {
  if (acts === null) return [];
  const about = (id: string) => entries.find(({ instanceId }) => instanceId === id);
  return [
    ...acts.escalated.map((one) => held(one, origin, about(one.instanceId))),
    ...acts.outcomes.map((one) => ended(one, origin, about(one.act.instanceId))),
    ...acts.acted.map((one) => made(one, origin, about(one.act.instanceId))),
  ];
}

const BEGUN = 'begun, nobody knows whether it was executed';

const called = (name: string, id: string): string => `${word(name, BOUNDS.name)} (${word(id, 64)})`;

function held({ instanceId, name, why }: Decision, origin: Origin, entry: AlertEntry | undefined): ActNewsDetail {
  return {
    dedupKey: dedupKey(origin, instanceId, ['person']),
    severity: 'critical',
    summary: word(`${called(name, instanceId)} needs a person: crawlwatch has done what it may`, BOUNDS.summary),
    ...atHome(instanceId, name, origin),
    details: [],
    ...waysOnFrom(instanceId, origin, entry),
    act: { remedy: null, state: 'held', executed: false, at: null, requester: null, why: word(why, BOUNDS.why) },
  };
}

function ended(
  { act, name, outcome, sentence }: ActOutcome,
  origin: Origin,
  entry: AlertEntry | undefined,
): ActNewsDetail {
  const worked = outcome === 'worked';
  // It may be well for another cause: what is over wakes nobody.
  const isWell = worked || entry?.status === 'OK';
  // Its hang is over, whether or not by this reboot.
  const isWarning = act.remedy === 'reboot' && entry?.status === 'WARNING';
  const failed = act.state === 'begun' ? BEGUN : 'did not help';
  const how = worked ? 'helped' : `${failed}${isWell ? '; it is well again' : ''}`;
  return {
    dedupKey: actKey(act, origin),
    severity: isWell ? 'info' : isWarning ? 'warning' : 'critical',
    summary: word(`${called(name, act.instanceId)}: ${act.remedy} ${how}`, BOUNDS.summary),
    ...atHome(act.instanceId, name, origin),
    details: [],
    ...(isWell ? { links: [], commands: [] } : waysOnFrom(act.instanceId, origin, entry)),
    act: { ...actFields(act), state: outcome, executed: act.state === 'begun' ? null : true, why: why(sentence) },
  };
}

function made(
  { act, decision, evidence, text }: ActNews,
  origin: Origin,
  entry: AlertEntry | undefined,
): ActNewsDetail {
  const failed = act.state === 'failed';
  const executed = failed ? false : act.state === 'begun' ? null : true;
  const how = failed ? `${act.remedy} could not be made` : `${act.remedy} ${executed === null ? BEGUN : 'made'}`;
  return {
    dedupKey: actKey(act, origin),
    severity: failed ? 'critical' : 'info',
    summary: word(`${called(decision.name, act.instanceId)}: ${how}`, BOUNDS.summary),
    ...atHome(act.instanceId, decision.name, origin),
    details: lines([...(text === '' ? [] : [text]), ...evidence]),
    ...(failed ? waysOnFrom(act.instanceId, origin, entry) : { links: [], commands: [] }),
    act: { ...actFields(act), state: failed ? 'failed' : 'made', executed, why: why(decision.why) },
  };
}

const actFields = ({ remedy, at, requester }: Act): { remedy: Remedy; at: string; requester: string } => ({
  remedy,
  at: isoSeconds(at),
  requester: word(requester, 100),
});
const why = (text: string): string => word(text, BOUNDS.why);

/** Acts are made where the stack is, and nowhere else. */
const atHome = (id: string, name: string, { region, account }: Origin) => ({
  instance: {
    id: word(id, 64),
    name: word(name, BOUNDS.name),
    region: word(region, 40),
    account: word(account, 12),
  },
});

function waysOnFrom(id: string, { region }: Origin, entry: AlertEntry | undefined) {
  const commands = [`AWS_REGION=${shellWord(region)} crawlwatch history ${shellWord(id)}`];
  return waysOn({ links: entry?.links ?? [], commands });
}

/** Half a command or address does harm: one that is too long is left out. */
const waysOn = ({ links, commands }: Pick<AlertEntry, 'links' | 'commands'>) => ({
  links: links
    .filter(({ url }) => url.length <= BOUNDS.url && /^https:\/\/[!-~]+$/.test(url))
    .slice(0, BOUNDS.links)
    .map(({ label, url }) => ({ label: plain(label, BOUNDS.label), url })),
  commands: commands
    .filter((command) => command.length <= BOUNDS.command && /^[ -~]*[!-~][ -~]*$/.test(command))
    .slice(0, BOUNDS.commands),
});

const dedupKey = ({ stack }: Origin, id: string, parts: readonly string[]): string =>
  ['crawlwatch', word(stack, 128), word(id, 64), ...parts].join(':');
const actKey = ({ instanceId, remedy, at }: Act, origin: Origin): string =>
  dedupKey(origin, instanceId, [remedy, isoSeconds(at)]);

function lines(all: readonly string[]): string[] {
  const plainLines = all.map((one) => plain(one, BOUNDS.detail)).filter((one) => one !== '');
  if (plainLines.length <= BOUNDS.details) return plainLines;
  const kept = plainLines.slice(0, BOUNDS.details - 1);
  return [...kept, `... and ${plainLines.length - kept.length} lines more`];
}

/** The same for what is put between quotes as it is: schemas.ts says where. */
const word = (text: string, max: number): string => plain(text.replace(/"/g, "'").replace(/\\/g, '/'), max);

/** One line of printable ASCII. */
function plain(text: string, max: number): string {
  const line = printableAscii(text.replace(/\s+/g, ' ').trim());
  return line.length <= max ? line : `${line.slice(0, max - 3)}...`;
}
