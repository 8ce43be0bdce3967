import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type CostItem, monthlyBill } from '../../lambda/cost/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';

/** Items that the warning names: three make up most of any bill. */
const NAMED = 3;

/** Warns at synth where the estimated month costs more than `budget.monthlyUsd`. */
export function warnAboveBudget(scope: Construct, settings: Settings): void {
  const { monthlyUsd, instances } = settings.budget;
  if (monthlyUsd === null || instances === null) return;
  const { items, total } = monthlyBill(instances, settings);
  if (total <= monthlyUsd) return;
  const most = items.toSorted((a, b) => b.dollars - a.dollars).slice(0, NAMED);
  Annotations.of(scope).addWarningV2(
    'crawlwatch:budget',
    `${instances} instances will cost about $${dollars(total)} a month, above the $${dollars(monthlyUsd)} of budget.monthlyUsd. Most of it: ${most.map(named).join('; ')}. All of it: crawlwatch cost --instances ${instances}.`,
  );
}

const named = ({ item, dollars: price, settings }: CostItem): string =>
  `${item} $${dollars(price)}${settings.length === 0 ? '' : ` (changed by ${settings.join(', ')})`}`;

const dollars = (amount: number): string => amount.toFixed(amount < 10 ? 2 : 0);
