/** A plan and what it rests on, in lines. */

import { clockTime, forTerminal } from '../../lambda/kit/index.ts';
import type { Answer, Decided, PastAct, Standstill } from './answer.ts';
import { stackFlag } from './asking.ts';
import { called } from './instances.ts';

/** `decisions` are the answer's. */
export function planText(
  { pause, acts = [] }: Answer,
  decisions: readonly Decided[],
  now: Date,
  stack: string,
): string {
  const names = new Map(decisions.map((one) => [one.instanceId, one.name]));
  const lines = [
    ...(pause == null ? [] : [pauseLine(pause, now, stack), '']),
    ...(decisions.length === 0 ? [`Nothing is due: no instance of ${stack} qualifies for any remedy.`] : []),
    ...decisions.map(decisionLine),
    ...(acts.length === 0 ? [] : ['', 'Acts of the last day, newest first:']),
    ...acts
      .toSorted((a, b) => b.at.getTime() - a.at.getTime())
      .map((act) => `  ${actLine(act, names.get(act.instanceId), now)}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** `ficrawler7 (i-...): restart-worker: would be done now: memory is gone ...` */
export function decisionLine({ instanceId, name, remedy, heldBy, why }: Decided): string {
  const whom = called({ id: instanceId, name });
  if (remedy === 'person') return `${whom}: needs a person: ${forTerminal(why)}`;
  const how = heldBy === null ? 'would be done now' : `held back (${forTerminal(heldBy)})`;
  return `${whom}: ${forTerminal(remedy)}: ${how}: ${forTerminal(why)}`;
}

function pauseLine({ who, why, from, until }: Standstill, now: Date, stack: string): string {
  const end = until == null ? '' : ` until ${clockTime(until, now)}`;
  return `PAUSED by ${forTerminal(who)} since ${clockTime(from, now)}${end}: ${forTerminal(why)}; end it: crawlwatch resume${stackFlag(stack)}`;
}

const actLine = ({ remedy, instanceId, at, state, asker }: PastAct, name: string | undefined, now: Date): string =>
  `${clockTime(at, now)}  ${called({ id: instanceId, name: name ?? instanceId })}: ${forTerminal(`${remedy}: ${STATE[state] ?? state}`)}, ${forTerminal(asker === 'schedule' ? 'on schedule' : `asked for by ${asker}`)}`;

const STATE: Readonly<Record<string, string>> = {
  begun: 'begun, whether it was carried out is not known',
  done: 'done, not proved yet',
  worked: 'worked',
  failed: 'failed',
};
