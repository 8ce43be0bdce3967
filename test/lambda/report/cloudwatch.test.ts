import {
  CloudWatchClient,
  GetMetricDataCommand,
  type GetMetricDataCommandOutput,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import type { MetricPoint } from '../../../lambda/model/index.ts';
import { publishMetrics } from '../../../lambda/report/cloudwatch.ts';
import { SandboxAws } from '../../../sandbox/aws.ts';
import { clientThat } from '../../support/client-that.ts';

const NOW = new Date('2026-11-22T08:02:00Z');
const MINUTE = 60_000;
const ago = (ms: number) => new Date(NOW.getTime() - ms);

const of = (id: string) => ({ InstanceId: id, Name: `crawler ${id}` });
const memory = (id: string, value: number): MetricPoint => ({
  name: 'MemoryUtilization',
  value,
  unit: 'Percent',
  dimensions: of(id),
});
const suppressed = (value: number): MetricPoint => ({
  name: 'FlaggingSuppressed',
  value,
  unit: 'None',
  dimensions: { Stack: 'One' },
});
const sandbox = (pageSize?: number) => new SandboxAws({ now: () => NOW, ...(pageSize !== undefined && { pageSize }) });

const heartbeats = (aws: SandboxAws) => published(aws, 'FlaggingSuppressed', { Stack: 'One' });

/** The values that CloudWatch has, of i-1 if not said otherwise. */
async function published(
  aws: SandboxAws,
  MetricName: string,
  dimensions: object = of('i-1'),
): Promise<readonly number[]> {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const Metric = { Namespace: 'Crawlwatch', MetricName, Dimensions };
  const query = { Id: 'm', MetricStat: { Metric, Period: 60, Stat: 'Maximum' } };
  const { MetricDataResults = [] }: GetMetricDataCommandOutput = await aws.cloudwatch.send(
    new GetMetricDataCommand({ MetricDataQueries: [query], StartTime: ago(10 * MINUTE), EndTime: ago(-MINUTE) }),
  );
  return MetricDataResults[0]?.Values ?? [];
}

describe('publishMetrics', () => {
  const many = Array.from({ length: 2_100 }, (_, n) => memory(`i-${n}`, 50));

  it('loses one call and no other, and says how many values and why', async () => {
    const aws = sandbox();
    aws.fail(PutMetricDataCommand, 'ThrottlingException');
    await expect(publishMetrics(aws.cloudwatch, [...many, suppressed(1)], NOW)).rejects.toThrow(
      'of 2101 metric values, lost: 1000 refused (ThrottlingException: as ordered)',
    );
    expect(aws.calls('PutMetricDataCommand')).toBe(4);
    expect(await heartbeats(aws)).toEqual([1]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('drops a value of %s, tells, and publishes the rest', async (bad) => {
    const aws = sandbox();
    const points = [memory('i-1', bad), memory('i-1', 40)];
    await expect(publishMetrics(aws.cloudwatch, points, NOW)).rejects.toThrow('of 2 metric values, lost: 1 not finite');
    expect(aws.calls('PutMetricDataCommand')).toBe(1);
    expect(await published(aws, 'MemoryUtilization')).toEqual([40]);
  });

  it('keeps the worst names that core lets through under the size of a call', async () => {
    const aws = sandbox();
    const points = many.map((point) => ({ ...point, dimensions: { InstanceId: 'i-0', Name: '"'.repeat(256) } }));
    await expect(publishMetrics(aws.cloudwatch, points, NOW)).resolves.toBeUndefined();
  });

  it('publishes the heartbeat in the last call, after the instances', async () => {
    const sent: (string | undefined)[][] = [];
    const cw = clientThat(CloudWatchClient, async (command: PutMetricDataCommand) => {
      sent.push((command.input.MetricData ?? []).map((datum) => datum.MetricName));
      return {};
    });
    await publishMetrics(cw, [suppressed(0), ...many], NOW);
    expect(sent.map((names) => names.length)).toEqual([1_000, 1_000, 100, 1]);
    expect(sent.at(-1)).toEqual(['FlaggingSuppressed']);
  });

  it('calls nothing when there is nothing to publish', async () => {
    const aws = sandbox();
    await publishMetrics(aws.cloudwatch, [], NOW);
    expect(aws.calls('PutMetricDataCommand')).toBe(0);
  });
});
