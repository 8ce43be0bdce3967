/** Beneath the table: each problem in full, its evidence and the next step; hosts with the same problem share a block. */

import { nextStep } from '../../lambda/judge/index.ts';
import { forTerminal } from '../../lambda/kit/index.ts';
import type { InstanceReport } from '../../lambda/model/index.ts';
import { painted, type TableStyle } from './columns.ts';
import { wrapText } from './text-width.ts';

/** So many names and next steps of a group are listed: the others are in the table. */
const NAMED = 4;

/** A block of lines for each problem, in the order of its first host. */
export function troubleBlocks(rows: readonly InstanceReport[], style: TableStyle): string[][] {
  const troubled = rows.filter(({ reasons, evidence }) => reasons.length + evidence.length > 0);
  return grouped(troubled, sameTrouble).map((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const flag = first.flagged ? ', flagged for reboot' : '';
    const said = [
      ...first.reasons.map(({ code, text }) => `${code}: ${text}`),
      ...first.evidence.map((text) => `evidence: ${text}`),
    ];
    return [
      `${names(group)}: ${painted(first.status, first.status, style)}${flag}`,
      ...said.flatMap((text) => indented(forTerminal(text), style)),
      ...nextSteps(group, style),
    ];
  });
}

/** A line for each note, with the hosts that it is about. */
export function noteLines(rows: readonly InstanceReport[], style: TableStyle): string[] {
  const notes = rows.flatMap((host) => host.notes.map((text) => ({ host, text })));
  return grouped(notes, ({ text }) => text).flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : wrapped(`note: ${names(group.map(({ host }) => host))}: ${forTerminal(first.text)}`, style);
  });
}

/** The host to start with, where several have a next step. */
export function startWith(rows: readonly InstanceReport[], style: TableStyle): string[] {
  const hasNext = (row: InstanceReport) => nextStep(row, style.login) !== null;
  const worst = rows.findIndex(hasNext);
  const [row, ...others] = rows.slice(worst === -1 ? rows.length : worst);
  if (row === undefined || !others.some(hasNext)) return [];
  return [`start with ${forTerminal(row.name)}: ${nextStep(row, style.login)}`];
}

/** What two hosts with the same problem have in common: everything but the address in their sentences. */
function sameTrouble({ address, status, flagged, recommendation, reasons, evidence }: InstanceReport): string {
  const text = JSON.stringify([status, flagged, recommendation, reasons, evidence]);
  return address === null ? text : text.replaceAll(address, '*').replace(/\*\]?:\d+/g, '*');
}

function names(group: readonly InstanceReport[]): string {
  const named = group.slice(0, NAMED).map(({ name }) => forTerminal(name));
  return `${named.join(', ')}${group.length > NAMED ? ` and ${group.length - NAMED} more` : ''}`;
}

/** Never wrapped: they are to be copied. */
function nextSteps(group: readonly InstanceReport[], { login }: TableStyle): string[] {
  const steps = [...new Set(group.flatMap((host) => nextStep(host, login) ?? []))];
  const rest = steps.length > NAMED ? [`  and so on for ${steps.length - NAMED} more`] : [];
  return [...steps.slice(0, NAMED).map((step) => `${NEXT}${step}`), ...rest];
}

const NEXT = '  next: ';
/** Whether a line of a block is a next step: cut, or broken by a newline, it could not be pasted. */
export const isNextStep = (line: string): boolean => line.startsWith(NEXT);

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

const indented = (text: string, style: TableStyle) => wrapped(`  ${text}`, style, '    ');

function wrapped(text: string, { width }: TableStyle, hang = '  '): string[] {
  if (width === null) return [text];
  const [indent = ''] = /^ */.exec(text) ?? [];
  const lines = wrapText(text.trimStart(), Math.max(20, width - hang.length));
  return lines.map((line, i) => `${i === 0 ? indent : hang}${line}`);
}
