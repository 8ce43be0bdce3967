import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { monthlyBill } from '../../lambda/cost/cost.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { stackWith } from './synth.ts';

const MAIL = { alertEmail: 'you@example.com' };
const warnings = (settings: object): string[] =>
  Annotations.fromStack(stackWith({ ...MAIL, ...settings }))
    .findWarning('*', Match.anyValue())
    .map(({ entry }) => String(entry.data));

describe('the budget', () => {
  it('warns at synth of a month that costs more, and names what costs most and what changes it', () => {
    const [warning, ...others] = warnings({ budget: { monthlyUsd: 500, instances: 1_000 } });
    const { total } = monthlyBill(1_000, parseSettings());
    expect(warning).toContain(
      `1000 instances will cost about $${total.toFixed(0)} a month, above the $500 of budget.monthlyUsd.`,
    );
    expect(warning).toContain('Most of it: custom metrics $903 (changed by metrics.perInstance); dashboard');
    expect(warning).toContain('All of it: crawlwatch cost --instances 1000.');
    expect(others).toEqual([]);
  });

  it.each([
    ['the month costs less', { budget: { monthlyUsd: 500, instances: 100 } }],
    ['it was heeded', { budget: { monthlyUsd: 500, instances: 1_000 }, metrics: { perInstance: 'none' } }],
    ['none was set', {}],
    ['only a number of instances was set', { budget: { instances: 100_000 } }],
  ])('says nothing where %s', (_, settings) => {
    expect(warnings(settings)).toEqual([]);
  });
});
