/** Publishes what a check measured as CloudWatch metrics, and reads back whether the last one suppressed flags. */

import { type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import pLimit from 'p-limit';
import type { CloudWatch } from '../kit/index.ts';
import { chunks, errorText } from '../kit/index.ts';
import type { MetricPoint } from '../model/index.ts';
import { isFleetMetric, METRIC_NAMESPACE } from '../model/index.ts';

/** API_PutMetricData.html allows 1,000 and 1 MB; a datum is under 1 kB where no Name tag is over 256 characters. */
const DATUMS_PER_CALL = 1_000;
const PUTS_AT_ONCE = 4;

/**
 * Publishes what a check measured, the fleet's own metrics in a last call of their own: they are the heartbeat.
 * A call that fails costs no other.
 *
 * @param at the check's time, stamped on every value
 * @throws Error that says how many values were lost, and to what, once all calls have been made
 */
export async function publishMetrics(
  cw: Pick<CloudWatch, 'send'>,
  points: readonly MetricPoint[],
  at: Date,
): Promise<void> {
  // One value that isn't finite would have CloudWatch refuse the whole call.
  const good = points.filter((point) => Number.isFinite(point.value));
  const problems: string[] = [];
  let cause: unknown;
  if (good.length < points.length) problems.push(`${points.length - good.length} not finite`);

  const put = async (some: readonly MetricPoint[]): Promise<void> => {
    try {
      const MetricData = some.map((point) => datum(point, at));
      await cw.send(new PutMetricDataCommand({ Namespace: METRIC_NAMESPACE, MetricData }));
    } catch (error) {
      cause ??= error;
      problems.push(`${some.length} refused (${errorText(error)})`);
    }
  };
  const limit = pLimit(PUTS_AT_ONCE);
  const ofInstances = good.filter((point) => !isFleetMetric(point));
  await Promise.all(chunks(ofInstances, DATUMS_PER_CALL).map((some) => limit(put, some)));
  const ofFleet = good.filter(isFleetMetric);
  for (const some of chunks(ofFleet, DATUMS_PER_CALL)) await put(some);

  if (problems.length > 0) {
    throw new Error(`of ${points.length} metric values, lost: ${problems.join('; ')}`, { cause });
  }
}

function datum(point: MetricPoint, at: Date): MetricDatum {
  return {
    MetricName: point.name,
    Value: point.value,
    Unit: point.unit,
    Timestamp: at,
    Dimensions: Object.entries(point.dimensions).map(([Name, Value]) => ({ Name, Value })),
  };
}
