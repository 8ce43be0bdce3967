/** `crawlwatch cost`: what a fleet of so many instances costs a month on AWS, with the settings as they are here. */
import { billText, monthlyBill, PRICES_OF } from '../../lambda/cost/index.ts';
import { settingsFor } from '../settings/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';

export interface CostFlags {
  readonly instances: string;
  readonly output: 'table' | 'json';
}

const MOST = 1_000_000;

/** @throws UsageError where the number of instances is none. */
export async function cost({ instances, output }: CostFlags, io: CommandIo): Promise<number> {
  const count = Number(instances);
  if (!/^\d+$/.test(instances) || count < 1 || count > MOST) {
    throw new UsageError(`--instances: got ${JSON.stringify(instances)}; allowed: a whole number from 1 to ${MOST}`);
  }
  const bill = monthlyBill(count, await settingsFor({}, io));
  io.stdout.write(
    output === 'json' ? `${JSON.stringify({ version: 1, prices: PRICES_OF, ...bill })}\n` : billText(bill),
  );
  return 0;
}
