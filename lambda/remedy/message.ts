/** The mail on acting: what was done, what came of it, and what only a person can do now. Worst first, plain text. */

import { clockTime, plural, printableAscii } from '../kit/index.ts';
import type { Alert } from '../model/index.ts';
import { type Act, type Decision, REMEDIES, SUBJECT_MAX } from '../model/index.ts';
import type { ActOutcome } from './verify.ts';

const ENTRIES_MAX = 40;
const EVIDENCE_MAX = 12;
const LINE_MAX = 300;
/** So much of a line that stands elsewhere tells that it does. */
const SAID_LENGTH = 80;

/** One act of this run, and how it went. */
export interface ActNews {
  readonly decision: Decision;
  readonly act: Act;
  /** In the host's or EC2's words. */
  readonly text: string;
  readonly evidence: readonly string[];
}

export interface RemedyNews {
  /** Acts of earlier runs that have proved themselves or are given up. */
  readonly outcomes: readonly ActOutcome[];
  readonly acted: readonly ActNews[];
  /** Instances that crawlwatch can do no more for, of which nobody has been told. */
  readonly persons: readonly Decision[];
  readonly now: Date;
}

interface Section {
  readonly title: string;
  /** As it stands in the subject, behind a number; null: by what was done to each. */
  readonly subject: string | null;
  readonly entries: readonly {
    readonly id: string;
    readonly name: string;
    readonly text: string;
    readonly remedy?: Act['remedy'];
  }[];
}

/** One mail for the whole run, or null where nothing is worth one. */
export function composeRemedyAlert({ outcomes, acted, persons, now }: RemedyNews): Alert | null {
  const ended = (outcome: ActOutcome['outcome']) =>
    outcomes
      .filter((one) => one.outcome === outcome)
      .map((one) => ({ id: one.act.instanceId, name: one.name, text: outcomeText(one, now) }));
  const made = (failed: boolean) =>
    acted
      .filter(({ act }) => (act.state === 'failed') === failed)
      .map((one) => ({
        id: one.act.instanceId,
        name: one.decision.name,
        text: actText(one, now),
        remedy: one.act.remedy,
      }));
  const sections: readonly Section[] = [
    {
      title: 'NEEDS A PERSON: crawlwatch has done what it may',
      subject: 'needs a person',
      entries: persons.map((one) => ({ id: one.instanceId, name: one.name, text: personText(one) })),
    },
    { title: 'DID NOT HELP', subject: 'did not help', entries: ended('failed') },
    { title: 'COULD NOT BE DONE', subject: 'not done', entries: made(true) },
    { title: 'DONE', subject: null, entries: made(false) },
    { title: 'HELPED', subject: 'helped', entries: ended('worked') },
  ].filter(({ entries }) => entries.length > 0);
  if (sections.length === 0) return null;

  let left = ENTRIES_MAX;
  const blocks = sections.flatMap(({ title, entries }) => {
    const shown = entries.slice(0, left);
    left -= shown.length;
    return shown.length === 0 ? [] : [title, ...shown.map(({ text }) => text)];
  });
  const all = sections.flatMap(({ entries }) => entries);
  const cut = all.length > ENTRIES_MAX ? [`... and ${all.length - ENTRIES_MAX} more: run crawlwatch plan.`] : [];
  const isGood = sections.every(({ title }) => title === 'HELPED');
  return {
    subject: subjectOf(sections, all),
    body: `${[...blocks, ...cut].join('\n\n')}\n`,
    attributes: { status: isGood ? 'OK' : 'CRITICAL', reasons: [], instanceIds: [...new Set(all.map(({ id }) => id))] },
  };
}

const DONE: Readonly<Record<Act['remedy'], string>> = {
  'restart-worker': 'worker restarted',
  'restart-sshd': 'sshd restarted',
  reboot: 'rebooted',
};

function subjectOf(sections: readonly Section[], all: readonly { readonly name: string }[]): string {
  const names = new Set(all.map(({ name }) => printableAscii(name)));
  const [only = ''] = names;
  const who = names.size === 1 ? ` (${only.slice(0, 40)})` : '';
  const told = sections.flatMap(({ subject, entries }) => {
    if (subject !== null) return [`${entries.length} ${subject}`];
    const count = (remedy: Act['remedy']) => entries.filter((entry) => entry.remedy === remedy).length;
    return REMEDIES.filter((remedy) => count(remedy) > 0).map((remedy) => `${count(remedy)} ${DONE[remedy]}`);
  });
  return `crawlwatch: ${told.join(', ')}${who}`.slice(0, SUBJECT_MAX);
}

const called = (name: string, id: string): string => `${printableAscii(name)} (${printableAscii(id)})`;
const line = (text: string): string => printableAscii(text.replace(/\s+/g, ' ').trim()).slice(0, LINE_MAX);
/** The name of a unit or an instance at its beginning stays as it is spelt. */
const sentence = (text: string): string =>
  `${/^[a-z]+ /.test(text) ? text.charAt(0).toUpperCase() : text.charAt(0)}${text.slice(1).replace(/\.+$/, '')}.`;
const indented = (lines: readonly string[]): string => lines.map((one, i) => (i === 0 ? one : `  ${one}`)).join('\n');
const history = (id: string): string => `Run: crawlwatch history ${printableAscii(id)}`;

function personText({ name, instanceId, why }: Decision): string {
  return indented([`${called(name, instanceId)}: ${line(why)}.`, history(instanceId)]);
}

function outcomeText({ act, name, outcome, sentence: said }: ActOutcome, now: Date): string {
  const begun = act.state === 'begun' ? 'begun' : 'made';
  const next = outcome === 'failed' ? [history(act.instanceId)] : [];
  return indented([
    `${called(name, act.instanceId)}: ${act.remedy}, ${begun} at ${clockTime(act.at, now)}${by(act)}.`,
    sentence(line(said)),
    ...next,
  ]);
}

const by = ({ asker }: Act): string => (asker === 'schedule' ? ' by itself' : `, asked for by ${line(asker)}`);

/** What each act is verified by, and when that will be known at the latest. */
const AWAITED: Readonly<Record<Act['remedy'], string>> = {
  'restart-worker': 'The next checks tell whether it helped; a mail follows within 15 min.',
  'restart-sshd': 'The next checks tell whether sshd answers again; a mail follows within 15 min.',
  reboot: 'It is back once its boot id has changed; a mail follows within 20 min.',
};

function actText({ decision, act, text, evidence }: ActNews, now: Date): string {
  const how = { begun: 'it is not known whether it was carried out', failed: 'it failed' };
  const went = act.state === 'begun' || act.state === 'failed' ? `: ${how[act.state]}` : '';
  const why = line(decision.why);
  // What was seen right before is part of why, as a rule.
  const unsaid = evidence.map(line).filter((one) => !why.includes(one.slice(0, SAID_LENGTH).replace(/\.+$/, '')));
  const more = unsaid.length - EVIDENCE_MAX;
  return indented([
    `${called(decision.name, act.instanceId)}: ${act.remedy} at ${clockTime(act.at, now)}${by(act)}${went}.`,
    `Why: ${why}.`,
    ...(text === '' ? [] : [sentence(line(text))]),
    ...unsaid.slice(0, EVIDENCE_MAX),
    ...(more > 0 ? [`... and ${plural(more, 'line')} more of evidence, kept in its history.`] : []),
    ...(act.state === 'failed' ? [] : [AWAITED[act.remedy]]),
    history(act.instanceId),
  ]);
}
