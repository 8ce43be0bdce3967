/** `crawlwatch cost`: what a fleet of so many instances costs a month on AWS, with the settings found here. */
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { type CommandLine, outputOption } from './grammar.ts';

const HELP = `
Examples:
  crawlwatch cost --instances 40
  CRAWLWATCH_SETTINGS='{"metrics":{"perInstance":"troubled"}}' crawlwatch cost --instances 2000 -o json`;

interface CostFlags {
  readonly instances: string;
  readonly troubled?: string;
  readonly output: 'table' | 'json';
}

const MOST = 1_000_000;

export function addCost({ program, io, exit }: CommandLine): void {
  program
    .command('cost')
    .description('the monthly AWS bill of a fleet, itemised, with the settings that change it')
    .requiredOption('--instances <n>', 'how many instances are watched, such as 40')
    .option('--troubled <percent>', 'share of the instances that is in trouble at any time (default: 5)')
    .addOption(outputOption(['table', 'json'], 'table'))
    .addHelpText('after', HELP)
    .action(async (flags: CostFlags) => exit(await cost(flags, io)));
}

/** @throws UsageError where `--instances` is not a number of instances, or `--troubled` no percentage. */
async function cost({ instances, troubled, output }: CostFlags, io: CommandIo): Promise<number> {
  const count = Number(instances);
  if (!/^\d+$/.test(instances) || count < 1 || count > MOST) {
    throw new UsageError(`--instances: got ${JSON.stringify(instances)}; allowed: a whole number from 1 to ${MOST}`);
  }
  const percent = troubled === undefined ? undefined : Number(troubled);
  if (troubled !== undefined && (!/^\d+(\.\d+)?$/.test(troubled) || Number(troubled) > 100)) {
    throw new UsageError(`--troubled: got ${JSON.stringify(troubled)}; allowed: a number from 0 to 100`);
  }
  const { billText, monthlyBill, PRICES_OF } = await import('../../lambda/cost/index.ts');
  const { settingsFor } = await import('../settings/index.ts');
  const bill = monthlyBill(count, await settingsFor({}, io), percent);
  io.stdout.write(
    output === 'json' ? `${JSON.stringify({ version: 1, prices: PRICES_OF, ...bill })}\n` : billText(bill),
  );
  return 0;
}
