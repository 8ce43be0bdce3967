/** Sums of metrics over a time: what was started, published, delivered. */
import { paginateGetMetricData } from '@aws-sdk/client-cloudwatch';
import type { CloudWatch } from '../../lambda/kit/index.ts';

export interface MetricName {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export interface MetricTotal {
  readonly sum: number;
  /** Start of the newest period whose sum is above 0; null: there is none. */
  readonly lastAt: Date | null;
}

/**
 * One total for each metric, in their order. Each costs $0.00001.
 * @param periodSeconds the resolution; CloudWatch keeps minutes for 15 days, five minutes for 63
 *   (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention)
 */
export async function readTotals(
  cw: CloudWatch,
  metrics: readonly MetricName[],
  from: Date,
  to: Date,
  periodSeconds: number,
): Promise<MetricTotal[]> {
  const totals = metrics.map((): MetricTotal => ({ sum: 0, lastAt: null }));
  const MetricDataQueries = metrics.map(({ namespace, name, dimensions }, n) => ({
    Id: `q${n}`,
    MetricStat: {
      Metric: {
        Namespace: namespace,
        MetricName: name,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      },
      Period: periodSeconds,
      Stat: 'Sum',
    },
  }));
  const input = { MetricDataQueries, StartTime: from, EndTime: to };
  for await (const page of paginateGetMetricData({ client: cw }, input)) {
    for (const { Id, Timestamps = [], Values = [] } of page.MetricDataResults ?? []) {
      const nth = Number(Id?.slice(1));
      for (const [i, value] of Values.entries()) totals[nth] = added(totals[nth], value, Timestamps[i]);
    }
  }
  return totals;
}

function added(total: MetricTotal = { sum: 0, lastAt: null }, value: number, at: Date | undefined): MetricTotal {
  const isLater = value > 0 && at !== undefined && (total.lastAt === null || at > total.lastAt);
  return { sum: total.sum + value, lastAt: isLater ? at : total.lastAt };
}
