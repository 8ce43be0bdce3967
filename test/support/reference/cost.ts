/** docs/reference/cost.md, from the estimate behind `crawlwatch cost`. */
import { billRows, monthlyBill } from '../../../lambda/cost/cost.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { costTable, markdownTable } from '../readme-tables.ts';
import { page } from './text.ts';

const FLEET = 1_000;
const CHOICES = ['all', 'troubled', 'none'] as const;

/** The same fleet with each choice of `metrics.perInstance`. */
const byMetrics = (): string =>
  markdownTable(
    [`USD a month, ${FLEET.toLocaleString('en')} instances`, ...CHOICES.map((choice) => `\`${choice}\``)],
    billRows(CHOICES.map((perInstance) => monthlyBill(FLEET, parseSettings({ metrics: { perInstance } })))).filter(
      ([name = '']) => /custom metrics|crawlwatch\*\*/.test(name),
    ),
  );

export const costPage = (): string =>
  page(
    'Cost',
    'For the person who pays the AWS bill: what a month of crawlwatch costs by the size of the fleet, and which setting changes it most.',
    'These are the default settings over SSM, in us-east-1, at list prices of November 2026 without the free tier. `crawlwatch cost --instances 250` itemises the bill for your own settings. The prices are those of aws.amazon.com/cloudwatch/pricing and of the other services; `lambda/cost/prices.ts` holds them.',
    costTable(),
    '## What changes it',
    'Nearly all of it is custom metrics, which CloudWatch bills for each hour in which they have a value. [`metrics.perInstance`](settings.md#metrics) says of which instances there are any. `troubled` is reckoned here with one instance in twenty in trouble.',
    byMetrics(),
    'With `troubled` or `none` only graphs of single instances go. Checks, mails, flags, forecasts, the fleet table and all alarms stay the same: they read the bucket of the stack, not CloudWatch. `budget.monthlyUsd` warns at `cdk synth` when the estimate is higher than you want.',
  );
