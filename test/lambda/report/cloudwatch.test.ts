import { CloudWatchClient, GetMetricDataCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import type { MetricPoint } from '../../../lambda/model/index.ts';
import { lastSuppression, publishMetrics } from '../../../lambda/report/cloudwatch.ts';
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
const every = (everyMinutes: number, stack = 'One') => ({ stack, schedule: { everyMinutes } });
const sandbox = (pageSize?: number) => new SandboxAws({ now: () => NOW, ...(pageSize !== undefined && { pageSize }) });

/** The values of i-1 that CloudWatch has. */
async function published(aws: SandboxAws, MetricName: string): Promise<readonly number[]> {
  const Dimensions = Object.entries(of('i-1')).map(([Name, Value]) => ({ Name, Value }));
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
    expect(await lastSuppression(aws.cloudwatch, ago(-MINUTE), every(5))).toBe(true);
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

describe('lastSuppression', () => {
  it.each([
    { minutes: 20, value: 1, every: 5, expected: null, why: 'it is older than fifteen minutes' },
    { minutes: 20, value: 1, every: 1, expected: null, why: 'three intervals of a minute are still fifteen' },
    { minutes: 100, value: 1, every: 60, expected: true, why: 'three hours is three intervals of an hour' },
    { minutes: 5, value: 1, every: 5, expected: true, why: 'the last check held back' },
    { minutes: 5, value: 0, every: 5, expected: false, why: 'the last check did not' },
  ])('is $expected when $why', async ({ minutes, value, every: minutesBetween, expected }) => {
    const aws = sandbox();
    await publishMetrics(aws.cloudwatch, [suppressed(value)], ago(minutes * MINUTE));
    expect(await lastSuppression(aws.cloudwatch, NOW, every(minutesBetween))).toBe(expected);
  });

  it('takes the latest of several', async () => {
    const aws = sandbox(1);
    await publishMetrics(aws.cloudwatch, [suppressed(1)], ago(10 * MINUTE));
    await publishMetrics(aws.cloudwatch, [suppressed(0)], ago(5 * MINUTE));
    expect(await lastSuppression(aws.cloudwatch, NOW, every(5))).toBe(false);
  });

  it("is not another stack's in the same account and Region", async () => {
    const aws = sandbox();
    await publishMetrics(aws.cloudwatch, [suppressed(1)], ago(5 * MINUTE));
    expect(await lastSuppression(aws.cloudwatch, NOW, every(5, 'Other'))).toBeNull();
  });

  it('walks past an empty page', async () => {
    const replies = [{ MetricDataResults: [], NextToken: 'a' }, { MetricDataResults: [{ Values: [1] }] }];
    const cw = clientThat(CloudWatchClient, async () => replies.shift());
    expect(await lastSuppression(cw, NOW, every(5))).toBe(true);
  });
});
