/** A report's counts, its order, its exit code and its JSON. */

import { worstFirst } from '../judge/index.ts';
import { inertJson } from '../kit/index.ts';
import type { InstanceReport, Report, Summary } from '../model/index.ts';
import { writtenInstance } from './unread-disks.ts';

export function summarise(instances: readonly Pick<InstanceReport, 'status'>[]): Summary {
  const summary = startSummary();
  for (const one of instances) summary.add(one);
  return summary.counted();
}

/** Counts reports that aren't kept. */
export function startSummary() {
  const counts = { checked: 0, ok: 0, warning: 0, critical: 0, unknown: 0 };
  return {
    add({ status }: Pick<InstanceReport, 'status'>): void {
      counts.checked += 1;
      counts[KEYS[status]] += 1;
    },
    counted: (): Summary => ({ ...counts }),
  };
}

const KEYS = { OK: 'ok', WARNING: 'warning', CRITICAL: 'critical', UNKNOWN: 'unknown' } as const;

/** CRITICAL first, then UNKNOWN, WARNING, OK; then by name, its numbers as numbers (`web2` before `web10`). */
export function inOrder(instances: readonly InstanceReport[]): InstanceReport[] {
  // One for the whole sort, and none where a single host is shown: it takes milliseconds to make.
  let collator: Intl.Collator | undefined;
  const byName = (a: string, b: string) => {
    collator ??= new Intl.Collator('en', { numeric: true });
    return collator.compare(a, b);
  };
  return [...instances].sort((a, b) => worstFirst(a, b) || byName(a.name, b.name));
}

/** As monitoring plugins do: 2 if any CRITICAL, else 3 if any UNKNOWN or no host at all, else 1 if any WARNING, else 0. */
export function exitCodeOf(summary: Summary): 0 | 1 | 2 | 3 {
  if (summary.critical > 0) return 2;
  if (summary.unknown > 0 || summary.checked === 0) return 3;
  return summary.warning > 0 ? 1 : 0;
}

/** The same, but 3 in the place of 0 where not all hosts could be listed: those are not known to be OK. */
export function exitCodeOfCheck({ summary, problems }: Pick<Report, 'summary' | 'problems'>): 0 | 1 | 2 | 3 {
  const exitCode = exitCodeOf(summary);
  return exitCode === 0 && problems.some((problem) => problem.startsWith('discover: ')) ? 3 : exitCode;
}

/** One JSON document, version 1 (schema.ts); inert on a terminal, whatever hosts have put into it. */
export function reportJson(report: Report): string {
  return inertJson(JSON.stringify({ ...report, instances: report.instances.map(writtenInstance) }, null, 2));
}

/** The parts of {@link reportJson} for a report that is written while its hosts are checked: `summary` comes last. */
export const streamedJson = {
  begin: ({ checkedAt, source }: Pick<Report, 'checkedAt' | 'source'>): string =>
    `${inertJson(JSON.stringify({ version: 1, checkedAt, source }, null, 2)).slice(0, -2)},\n  "instances": [`,
  instance: (instance: InstanceReport, isFirst: boolean): string => {
    const text = inertJson(JSON.stringify(writtenInstance(instance), null, 2));
    return `${isFirst ? '' : ','}\n    ${text.replaceAll('\n', '\n    ')}`;
  },
  end: ({ durationMs, summary, skipped, problems }: Report): string =>
    `\n  ],${inertJson(JSON.stringify({ skipped, problems, durationMs, summary }, null, 2)).slice(1)}`,
};

/** One instance on one line of JSON, complete without the report around it. */
export function instanceJson(instance: InstanceReport, of: Pick<Report, 'checkedAt' | 'source'>): string {
  return inertJson(
    JSON.stringify({ version: 1, checkedAt: of.checkedAt, source: of.source, ...writtenInstance(instance) }),
  );
}
