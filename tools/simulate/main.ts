/**
 * `npm run simulate`: one check of a fleet of any size, with AWS's limits and in virtual time. Its figures are counted and
 * timed in the real pipeline; only hosts and AWS are simulated.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Command, InvalidArgumentError, Option } from 'commander';
import { limitsAt } from './limits.ts';
import { type Measured, measured } from './measure.ts';
import { growthPlot } from './plot.ts';
import { type SimulationOptions, simulate } from './run.ts';
import { growthTable, limitsTable, limitsVerdict } from './text.ts';

const SIZES = [100, 1_000, 10_000];
const TEN_TIMES = 10;
/** Enough for each step to have something to do. */
const FEW = 20;

interface Flags {
  readonly instances: number;
  readonly transport: 'ssm' | 'ssh';
  readonly scale: 'single' | 'distributed';
  readonly hung: number;
  readonly seed: number;
  readonly growth?: boolean;
  readonly docs?: string;
  readonly json?: boolean;
}

const whole = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`Allowed: a whole number from ${least} to ${most}.`);
};

const program = new Command('simulate')
  .description('one check of a large fleet, with the limits of AWS, in virtual time')
  .option('--instances <n>', 'how many', whole(1, 100_000), 10_000)
  .addOption(new Option('--transport <how>', 'how hosts are probed').choices(['ssm', 'ssh']).default('ssm'))
  .addOption(
    new Option('--scale <scale>', 'one function, or distributed')
      .choices(['single', 'distributed'])
      .default('distributed'),
  )
  .option('--hung <percent>', 'percentage of hosts that hang', whole(0, 100), 10)
  .option('--seed <n>', 'the same seed gives the same run', whole(0, 2 ** 31), 1)
  .option('--growth', `${SIZES.map((size) => size.toLocaleString('en')).join(', ')} instances beside each other`)
  .addOption(new Option('--docs <folder>', 'update the tables of simulation.md there, and its chart').hideHelp())
  .addOption(new Option('--json', 'one measured run, for other programs').hideHelp())
  .addHelpText(
    'after',
    '\nExamples:\n  npm run simulate -- --instances 10000 --transport ssh\n  npm run simulate -- --growth --transport ssm',
  );

const flags = program.parse().opts<Flags>();
const options: SimulationOptions = { ...flags, hungPercent: flags.hung };

if (flags.json === true) {
  process.stdout.write(`${JSON.stringify(await measure(options))}\n`);
} else if (flags.docs !== undefined) {
  await updateDocs(flags.docs);
} else if (flags.growth === true) {
  const all = await grown(flags.transport);
  process.stdout.write(`${growthTable(all)}\n\n${limits(all)}\n`);
} else {
  const [large, small] = [await apart(options.instances), await apart(Math.ceil(options.instances / TEN_TIMES))];
  process.stdout.write(`${growthTable([large])}\n\n${limits([small, large])}\n`);
}

/** The limits at ten times the largest size. */
function limits(all: readonly Measured[]): string {
  const [small, large] = all.slice(-2);
  if (small === undefined || large === undefined) return '';
  const instances = large.instances * TEN_TIMES;
  const found = limitsAt(instances, large, small);
  return `${limitsTable(instances, found)}\n\n${limitsVerdict(found)}`;
}

/** Both transports, in tables and in one chart. */
async function updateDocs(folder: string): Promise<void> {
  const file = join(folder, 'simulation.md');
  let text = readFileSync(file, 'utf8');
  const series = new Map<string, readonly Measured[]>();
  for (const transport of ['ssh', 'ssm'] as const) {
    const all = await grown(transport);
    series.set(`over ${transport.toUpperCase()}`, all);
    const marks = [`<!-- ${transport}:begin -->`, `<!-- ${transport}:end -->`] as const;
    const made = [marks[0], growthTable(all), '', limits(all), marks[1]].join('\n');
    text = text.replace(new RegExp(`${marks[0]}[\\s\\S]*?${marks[1]}`), () => made);
  }
  writeFileSync(file, text);
  writeFileSync(join(folder, 'images', 'simulation.svg'), growthPlot(series));
}

async function grown(transport: Flags['transport']): Promise<Measured[]> {
  const all: Measured[] = [];
  for (const size of SIZES) all.push(await apart(size, transport));
  return all;
}

/** In a separate process, so that fleets don't share a heap. */
async function apart(instances: number, transport = flags.transport): Promise<Measured> {
  process.stderr.write(`simulating ${instances.toLocaleString('en')} instances over ${transport.toUpperCase()} ...\n`);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      ...['--expose-gc', '--no-warnings', fileURLToPath(import.meta.url), '--json', '--instances', `${instances}`],
      ...['--transport', transport, '--scale', flags.scale, '--hung', `${flags.hung}`, '--seed', `${flags.seed}`],
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return JSON.parse(stdout) as Measured;
}

async function measure(of: SimulationOptions): Promise<Measured> {
  // Loads what is imported when it is needed: while a file is read, virtual time leaps by seconds.
  await simulate({ ...of, instances: FEW });
  const simulation = await simulate(of);
  return measured(simulation, of.scale === 'distributed' ? await simulate(of, true) : simulation);
}
