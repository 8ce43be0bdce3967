import { describe, expect, it } from 'vitest';
import { billText, monthlyBill } from '../../../lambda/cost/cost.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';

const bill = (instances: number, settings: object = {}) => monthlyBill(instances, parseSettings(settings));
const IN_VPC = { vpc: { id: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'], createEndpoints: true } };
const NO_METRICS = { metrics: { perInstance: 'none' } };
const cents = (instances: number, item: string, settings: object = {}) =>
  Math.round((bill(instances, settings).items.find((one) => one.item === item)?.dollars ?? 0) * 100);

describe('the monthly bill', () => {
  it.each([
    ['of the first tier', 10, 40 * 30],
    ['up to the end of the first tier', 3_330, 10_000 * 30],
    ['across tiers', 10_000, 10_000 * 30 + 20_010 * 10],
    ['in the third tier', 100_000, 10_000 * 30 + 240_000 * 10 + 50_010 * 5],
  ])('prices metrics %s', (_, instances, expected) => {
    expect(cents(instances, 'custom metrics')).toBe(expected);
  });

  it.each([
    ['memory and disk alarms', 1_000, 2 * 1_000 * 10],
    ['memory and disk alarms', 20_000, 2 * 10_000 * 10],
    ['other alarms', 1_000, 60],
    ['dashboard', 1_000, 300],
    // 8,760 checks: 3 requests for instances and one for the fleet.
    ['publishing metrics', 1_000, 35],
    // 8,760 checks: the samples written and read.
    ['files in S3', 1_000, 5],
    // 8,760 checks of 35 s with half a GiB.
    ['Lambda', 1_000, 205],
    ['schedule', 1_000, 1],
  ])('has for %s of %i instances %i cents', (item, instances, expected) => {
    expect(cents(instances, item)).toBe(expected);
  });

  it.each([
    ['no metrics of instances', { metrics: { perInstance: 'none' } }, 'custom metrics', 300],
    ['no metrics of instances', { metrics: { perInstance: 'none' } }, 'memory and disk alarms', 0],
    // A hundred instances with three metrics each, and ten of the fleet and of acting.
    ['metrics of the troubled alone', { metrics: { perInstance: 'troubled' } }, 'custom metrics', 9_300],
    ['metrics of the troubled alone', { metrics: { perInstance: 'troubled' } }, 'memory and disk alarms', 0],
    ['a key for the topic', { alerts: { encrypt: true } }, 'topic key', 100],
    ['endpoints in two zones', IN_VPC, 'interface endpoints', 5 * 2 * 730],
    [
      'acting by itself, another endpoint',
      { ...IN_VPC, remedies: { reboot: true } },
      'interface endpoints',
      6 * 2 * 730,
    ],
    ['acting by itself, one more alarm', { remedies: { restartWorker: true } }, 'other alarms', 70],
    // 876 runs of 30 s with half a GiB, and some ten reads and writes each.
    ['acting by itself', { remedies: { restartSshd: true } }, 'acting by itself', 18],
    ['acting for people alone', {}, 'acting by itself', 0],
    [
      'other accounts, another endpoint',
      { ...IN_VPC, accounts: [{ id: '210987654321', externalId: 'a-long-secret' }] },
      'interface endpoints',
      6 * 2 * 730,
    ],
    ['no metrics of instances, another endpoint', { ...IN_VPC, ...NO_METRICS }, 'interface endpoints', 6 * 2 * 730],
    ['one function', {}, 'Step Functions', 0],
    ['a run of two metrics', { scale: 'distributed' }, 'other alarms', 70],
    // A shard of 35 s, a plan and a join of 2.5 s, 8,760 times with half a GiB.
    ['a run over SSM, whose shards share the rates', { scale: 'distributed' }, 'Lambda', 234],
    // Two shards of 500 hosts in 100 forks: 10 s each.
    ['a run over SSH, whose shards do not', { scale: 'distributed', transport: 'ssh' }, 'Lambda', 147],
    // 8,760 runs of six transitions and one Express shard, a request and 35 s of 64 MB.
    ['a run', { scale: 'distributed' }, 'Step Functions', 165],
    // 8,760 runs of 6 files written and 7 read; 288 of them a day, each of 2 MB, kept two days.
    ['a run', { scale: 'distributed' }, 'files in S3', 31],
  ])('follows the settings: %s', (_, settings, item, expected) => {
    expect(cents(1_000, item, settings)).toBe(expected);
  });

  it('of 10,000 hosts over SSM is near the cost of their simulated run', () => {
    const of = (item: string) => cents(10_000, item, { ...NO_METRICS, scale: 'distributed', transport: 'ssm' }) / 100;
    // Lambda, Step Functions and S3 together: npm run simulate -- --instances 10000, with a tenth of the hosts hung.
    const simulated = 131.65;
    const modelled = of('Lambda') + of('Step Functions') + of('files in S3');
    expect(Math.abs(modelled / simulated - 1)).toBeLessThan(0.25);
  });

  it('adds up, and compares with the agent, which sends requests from every instance', () => {
    const { items, total, agent } = bill(1_000);
    expect(total).toBeCloseTo(items.reduce((sum, { dollars }) => sum + dollars, 0));
    expect(agent.items.map(({ item, dollars }) => [item, Math.round(dollars)])).toEqual([
      ['custom metrics', 900],
      ['publishing metrics', 438],
      ['memory and disk alarms', 200],
      ['dashboard', 3],
    ]);
    expect(agent.total).toBeGreaterThan(total);
  });

  it('is printed with its date, its source and the settings that each item depends on', () => {
    const text = billText(bill(100));
    expect(text).toMatch(/^100 instances, a month, in us-east-1, USD, list prices of November 2026/);
    expect(text).toMatch(
      /93\.00 {2}custom metrics {10}300 of instances \(3 each\), 6 of the fleet, 4 of acting at most \[metrics\.perInstance\]/,
    );
    expect(text.match(/TOTAL/g)).toHaveLength(2);
  });
});
