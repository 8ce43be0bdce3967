import type { GetMetricDataCommandInput, MetricDataResult } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { readHypervisors } from '../../../lambda/flag/cloudwatch.ts';
import type { CloudWatch } from '../../../lambda/kit/index.ts';
import { NOTHING_REMEMBERED } from '../../../lambda/model/index.ts';
import { NOW } from '../../support/fleet.ts';

const failing = (id: string, minutesAgo: number) => ({
  id,
  remembered: { ...NOTHING_REMEMBERED, failingSince: new Date(NOW.getTime() - minutesAgo * 60_000) },
});
/** Answers each query by its id, and keeps what it was asked. */
function answering(of: (id: string) => Omit<MetricDataResult, 'Id'>) {
  const asked: GetMetricDataCommandInput[] = [];
  const send = async ({ input }: { readonly input: GetMetricDataCommandInput }) => {
    asked.push(input);
    return { MetricDataResults: (input.MetricDataQueries ?? []).map(({ Id = '' }) => ({ Id, ...of(Id) })) };
  };
  return { asked, client: { send } as unknown as CloudWatch };
}

describe('what hypervisors measure', () => {
  it('is asked for a hundred instances a call, at five minutes, from a day before the first of them failed', async () => {
    const { asked, client } = answering(() => ({}));
    const many = Array.from({ length: 201 }, (_, n) => failing(`i-${n}`, n === 0 ? 60 : 10));
    expect((await readHypervisors(client, many, NOW)).size).toBe(201);
    expect(asked.map(({ MetricDataQueries = [] }) => MetricDataQueries.length)).toEqual([500, 500, 5]);
    const hours = asked.map(({ StartTime }) => (NOW.getTime() - (StartTime?.getTime() ?? 0)) / 3_600_000);
    expect(hours[0]).toBeCloseTo(26.1, 1);
    expect(hours[1]).toBeCloseTo(25.25, 1);
    expect(new Set(asked[0]?.MetricDataQueries?.map(({ MetricStat }) => MetricStat?.Period))).toEqual(new Set([300]));
  });

  it('is looked for no more than three days and one back', async () => {
    const { asked, client } = answering(() => ({}));
    await readHypervisors(client, [failing('i-1', 60 * 24 * 30)], NOW);
    expect((NOW.getTime() - (asked[0]?.StartTime?.getTime() ?? 0)) / 3_600_000).toBeLessThan(98);
  });

  it.each(['InternalError', 'Forbidden'] as const)(
    'is not known where CloudWatch answers %s for one of them',
    async (StatusCode) => {
      const { client } = answering((id) => (id === 'i1_cpu' ? { StatusCode } : {}));
      const read = await readHypervisors(client, [failing('i-0', 10), failing('i-1', 10)], NOW);
      expect(read.get('i-0')).toEqual([]);
      expect(read.get('i-1')).toBe(`the hypervisor's metrics: CPUUtilization: ${StatusCode}`);
    },
  );

  it('leaves out figures that are no numbers, and those without a time', async () => {
    const at = new Date(NOW.getTime() - 600_000);
    const { client } = answering((id) =>
      id === 'i0_cpu' ? { Timestamps: [at, NOW], Values: [7] } : { Timestamps: [at], Values: [Number.NaN] },
    );
    expect((await readHypervisors(client, [failing('i-0', 10)], NOW)).get('i-0')).toEqual([
      { at, networkOut: null, packetsOut: null, cpu: 7, readOps: null, credits: null },
    ]);
  });

  it('is not known where pages never end', async () => {
    const client = { send: async () => ({ NextToken: 'again' }) } as unknown as CloudWatch;
    expect((await readHypervisors(client, [failing('i-0', 10)], NOW)).get('i-0')).toContain('more than 50 pages');
  });
});
