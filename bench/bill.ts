/** Requests and dollars a month: counted by the simulator in the real pipeline, priced by the cost model. */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { monthlyBill } from '../lambda/cost/index.ts';
import { parseSettings } from '../lambda/settings/index.ts';
import { CRAWLWATCH } from './contenders.ts';
import type { Effort, Say } from './measure.ts';
import type { Section } from './table.ts';

/** What is read of tools/simulate's --json. */
interface Simulated {
  readonly seconds: number;
  readonly calls: Readonly<Record<string, number>>;
  readonly monthlyDollars: number;
}

const RUNS_A_MONTH = (365.25 / 12) * 24 * 12;

export async function bill({ fleets }: Pick<Effort, 'fleets'>, say: Say): Promise<Section> {
  const rows: string[][] = [];
  for (const instances of fleets) {
    for (const transport of ['ssm', 'ssh'] as const) {
      const { seconds, calls, monthlyDollars } = await simulated(instances, transport);
      const aCheck = Object.values(calls).reduce((sum, count) => sum + count, 0);
      const { agent } = monthlyBill(instances, parseSettings({ transport }));
      rows.push([
        ...[`${instances.toLocaleString('en')} over ${transport.toUpperCase()}`, `${seconds.toFixed(0)} s`],
        ...[aCheck.toLocaleString('en'), Math.round(aCheck * RUNS_A_MONTH).toLocaleString('en')],
        ...[dollars(monthlyDollars), dollars(agent.total)],
      ]);
      say(`${instances} over ${transport}`);
    }
  }
  return {
    title: 'Requests and dollars a month',
    columns: ['instances', 'one check', 'requests a check', 'requests a month', 'dollars', 'CloudWatch agent'],
    rows,
    notes: [
      'A check each five minutes, distributed, one host in ten hanging, `metrics.perInstance: none`; list prices, no free tier. Beside it the CloudWatch agent on every instance with the same metrics and alarms.',
    ],
    targets: [],
  };
}

const dollars = (value: number) => `$${value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 })}`;

async function simulated(instances: number, transport: 'ssm' | 'ssh'): Promise<Simulated> {
  const program = join(dirname(CRAWLWATCH), 'simulate.mjs');
  const args = ['--no-warnings', program, '--json', '--instances', `${instances}`, '--transport', transport];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as Simulated;
}
