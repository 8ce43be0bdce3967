/** Reads back the metrics that the demo has published, as a dashboard would. */
import {
  GetMetricDataCommand,
  type GetMetricDataCommandOutput,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';
import { FLEET_METRIC, INSTANCE_METRIC, METRIC_NAMESPACE } from '../../lambda/model/index.ts';
import type { SandboxAws } from '../../sandbox/aws.ts';
import { SETTINGS } from './sandbox.ts';

export interface Series {
  readonly label: string;
  /** One for every five minutes; null where there was none. */
  readonly values: readonly (number | null)[];
}

const EVERY_MS = 5 * 60_000;

/** The metrics of the fleet, and the memory of each instance. */
export async function readBack(aws: SandboxAws, from: Date, to: Date): Promise<Series[]> {
  const query = (name: string, label: string, dimensions: Readonly<Record<string, string>>) => ({
    label,
    query: {
      MetricStat: {
        Metric: {
          Namespace: METRIC_NAMESPACE,
          MetricName: name,
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        },
        Period: EVERY_MS / 1000,
        Stat: 'Maximum',
      },
    } satisfies Omit<MetricDataQuery, 'Id'>,
  });
  const queries = [
    ...Object.values(FLEET_METRIC).map((name) => query(name, name, { Stack: SETTINGS.stack })),
    ...[...aws.instances.values()].map(({ id, tags }) => {
      const Name = tags.get('Name') ?? id;
      return query(INSTANCE_METRIC.memory, `${INSTANCE_METRIC.memory} ${Name}`, { InstanceId: id, Name });
    }),
  ];
  const { MetricDataResults = [] }: GetMetricDataCommandOutput = await aws.cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: from,
      EndTime: to,
      ScanBy: 'TimestampAscending',
      MetricDataQueries: queries.map((one, n) => ({ ...one.query, Id: `m${n}` })),
    }),
  );
  const slots = Array.from({ length: Math.ceil((to.getTime() - from.getTime()) / EVERY_MS) }, (_, n) => n);
  return MetricDataResults.flatMap(({ Id, Timestamps = [], Values = [] }) => {
    const byTime = new Map(Timestamps.map((at, n) => [at.getTime(), Values[n] ?? null]));
    const values = slots.map((n) => byTime.get(from.getTime() + n * EVERY_MS) ?? null);
    const label = queries[Number(Id?.slice(1))]?.label ?? '';
    return values.every((value) => value === null) ? [] : [{ label, values }];
  });
}
