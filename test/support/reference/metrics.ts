/** docs/reference/metrics.md, from the metrics' names. */
import { FLEET_METRIC, INSTANCE_METRIC, METRIC_NAMESPACE } from '../../../lambda/model/index.ts';
import { markdownTable } from '../readme-tables.ts';
import { code, page } from './text.ts';

const INSTANCE_SAYS: Readonly<Record<keyof typeof INSTANCE_METRIC, readonly [unit: string, meaning: string]>> = {
  memory: ['percent', 'Memory in use: the total less what is available.'],
  disk: ['percent', 'Space in use on the fullest mount that can be written.'],
  success: ['0 or 1', 'Whether the host reported its figures. Published for every expected instance in every check.'],
  oomKills: ['count', 'Kills by the OOM killer since the last check. Published only when there were any.'],
};
const FLEET_SAYS: Readonly<Record<keyof typeof FLEET_METRIC, readonly [unit: string, meaning: string]>> = {
  checked: ['count', 'Instances that were probed.'],
  critical: ['count', 'Instances that are CRITICAL.'],
  unreachable: ['count', 'Instances that hang.'],
  flagged: ['count', 'Instances that carry the reboot flag.'],
  memoryLow: ['count', 'Instances with `MemoryLow` or `MemoryExhaustedResponsive`.'],
  diskLow: ['count', 'Instances with `DiskLow`.'],
  suppressed: ['0 or 1', '1 while so many fail at once that nothing is flagged.'],
  duration: ['milliseconds', 'Duration of the check. Published last: without it no check has finished.'],
  reboots: ['count', 'Reboots that crawlwatch made.'],
  workerRestarts: ['count', 'Worker restarts that crawlwatch made.'],
  rebootsAvoided: [
    'count',
    'Restarts of a worker with memory gone, after which the host was well: each would have been a hang.',
  ],
  recoveryMinutes: ['minutes', 'From the first failure to the first answer, when a hang ends.'],
};

const rows = <K extends string>(
  names: Readonly<Record<K, string>>,
  says: Readonly<Record<K, readonly [unit: string, meaning: string]>>,
): string =>
  markdownTable(
    ['metric', 'unit', 'meaning'],
    (Object.entries(names) as [K, string][]).map(([name, metric]) => [code(metric), ...says[name]]),
  );

export const metricsPage = (): string =>
  page(
    'Metrics',
    'For the person who builds graphs or alarms in CloudWatch: the metrics that checks publish, with their dimensions and units.',
    `The namespace is \`${METRIC_NAMESPACE}\`. The Prometheus metrics of \`crawlwatch exporter\` are on a page of their own: [Prometheus](../prometheus.md#metrics).`,
    `## Of an instance\n\nThe dimensions are \`InstanceId\` and \`Name\`; for instances in another Region or account \`Region\` and \`Account\` as well. [\`metrics.perInstance\`](settings.md#metrics) says of which instances these are published, since CloudWatch bills each of them.\n\n${rows(INSTANCE_METRIC, INSTANCE_SAYS)}`,
    `## Of the fleet\n\nThe dimension is \`Stack\`.\n\n${rows(FLEET_METRIC, FLEET_SAYS)}`,
    'What to do about each alarm on these metrics: [Runbook](../runbook.md#alarms).',
  );
