/** Whether another stack still checks, by its heartbeat. */
import { paginateGetMetricData } from '@aws-sdk/client-cloudwatch';
import type { CloudWatch } from '../kit/index.ts';
import { FLEET_METRIC, METRIC_NAMESPACE } from '../model/index.ts';

const HOUR_MS = 3_600_000;

/** @throws where CloudWatch refuses or can't be asked */
export async function stackChecks(cloudWatch: CloudWatch, stack: string, now: Date): Promise<boolean> {
  const pages = paginateGetMetricData(
    { client: cloudWatch },
    {
      StartTime: new Date(now.getTime() - HOUR_MS),
      EndTime: new Date(now.getTime() + 60_000),
      MetricDataQueries: [
        {
          Id: 'heartbeat',
          MetricStat: {
            Metric: {
              Namespace: METRIC_NAMESPACE,
              MetricName: FLEET_METRIC.checked,
              Dimensions: [{ Name: 'Stack', Value: stack }],
            },
            Period: 300,
            Stat: 'SampleCount',
          },
        },
      ],
    },
  );
  // The values may be on a later page: to take an empty first one for silence would end the other stack's claim.
  for await (const { MetricDataResults = [] } of pages) {
    if (MetricDataResults.some(({ Values = [] }) => Values.some((value) => value > 0))) return true;
  }
  return false;
}
