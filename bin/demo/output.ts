/** Prints the demo: each check, the mails in full, what was done and held back, and how it ended. */

import type { LoginCommand } from '../../lambda/judge/index.ts';
import type { InstanceReport } from '../../lambda/model/index.ts';
import type { RemedyAnswer } from '../../lambda/remedy/index.ts';
import { inOrder } from '../../lambda/report/index.ts';
import { summaryLine, tableLines, troubleBlocks } from '../terminal/index.ts';
import { readBack } from './metrics.ts';
import { ADDRESS, type Chapter, type DemoSandbox, type Mail, type RecordLine, START } from './sandbox.ts';

type Print = (text?: string) => void;
type Decisions = NonNullable<RemedyAnswer['decisions']>;

const RULE = '='.repeat(100);
const clock = (at: Date): string => at.toISOString().slice(11, 16);

export function printStart(print: Print): void {
  print(`crawlwatch demo: ten crawlers, real SSH servers on this machine, AWS in memory. Nothing leaves this machine.
Checks are five minutes apart, and the clock leaps from one to the next: an hour in half a minute.

  08:05  three workers are dead, a disk is full, a host no longer accepts logins
  08:10  the five are bad in a second check: the first mail; a leak is forecast
  08:15  memory is exhausted where SSH still answers: the worker is restarted, and a reboot is avoided;
         the dead host is flagged, and rebooted, since its tag crawlwatch:auto allows it
  08:20  both are OK again; another one is dead and flagged, and its reboot has to wait
  08:55  its reboot has not helped: it is escalated to a person`);
}

/** Where a chapter is in the story. */
export interface Place {
  readonly check: number;
  /** What happened since the check before; null: nothing. */
  readonly says: string | null;
  readonly before: Chapter | null;
  readonly login: LoginCommand;
}

export function printChapter(print: Print, chapter: Chapter, { check, says, before, login }: Place): void {
  const { report, mails, acted } = chapter;
  const at = new Date(report.checkedAt);
  const style = { width: null, colour: false, now: at, login };
  const rows = inOrder(report.instances);
  print(`\n${RULE}\nCHECK ${check} at ${clock(at)} UTC: ${says ?? 'nothing has changed on the hosts'}.\n`);
  if (says !== null) {
    print(`${[...tableLines(rows, style)].join('\n')}\n`);
    const known = new Map(before?.report.instances.map((row) => [row.id, signsOf(row)]));
    const isNews = (row: InstanceReport) => signsOf(row).some((sign) => known.get(row.id)?.includes(sign) !== true);
    for (const block of troubleBlocks(rows.filter(isNews), style)) print(`${block.join('\n')}\n`);
  }
  print(summaryLine(report, style));
  printHeld(print, acted?.decisions ?? [], before?.acted?.decisions ?? []);
  for (const mail of mails) printMail(print, mail);
}

/** What is news of a host once. */
const signsOf = ({ reasons, flagged }: InstanceReport): string[] => [
  ...reasons.map(({ code }) => code),
  ...(flagged ? ['flagged'] : []),
];

/** What is held back, unless it already was at the check before; hosts with the same sentence share it. */
function printHeld(print: Print, decisions: Decisions, before: Decisions): void {
  const isOld = ({ instanceId, remedy, heldBy }: Decisions[number]) =>
    before.some((one) => one.instanceId === instanceId && one.remedy === remedy && one.heldBy === heldBy);
  const named = new Map<string, string[]>();
  for (const one of decisions) {
    // What is escalated to a person is in a mail.
    if (one.heldBy === null || one.remedy === 'escalated' || isOld(one)) continue;
    const text = `no ${one.remedy} by itself: ${one.why}`;
    named.set(text, [...(named.get(text) ?? []), one.name]);
  }
  if (named.size > 0) print();
  for (const [text, names] of named) print(`HELD BACK  ${names.join(', ')}: ${text}.`);
}

function printMail(print: Print, mail: Mail): void {
  print(`\n+-- E-MAIL to ${ADDRESS} ${'-'.repeat(70)}`);
  print(`| Subject: ${mail.subject}\n|`);
  for (const line of mail.body.trimEnd().split('\n')) print(`| ${line}`.trimEnd());
  print(`+${'-'.repeat(99)}`);
}

/** Prints what is left behind: state, tags, metrics, and the record of remedies. What matters most comes last. */
export async function printEnd(print: Print, sandbox: DemoSandbox): Promise<void> {
  const { aws } = sandbox;
  const lines = (await sandbox.record()).filter(isOutcome);
  const treated = new Set(lines.map(({ instanceId }) => instanceId));
  print(
    `\n${RULE}\nSTATE in the stack's bucket, which the next check reads: of each instance a letter a check, and its boot id\n`,
  );
  const { instances } = await sandbox.remembered();
  for (const { id, tags } of aws.instances.values()) {
    const { letters = '', seen = null } = instances.get(id) ?? {};
    print(`  ${(tags.get('Name') ?? id).padEnd(14)}${letters}  ${seen?.boot ?? 'unknown'}`);
  }
  print('  . OK, w WARNING, c CRITICAL by its figures, h hung');
  print('\nTAGS, which people and IAM see; of the instances it acted on\n');
  for (const { id, tags } of aws.instances.values()) {
    if (!treated.has(id)) continue;
    print(`${tags.get('Name')} (${id})`);
    const own = [...tags].filter(([key]) => key.startsWith('crawlwatch')).sort();
    for (const [key, value] of own) print(`  ${key} = ${value}`);
  }
  print('\nMETRICS in CloudWatch, one value a check\n');
  for (const { label, values } of await readBack(aws, START, sandbox.clock.now())) {
    const cells = values.map((value) => (value === null ? '-' : String(Number(value.toFixed(1)))).padStart(6));
    print(`  ${label.padEnd(34)}${cells.join('')}`);
  }
  print('\nWHAT CRAWLWATCH DID BY ITSELF, from its record of acts\n');
  for (const { at, name, remedy, outcome, why } of lines) {
    const what = remedy === 'escalated' ? 'over to a person' : `${remedy} ${outcome}`;
    print(`  ${clock(at)}  ${name}: ${what}: ${why.replace(/\.$/, '')}.`);
  }
  print(`
On this machine: crawlwatch check --local   Any host you can log in to: crawlwatch check --host NAME
To deploy it: crawlwatch init, then crawlwatch deploy (README.md)`);
}

/** Leaves out what was held back and what had only begun. */
const isOutcome = ({ remedy, outcome }: RecordLine): boolean =>
  remedy === 'escalated' || (outcome !== 'held' && outcome !== 'begun');
