/** A report for a terminal: the table of hosts, worst first, then each problem in full and what to do about it. */

import { forTerminal, plural } from '../../lambda/kit/index.ts';
import type { Report, Status } from '../../lambda/model/index.ts';
import { inOrder } from '../../lambda/report/index.ts';
import { painted, type TableStyle, tableLines } from './columns.ts';
import { noteLines, startWith, troubleBlocks } from './details.ts';

/** `2 CRITICAL, 8 OK` */
export function countsText({ checked, ...summary }: Report['summary'], style: Pick<TableStyle, 'colour'>): string {
  const { ok, warning, critical, unknown } = summary;
  const counts = { CRITICAL: critical, UNKNOWN: unknown, WARNING: warning, OK: ok };
  const present = Object.entries(counts).filter(([, count]) => count > 0);
  return present.map(([status, count]) => painted(status as Status, `${count} ${status}`, style)).join(', ');
}

/** `10 hosts in 0.8 s: 2 CRITICAL, 8 OK; 1 skipped` */
export function summaryLine(report: Report, style: TableStyle): string {
  const counts = countsText(report.summary, style);
  const skipped = report.skipped.length === 0 ? '' : `; ${report.skipped.length} skipped`;
  const took = `${plural(report.summary.checked, 'host')} in ${(report.durationMs / 1000).toFixed(1)} s`;
  return `${took}${counts === '' ? '' : `: ${counts}`}${skipped}`;
}

/** The lines, each made when it is asked for: the text of a large fleet is never in memory as a whole. */
export function* reportLines(report: Report, style: TableStyle): Generator<string> {
  const rows = inOrder(report.instances);
  if (rows.length > 0) {
    yield* tableLines(rows, style);
    yield '';
  }
  for (const block of troubleBlocks(rows, style)) {
    yield* block;
    yield '';
  }
  const notes = noteLines(rows, style);
  if (notes.length > 0) {
    yield* notes;
    yield '';
  }
  for (const { name, why } of report.skipped) yield `skipped ${forTerminal(name)}: ${forTerminal(why)}`;
  yield summaryLine(report, style);
  yield* startWith(rows, style);
}

export const reportTable = (report: Report, style: TableStyle): string => [...reportLines(report, style)].join('\n');
