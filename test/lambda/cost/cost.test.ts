import { describe, expect, it } from 'vitest';
import { billText, monthlyBill } from '../../../lambda/cost/cost.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';

const bill = (instances: number, settings: object = {}) => monthlyBill(instances, parseSettings(settings));
const IN_VPC = { vpc: { id: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'], createEndpoints: true } };
const NO_METRICS = { metrics: { perInstance: 'none' } };
const TROUBLED = { metrics: { perInstance: 'troubled' } };
const cents = (instances: number, item: string, settings: object = {}) =>
  Math.round((bill(instances, settings).items.find((one) => one.item === item)?.dollars ?? 0) * 100);

describe('the monthly bill', () => {
  it.each([
    ['of the first tier', 10, 38.4 * 30],
    ['up to the end of the first tier', 3_330, 9_998.4 * 30],
    ['across tiers', 10_000, 10_000 * 30 + 20_008.4 * 10],
    ['in the third tier', 100_000, 10_000 * 30 + 240_000 * 10 + 50_008.4 * 5],
  ])('prices metrics %s', (_, instances, expected) => {
    expect(cents(instances, 'custom metrics')).toBe(Math.round(expected));
  });

  it.each([
    ['all', 1_000, 960],
    ['troubled', 1_000, 80],
    ['none', 1_000, 12],
  ])(
    'with metrics of %s comes for %i instances, a check each five minutes, to at most %i dollars',
    (perInstance, instances, most) => {
      expect(bill(instances, { metrics: { perInstance } }).total).toBeLessThanOrEqual(most);
    },
  );

  it.each([
    ['alarms', 10, 80],
    ['alarms', 20_000, 80],
    ['dashboard', 1_000, 300],
    // 8,760 checks: 3 requests for instances and one for the fleet.
    ['publishing metrics', 1_000, 35],
    // 8,760 checks of 35 s with half a GiB.
    ['Lambda', 1_000, 205],
    // A full line of 1,300 bytes for 51 in 8,760 checks and for 950 in 730, and 950 brief ones of 420 in 8,030.
    ['logs', 1_000, 231],
    ['schedule', 1_000, 1],
    // 8,760 checks: three files written, two read; 10,560 draws of the table that read two; 2 MB.
    ['files in S3', 1_000, 15],
  ])('has for %s of %i instances %i cents', (item, instances, expected) => {
    expect(cents(instances, item)).toBe(expected);
  });

  it.each([
    ['no metrics of instances', NO_METRICS, 'custom metrics', 252],
    ['metrics of those in trouble, one in twenty', TROUBLED, 'custom metrics', 252 + 150 * 30],
    ['metrics of those in trouble', TROUBLED, 'publishing metrics', 18],
    ['no metrics of instances', NO_METRICS, 'alarms', 80],
    ['a check an hour, all lines of which are in full', { schedule: { everyMinutes: 60 } }, 'logs', 47],
    ['a key for the topic', { alerts: { encrypt: true } }, 'topic key', 100],
    ['endpoints in two zones', IN_VPC, 'interface endpoints', 7 * 2 * 730],
    [
      'acting by itself, another endpoint',
      { ...IN_VPC, remedies: { reboot: true } },
      'interface endpoints',
      8 * 2 * 730,
    ],
    ['acting by itself, one more alarm', { remedies: { restartWorker: true } }, 'alarms', 90],
    // 876 runs of 30 s with half a GiB, and some ten reads and writes each.
    ['acting by itself', { remedies: { restartSshd: true } }, 'acting by itself', 18],
    ['acting for people alone', {}, 'acting by itself', 0],
    ['one function', {}, 'Step Functions', 0],
    ['a run of two metrics', { scale: 'distributed' }, 'alarms', 90],
    // A shard of 35 s, a plan and a join of 2.5 s, 8,760 times with half a GiB.
    ['a run over SSM, whose shards share the rates', { scale: 'distributed' }, 'Lambda', 234],
    // Two shards of 500 hosts in 100 forks: 10 s each.
    ['a run over SSH, whose shards do not', { scale: 'distributed', transport: 'ssh' }, 'Lambda', 147],
    // 8,760 runs of six transitions and one Express shard, a request and 35 s of 64 MB.
    ['a run', { scale: 'distributed' }, 'Step Functions', 165],
    // 8,760 runs of 5 files written and 6 read beside the state; 288 of them a day, each of 2 MB, kept two days.
    ['a run', { scale: 'distributed' }, 'files in S3', 41],
  ])('follows the settings: %s', (_, settings, item, expected) => {
    expect(cents(1_000, item, settings)).toBe(expected);
  });

  it.each([0, 5, 20, 100])('grows with the share in trouble, here %i percent, up to the bill of all', (percent) => {
    const settings = parseSettings(TROUBLED);
    const { total, items } = monthlyBill(1_000, settings, percent);
    expect(items[0]).toMatchObject({ item: 'custom metrics', dollars: expect.closeTo(2.52 + 9 * percent) });
    expect(total).toBeLessThanOrEqual(monthlyBill(1_000, parseSettings({}), percent).total);
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
      /92\.52 {2}custom metrics {10}300 of instances \(3 each\), 8 of the fleet, 4 of acting \(assumed: in one hour of ten\) \[metrics\.perInstance\]/,
    );
    expect(text.match(/TOTAL/g)).toHaveLength(2);
  });
});
