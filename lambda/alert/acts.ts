/** The mail about acts: what was done, whether it helped, and what needs a person now. Worst first, plain text. */

import { clockTime, plural, printableAscii } from '../kit/index.ts';
import type { ActNews, ActOutcome, Alert, RemedyNews } from '../model/index.ts';
import { type Act, type Decision, type Pause, REMEDIES, SUBJECT_MAX } from '../model/index.ts';

const ENTRIES_MAX = 40;
const EVIDENCE_MAX = 12;
const LINE_MAX = 300;
/** Where so much of a line occurs elsewhere, it repeats that. */
const REPEATED_LENGTH = 80;

interface Section {
  readonly title: string;
  /** In the subject, after a number; null: by what was done to each. */
  readonly subject: string | null;
  readonly entries: readonly {
    readonly id: string;
    readonly name: string;
    readonly text: string;
    readonly remedy?: Act['remedy'];
  }[];
}

/** One mail for the whole run, or null where nothing is worth one. */
export function composeRemedyAlert({ outcomes, pausedNow, acted, escalated, now }: RemedyNews): Alert | null {
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
      entries: escalated.map((one) => ({ id: one.instanceId, name: one.name, text: escalatedText(one) })),
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
    subject: subjectOf(sections, all, pausedNow),
    body: `${[...(pausedNow === null ? [] : [pausedText(pausedNow)]), ...blocks, ...cut].join('\n\n')}\n`,
    attributes: { status: isGood ? 'OK' : 'CRITICAL', reasons: [], instanceIds: [...new Set(all.map(({ id }) => id))] },
    entries: [],
    acts: null,
  };
}

const DONE: Readonly<Record<Act['remedy'], string>> = {
  'restart-worker': 'worker restarted',
  'restart-sshd': 'sshd restarted',
  reboot: 'rebooted',
};

function subjectOf(
  sections: readonly Section[],
  all: readonly { readonly name: string }[],
  pausedNow: Pause | null,
): string {
  const names = new Set(all.map(({ name }) => printableAscii(name)));
  const [only = ''] = names;
  const who = names.size === 1 ? ` (${only.slice(0, 40)})` : '';
  const counts = sections.flatMap(({ subject, entries }) => {
    if (subject !== null) return [`${entries.length} ${subject}`];
    const count = (remedy: Act['remedy']) => entries.filter((entry) => entry.remedy === remedy).length;
    return REMEDIES.filter((remedy) => count(remedy) > 0).map((remedy) => `${count(remedy)} ${DONE[remedy]}`);
  });
  const parts = [...(pausedNow === null ? [] : ['automatic acts paused']), ...counts];
  return `crawlwatch: ${parts.join(', ')}${who}`.slice(0, SUBJECT_MAX);
}

const called = (name: string, id: string): string => `${printableAscii(name)} (${printableAscii(id)})`;
const line = (text: string): string => printableAscii(text.replace(/\s+/g, ' ').trim()).slice(0, LINE_MAX);
/** Where it begins with the name of a unit or an instance, that stays as it is spelt. */
const sentence = (text: string): string =>
  `${/^[a-z]+ /.test(text) ? text.charAt(0).toUpperCase() : text.charAt(0)}${text.slice(1).replace(/\.+$/, '')}.`;
const indented = (lines: readonly string[]): string => lines.map((one, i) => (i === 0 ? one : `  ${one}`)).join('\n');
const history = (id: string): string => `Run: crawlwatch history ${printableAscii(id)}`;

function pausedText({ why }: Pause): string {
  return indented([
    'AUTOMATIC ACTS ARE PAUSED until a person resumes',
    sentence(line(why)),
    'Either what is flagged does not hang, or a reboot is not its cure: find out which before more hosts are rebooted.',
    'crawlwatch restarts and reboots nothing by itself meanwhile; checks, flags and mails go on, and people may still act.',
    'Run, when the cause is known: crawlwatch resume',
  ]);
}

function escalatedText({ name, instanceId, why }: Decision): string {
  return indented([`${called(name, instanceId)}: ${line(why)}.`, history(instanceId)]);
}

function outcomeText({ act, name, outcome, sentence: verdict }: ActOutcome, now: Date): string {
  const begun = act.state === 'begun' ? 'begun' : 'made';
  const next = outcome === 'failed' ? [history(act.instanceId)] : [];
  return indented([
    `${called(name, act.instanceId)}: ${act.remedy}, ${begun} at ${clockTime(act.at, now)}${by(act)}.`,
    sentence(line(verdict)),
    ...next,
  ]);
}

const by = ({ requester }: Act): string =>
  requester === 'schedule' ? ' by itself' : `, asked for by ${line(requester)}`;

/** How each act is verified, and when that will be known at the latest. */
const AWAITED: Readonly<Record<Act['remedy'], string>> = {
  'restart-worker': 'The next checks show whether it helped; a mail follows within 15 min.',
  'restart-sshd': 'The next checks show whether sshd answers again; a mail follows within 15 min.',
  reboot: 'It is back once its boot id has changed; a mail follows within 20 min.',
};

function actText({ decision, act, text, evidence }: ActNews, now: Date): string {
  const how = { begun: 'it is not known whether it was executed', failed: 'it failed' };
  const went = act.state === 'begun' || act.state === 'failed' ? `: ${how[act.state]}` : '';
  const why = line(decision.why);
  // As a rule `why` quotes what was seen right before.
  const unquoted = evidence.map(line).filter((one) => !why.includes(one.slice(0, REPEATED_LENGTH).replace(/\.+$/, '')));
  const more = unquoted.length - EVIDENCE_MAX;
  return indented([
    `${called(decision.name, act.instanceId)}: ${act.remedy} at ${clockTime(act.at, now)}${by(act)}${went}.`,
    `Why: ${why}.`,
    ...(text === '' ? [] : [sentence(line(text))]),
    ...unquoted.slice(0, EVIDENCE_MAX),
    ...(more > 0 ? [`... and ${plural(more, 'line')} more of evidence, kept in its history.`] : []),
    ...(act.state === 'failed' ? [] : [AWAITED[act.remedy]]),
    history(act.instanceId),
  ]);
}
