/** The blocks of a mail: one a host, or one for many that share a cause. */

import { plural } from '../kit/index.ts';
import type { AlertEntry, Instance } from '../model/index.ts';
import { type HostNews, severityOf, type Wording } from './entries.ts';
import { dashboardUrl, instanceUrl, type Link, runbookUrl } from './links.ts';
import { mainCode, URGENCY } from './subject.ts';
import { bullet, plainName, said, wrapped } from './text.ts';

export interface Block {
  readonly text: string;
  /** How many hosts it speaks of. */
  readonly hosts: number;
}

/** From so many on, hosts that share a cause share a block. */
const GROUPED_FROM = 4;
const NAMES_SHOWN = 10;

/** The most urgent first; what is equally urgent stays in its order. */
export function inOrder(hosts: readonly HostNews[]): HostNews[] {
  const rank = ({ urgency, codes }: HostNews) => URGENCY.indexOf(urgency) * 100 + severityOf(codes[0]);
  return hosts.toSorted((a, b) => rank(a) - rank(b));
}

/** @param hosts in the order of the mail: a block is where its first host is */
export function blocksOf(hosts: readonly HostNews[], wording: Wording): Block[] {
  const groups = new Map<string, HostNews[]>();
  for (const host of hosts) {
    const key = host.cause === null ? `host ${host.id} ${host.urgency}` : `${host.urgency} ${host.cause}`;
    groups.set(key, [...(groups.get(key) ?? []), host]);
  }
  return [...groups.values()].flatMap((group) => {
    const isCommon = group[0]?.urgency === 'suppressed' || group[0]?.urgency === 'unknown';
    return group.length >= (isCommon ? 2 : GROUPED_FROM)
      ? [{ text: together(group, wording), hosts: group.length }]
      : group.map((host) => ({ text: single(host, wording), hosts: 1 }));
  });
}

const named = ({ id, name, instance }: HostNews, wording: Wording): string =>
  `${plainName(name)} (${said(id, wording, 40)}${instance === null ? '' : whereabouts(instance)})`;

/** A reader looks at home first. */
const whereabouts = ({ elsewhere, region, account }: Instance): string =>
  elsewhere === true ? ` in ${region ?? 'an unknown Region'} of account ${account ?? 'unknown'}` : '';

const paragraph = (text: string): string[] => wrapped(text, '  ');
const lineOf = ({ what, since }: HostNews): string => `${what}${since === null ? '' : `, ${since}`}.`;

function single(host: HostNews, wording: Wording): string {
  return [
    ...wrapped(named(host, wording)),
    ...paragraph(lineOf(host)),
    ...host.notes.flatMap(paragraph),
    ...host.said.flatMap(bullet),
    ...abroad(host).flatMap(paragraph),
    // Neither a command nor a link may be broken.
    ...host.steps.map(({ say, command }) => `  ${say}: ${command}`),
    ...linksOf(host, wording).map(({ label, url }) => `  ${label}: ${url}`),
  ].join('\n');
}

const abroad = ({ instance, steps }: HostNews): string[] =>
  instance?.elsewhere === true && steps.length > 0
    ? [`The commands need credentials of account ${instance.account ?? 'unknown'}.`]
    : [];

const caseOf = (host: HostNews): string => [lineOf(host), ...host.notes, ...host.said].join('\n');

function together(group: readonly HostNews[], wording: Wording): string {
  const [first] = group;
  if (first === undefined) return '';
  const more = group.length - NAMES_SHOWN;
  const isMeasured = ['critical', 'warning'].includes(first.urgency);
  const [step] = first.steps;
  // One host's time, address or flag must not pass for that of all.
  const isAlike = group.every((host) => caseOf(host) === caseOf(first));
  return [
    ...group
      .slice(0, NAMES_SHOWN)
      .flatMap((host) => wrapped(`${named(host, wording)}${isMeasured ? `: ${host.reason}` : ''}`)),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...paragraph(
      `${lineOf(first).replace(/\.$/, '')}: ${plural(group.length, 'host')}${isAlike ? '' : ', here the first'}.`,
    ),
    ...first.notes.flatMap(paragraph),
    ...first.said.flatMap((line) => bullet(line)),
    ...abroad(first).flatMap(paragraph),
    ...(step === undefined
      ? []
      : [`  ${step.say}${step.asksAll === true ? '' : ', on each of them, here the first'}: ${step.command}`]),
  ].join('\n');
}

/** The dashboard is named once at the head of a mail. */
function linksOf(host: HostNews, { home, settings }: Wording): Link[] {
  const { id, instance, codes } = host;
  const console = instanceUrl(instance === null ? home : instance.region, id);
  const isOver = ['recovered', 'departed', 'event'].includes(host.urgency);
  const runbook = isOver ? null : runbookUrl(settings, mainCode(codes));
  const where = instance?.elsewhere === true ? ` (sign in to account ${instance.account ?? 'unknown'})` : '';
  return [
    ...(console === null || isOver ? [] : [{ label: `In EC2${where}`, url: console }]),
    ...(runbook === null ? [] : [{ label: 'Runbook', url: runbook }]),
  ];
}

const LINES_MAX = 24;
const HEADLINE_MAX = 200;

/** The same for chat and events. */
export function alertEntryOf(host: HostNews, wording: Wording): AlertEntry {
  const { id, name, instance, status, codes, change, openedAt, word, reason, steps } = host;
  const dashboard = dashboardUrl(wording.home, wording.settings.stack);
  return {
    instanceId: said(id, wording, 40),
    name: plainName(name),
    region: instance === null ? wording.home : instance.region,
    account: instance?.account ?? null,
    status,
    reasons: codes,
    change,
    openedAt,
    headline: said(`${word} ${plainName(name)} ${reason}`, wording, HEADLINE_MAX),
    lines: [lineOf(host), ...host.notes, ...host.said].slice(0, LINES_MAX),
    commands: steps.map(({ command }) => command),
    links: [...linksOf(host, wording), ...(dashboard === null ? [] : [{ label: 'Dashboard', url: dashboard }])],
  };
}
