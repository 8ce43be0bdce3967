/** An explanation as lines for a terminal. Whatever comes from a host, a tag or a person is escaped. */
import { clockTime, forTerminal } from '../../lambda/kit/index.ts';
import type { Explanation } from './explain.ts';

const LETTERS: Readonly<Record<string, string>> = {
  '.': 'OK',
  w: 'WARNING',
  c: 'CRITICAL as measured',
  h: 'hung',
  k: 'hung, ambiguous',
  u: 'inconclusive',
  '-': 'not checked',
};

export function explanationText(one: Explanation, now: Date): string {
  const called = one.name === one.instanceId ? one.instanceId : `${one.name} (${one.instanceId})`;
  const time = (at: string) => clockTime(new Date(at), now);
  const lines = [
    `${called}: ${one.summary}; ${one.next}`,
    '',
    ...checks(one),
    ...incident(one, time),
    ...(one.seen === null ? [] : [`Seen: boot ${one.seen.boot}, ${one.seen.oomKills ?? 'unknown'} OOM kills since`]),
    '',
    ...decisions(one, time),
    '',
    ...acts(one, time),
    ...one.unknown.map((what) => `Not known: ${what}`),
  ];
  return `${lines.map(forTerminal).join('\n')}\n`;
}

type Time = (at: string) => string;

function checks({ letters }: Explanation): string[] {
  if (letters === '') return ['Checks: none yet'];
  const legend = Object.entries(LETTERS).filter(([letter]) => letters.includes(letter));
  return [
    `Checks: ${letters}   the last ${letters.length}, the newest on the right`,
    `        ${legend.map(([letter, what]) => `${letter} ${what}`).join('   ')}`,
  ];
}

function incident({ incident: one, mails }: Explanation, time: Time): string[] {
  const mailed = mails.length === 0 ? [] : [`Mails that named it, of the last day: ${mails.map(time).join(', ')}`];
  if (one === null) return ['Incident: none is open', ...mailed];
  const kind = one.class === null ? 'not due for a mail' : (LETTERS[one.class] ?? one.class);
  const said =
    one.mailed === null || one.mailedAt === null
      ? 'not mailed'
      : `last mailed ${time(one.mailedAt)} as ${LETTERS[one.mailed] ?? one.mailed}`;
  const { ack } = one;
  const because = ack === null || ack.why === null ? '' : `: ${ack.why}`;
  const known =
    ack === null ? [] : [`Acknowledged by ${ack.by} since ${time(ack.at)}${because}; no reminder until it changes`];
  return [`Incident: opened ${time(one.openedAt)}, ${kind}, ${said}: ${one.codes.join(', ')}`, ...known, ...mailed];
}

function decisions({ decisions: all }: Explanation, time: Time): string[] {
  if (all.length === 0) return ['Decisions about a flag: none, since it has not failed often enough for one'];
  return [
    'Decisions about a flag, newest first:',
    ...all.flatMap((one) => [
      `  ${time(one.at)}  ${one.flag ? 'FLAGGED' : 'not flagged'}: ${one.why.replace(/^(not )?flagged: /, '')}`,
      ...evidence(one),
    ]),
  ];
}

/** Such notes are in mails alone (notes of lambda/flag/evidence). */
const NO_EVIDENCE =
  "no evidence for or against a hang was recorded: what a mail only notes, like EC2's status check being ok, is neither";

function evidence({ for: pro, against }: Explanation['decisions'][number]): string[] {
  const side = (name: string, sentences: readonly string[]) =>
    (sentences.length === 0 ? ['none recorded'] : sentences).map((sentence) => `      ${name}: ${sentence}`);
  return pro.length === 0 && against.length === 0
    ? [`      ${NO_EVIDENCE}`]
    : [...side('for', pro), ...side('against', against)];
}

function acts({ acts: all, due }: Explanation, time: Time): string[] {
  const now = (due ?? []).map(({ remedy, heldBy, why }) =>
    heldBy === null ? `Due: ${remedy}: ${why}` : `Due, held back (${heldBy}): ${remedy}: ${why}`,
  );
  if (all === null) return [...now, 'Acts: not known'];
  if (all.length === 0) return [...now, 'Acts: nothing was done, and nothing held back, in the last 90 days'];
  return [
    ...now,
    'Acts, newest first:',
    ...all.flatMap(({ at, remedy, outcome, heldBy, why, requester, evidence: saved }) => {
      const how = outcome === 'held' ? `held back${heldBy === null ? '' : ` (${heldBy})`}` : outcome;
      const by = requester === 'schedule' ? 'on schedule' : `asked for by ${requester}`;
      return [`  ${time(at)}  ${remedy}: ${how}, ${by}: ${why}`, ...saved.map((line) => `      ${line}`)];
    }),
  ];
}
