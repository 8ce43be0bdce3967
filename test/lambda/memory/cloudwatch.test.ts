import { CloudWatchClient, GetMetricDataCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { lastSuppression, publishMetrics, readHistory } from '../../../lambda/memory/cloudwatch.ts';
import type { MetricPoint } from '../../../lambda/model/index.ts';
import { SandboxAws } from '../../../sandbox/aws.ts';
import { clientThat } from '../../support/client-that.ts';

const NOW = new Date('2026-11-22T08:02:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ago = (ms: number) => new Date(NOW.getTime() - ms);

const of = (id: string) => ({ InstanceId: id, Name: `crawler ${id}` });
const memory = (id: string, value: number): MetricPoint => ({
  name: 'MemoryUtilization',
  value,
  unit: 'Percent',
  dimensions: of(id),
});
const disk = (id: string, value: number): MetricPoint => ({ ...memory(id, value), name: 'DiskSpaceUtilization' });
const suppressed = (value: number): MetricPoint => ({
  name: 'FlaggingSuppressed',
  value,
  unit: 'None',
  dimensions: { Stack: 'One' },
});
const every = (everyMinutes: number, stack = 'One') => ({ stack, schedule: { everyMinutes } });
const sandbox = (pageSize?: number) => new SandboxAws({ now: () => NOW, ...(pageSize !== undefined && { pageSize }) });

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
    const history = await readHistory(aws.cloudwatch, [of('i-1')], ago(-MINUTE));
    expect(history.get('i-1')?.memory.map((sample) => sample.available)).toEqual([0.6]);
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

describe('readHistory', () => {
  it('rejects when CloudWatch fails', async () => {
    const aws = sandbox();
    aws.fail(GetMetricDataCommand, 'InternalServiceFault');
    await expect(readHistory(aws.cloudwatch, [of('i-1')], NOW)).rejects.toThrow('as ordered');
  });

  it('gives five-minute samples of the last hours after the worst of each hour before, oldest first', async () => {
    const aws = sandbox(3);
    // Out of order, as late values come.
    for (const [minutes, used] of [
      [10, 70],
      [5, 75],
      [26 * 60, 40],
      [26 * 60 - 5, 62],
      [6 * 24 * 60, 55],
    ] as const) {
      await publishMetrics(aws.cloudwatch, [memory('i-1', used), disk('i-1', used / 2)], ago(minutes * MINUTE));
    }
    const history = (await readHistory(aws.cloudwatch, [of('i-1'), of('i-2')], NOW)).get('i-1');
    expect(history?.memory.map(({ at, available }) => [at.toISOString(), Number(available.toFixed(3))])).toEqual([
      ['2026-11-16T08:00:00.000Z', 0.45],
      ['2026-11-21T06:00:00.000Z', 0.38],
      ['2026-11-22T07:50:00.000Z', 0.3],
      ['2026-11-22T07:55:00.000Z', 0.25],
    ]);
    expect(history?.disk.map((sample) => Number(sample.available.toFixed(3)))).toEqual([0.725, 0.69, 0.65, 0.625]);
  });

  it('looks back a week for memory and two for disk', async () => {
    const aws = sandbox();
    for (const days of [13, 8, 6]) {
      await publishMetrics(aws.cloudwatch, [memory('i-1', 50), disk('i-1', 50)], ago(days * 24 * HOUR));
    }
    const history = (await readHistory(aws.cloudwatch, [of('i-1')], NOW)).get('i-1');
    expect([history?.memory.length, history?.disk.length]).toEqual([1, 3]);
  });

  it('keeps instances apart over calls of 500 queries, and leaves those out that have no past', async () => {
    const aws = sandbox();
    const ids = Array.from({ length: 300 }, (_, n) => `i-${n}`);
    await publishMetrics(
      aws.cloudwatch,
      ids.slice(1).map((id, n) => memory(id, n / 10)),
      ago(HOUR),
    );
    const history = await readHistory(aws.cloudwatch, ids.map(of), NOW);
    expect(history.has('i-0')).toBe(false);
    expect(history.get('i-299')?.memory.map((sample) => Number(sample.available.toFixed(3)))).toEqual([0.702]);
    expect(aws.calls('GetMetricDataCommand')).toBe(4);
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
