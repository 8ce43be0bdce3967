/** A plan as lines of text, with the pause and the acts that it depends on. */

import { clockTime, forTerminal } from '../../lambda/kit/index.ts';
import type { RemedyAnswer } from '../../lambda/remedy/index.ts';
import { called } from './instances.ts';
import { stackFlag } from './requester.ts';

type Decision = NonNullable<RemedyAnswer['decisions']>[number];
type Act = NonNullable<RemedyAnswer['acts']>[number];
type Pause = NonNullable<RemedyAnswer['pause']>;

/** `decisions` are the answer's. */
export function planText(
  { pause, automaticPause, acts = [] }: RemedyAnswer,
  decisions: readonly Decision[],
  now: Date,
  stack: string,
): string {
  const names = new Map(decisions.map((one) => [one.instanceId, one.name]));
  const lines = [
    ...(pause == null ? [] : [pauseLine('PAUSED', pause, now, stack), `  ${ALL_PAUSED}`, '']),
    ...(automaticPause == null
      ? []
      : [pauseLine('AUTOMATIC ACTS PAUSED', automaticPause, now, stack), `  ${AUTOMATIC_PAUSED}`, '']),
    ...(decisions.length === 0 ? [`Nothing is due: no instance of ${stack} qualifies for any remedy.`] : []),
    ...decisions.map(decisionLine),
    ...(acts.length === 0 ? [] : ['', 'Acts of the last day, newest first:']),
    ...acts
      .toSorted((a, b) => b.at.getTime() - a.at.getTime())
      .map((act) => `  ${actLine(act, names.get(act.instanceId) ?? act.name, now)}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** `ficrawler7 (i-...): restart-worker: would be done now: memory is gone ...` */
function decisionLine({ instanceId, name, remedy, heldBy, why }: Decision): string {
  const whom = called({ id: instanceId, name });
  if (remedy === 'escalated') return `${whom}: needs a person: ${forTerminal(why)}`;
  const how = heldBy === null ? 'would be done now' : `held back (${forTerminal(heldBy)})`;
  return `${whom}: ${forTerminal(remedy)}: ${how}: ${forTerminal(why)}`;
}

const ALL_PAUSED = 'no restart and no reboot by anyone; checks, measurements, flags and mails go on';
const AUTOMATIC_PAUSED =
  'crawlwatch restarts and reboots nothing by itself; a person may; checks, flags and mails go on';

function pauseLine(what: string, { who, why, from, until }: Pause, now: Date, stack: string): string {
  const end = until == null ? ', until somebody resumes' : ` until ${clockTime(until, now)}`;
  return `${what} by ${forTerminal(who)} since ${clockTime(from, now)}${end}: ${forTerminal(why)}; end it: crawlwatch resume${stackFlag(stack)}`;
}

const actLine = ({ remedy, instanceId, at, state, requester }: Act, name: string | undefined, now: Date): string =>
  `${clockTime(at, now)}  ${called({ id: instanceId, name: name ?? instanceId })}: ${forTerminal(`${remedy}: ${STATE[state] ?? state}`)}, ${forTerminal(requester === 'schedule' ? 'on schedule' : `asked for by ${requester}`)}`;

const STATE: Readonly<Record<string, string>> = {
  begun: 'begun, not known whether it was executed',
  done: 'done, not verified yet',
  worked: 'worked',
  failed: 'failed',
};
