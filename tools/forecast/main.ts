/** `npm run docs:forecast [-- FOLDER]`: measures the forecast on synthetic hosts, and on recordings, and writes docs/forecast.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trace } from '../../bin/backtest/index.ts';
import { PROFILES } from './host.ts';
import { hardTraces, syntheticTraces } from './hosts.ts';
import { alone, beside, lessTable, tables, withLess } from './measure.ts';
import { dated, forecastPage, PER_FAMILY, SEEDS, tablesIn } from './page.ts';
import { evenMachines, hasMachines, livingLow, recordedTraces, recordingsIn } from './recordings.ts';

const PAGE = 'docs/forecast.md';
const FLOORS = 'test/fixtures/traces/floors.jsonl.gz';
const [folder] = process.argv.slice(2);
const known = tablesIn(readFileSync(PAGE, 'utf8'));

/** Keeps what was measured at once: a run takes many minutes. */
function keep(name: string, table: string): void {
  known.set(name, table);
  writeFileSync(PAGE, forecastPage(known));
  process.stderr.write(`${name}\n`);
}
const fenced = (text: string): string => `\`\`\`\n${text}\n\`\`\``;

function* ofSeeds(of: (seed: number) => Iterable<Trace>): Generator<Trace> {
  for (const seed of SEEDS) yield* of(seed);
}

async function* files(of: string): AsyncGenerator<Trace> {
  for (const name of recordingsIn(of)) yield* recordedTraces(join(of, name));
}

function* lowMachines(of: string): Generator<Trace> {
  for (const trace of evenMachines(of)) yield livingLow(trace);
}

const [base, ...rougher] = PROFILES;
keep('base', fenced(tables(await beside(ofSeeds((seed) => syntheticTraces(seed, PER_FAMILY, base))))));
const rough = [];
for (const profile of rougher) {
  const results = await alone(ofSeeds((seed) => syntheticTraces(seed, PER_FAMILY, profile)));
  rough.push(`${profile}\n\n${tables(results).split('\n\n')[0]}`);
}
keep('shifted and harsh', fenced(rough.join('\n\n')));
keep('hard', fenced(tables(await beside(ofSeeds((seed) => hardTraces(seed, PER_FAMILY))))));
keep('floors', fenced(tables(await beside(recordedTraces(FLOORS)))));
const hard = (part: string) => [...hardTraces(SEEDS[0], PER_FAMILY)].filter(({ family }) => family.includes(part));
keep(
  'less',
  lessTable({
    'ordinary families': await withLess(syntheticTraces(SEEDS[0], PER_FAMILY)),
    'one dip': await withLess(hard('dip')),
    'jobs over a floor': await withLess(hard('floor')),
    'hosts that live low': await withLess(hard('lives_low')),
  }),
);

if (folder !== undefined) {
  const today = (table: string) => dated(table, new Date());
  const sets: Record<string, Awaited<ReturnType<typeof withLess>>> = {};
  if (recordingsIn(folder).length > 0) {
    keep('leaks', today(fenced(tables(await beside(files(folder))))));
    sets.leaks = await withLess(files(folder));
  }
  if (hasMachines(folder)) {
    keep('machines', today(fenced(tables(await beside(evenMachines(folder))))));
    keep('machines that live low', today(fenced(tables(await alone(lowMachines(folder))))));
    sets.machines = await withLess(evenMachines(folder));
  }
  keep('less on recordings', today(lessTable(sets)));
}
