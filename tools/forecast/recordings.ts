/** Recorded hosts from a folder: traces as files of JSON lines, and Bitbrains' virtual machines as their CSV files. */
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf, readBacktestLine, type Trace } from '../../bin/backtest/index.ts';

/** Where Bitbrains' "rnd" lies in the folder: a folder for each month, in it a file for each machine. */
const MACHINES = 'rnd';
/** Columns of its CSV files: seconds, KiB provisioned, KiB active. http://gwa.ewi.tudelft.nl/datasets/gwa-t-12-bitbrains */
const [TIME, PROVISIONED, ACTIVE] = [0, 5, 6];
/** A machine that was seen for less is left out. */
const LEAST_SAMPLES = 1000;

/** @throws Error that names file and line, where one is no trace */
export async function* recordedTraces(path: string): AsyncGenerator<Trace> {
  let number = 0;
  for await (const line of linesOf(createReadStream(path))) {
    number += 1;
    if (line.trim() === '') continue;
    const read = readBacktestLine(JSON.parse(line));
    if (read.kind !== 'trace')
      throw new Error(`${path}:${number}: ${read.kind === 'unreadable' ? read.text : 'no trace'}`);
    yield read.trace;
  }
}

/** Files of traces in the folder, by name. */
export const recordingsIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => /\.jsonl(\.gz)?$/.test(name))
    .sort();

export const hasMachines = (folder: string): boolean => existsSync(join(folder, MACHINES));

/** Virtual machines with even numbers, one after the other; those with odd numbers were there to tune on. */
export function* evenMachines(folder: string): Generator<Trace> {
  const months = readdirSync(join(folder, MACHINES), { withFileTypes: true })
    .filter((one) => one.isDirectory())
    .map(({ name }) => name)
    .sort();
  const numbers = new Set(months.flatMap((month) => readdirSync(join(folder, MACHINES, month)).map(Number.parseFloat)));
  for (const number of [...numbers].filter((one) => one > 0 && one % 2 === 0).sort((a, b) => a - b)) {
    const trace = machine(
      number,
      months.map((month) => join(folder, MACHINES, month, `${number}.csv`)),
    );
    if (trace.samples.length >= LEAST_SAMPLES) yield trace;
  }
}

function machine(number: number, files: readonly string[]): Trace {
  const shares = new Map<number, number>();
  for (const file of files.filter((one) => existsSync(one))) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const cells = line.split(';').map(Number);
      const [time, provisioned, active] = [cells[TIME], cells[PROVISIONED], cells[ACTIVE]];
      if (time === undefined || !provisioned || active === undefined || !Number.isFinite(time + provisioned + active))
        continue;
      shares.set(Math.trunc(time), Math.min(1, Math.max(0, 1 - active / provisioned)));
    }
  }
  const samples = [...shares]
    .sort(([a], [b]) => a - b)
    .map(([t, available]) => ({ at: new Date(t * 1000), available }));
  return { id: `vm-${number}`, family: 'bitbrains', resource: 'memory', everyMinutes: 5, samples, exhaustedAt: [] };
}

/** The first four weeks of a machine as if it lived low: its samples in their order of size, spread from 2 to 10 %. */
export function livingLow(trace: Trace): Trace {
  const samples = trace.samples.slice(0, (28 * 24 * 60) / trace.everyMinutes);
  const sorted = samples.flatMap(({ available }) => (available === null ? [] : [available])).sort((a, b) => a - b);
  const last = new Map(sorted.map((value, rank) => [value, rank]));
  const first = new Map(sorted.map((value, rank) => [value, rank] as const).reverse());
  const low = (value: number) =>
    0.02 + (0.04 * ((first.get(value) ?? 0) + (last.get(value) ?? 0))) / Math.max(1, sorted.length);
  return {
    ...trace,
    samples: samples.map(({ at, available }) => ({ at, available: available === null ? null : low(available) })),
  };
}
