/**
 * Compares crawlwatch with what people use today, all in one run on one machine: read the ratios, not the times.
 * `npm run bench`, `npm run bench -- --quick` for a smoke run, `-- --only fan-out,start-up` for a part, `-- --docs docs` to
 * write what was found into docs/performance.md.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { bill } from './bill.ts';
import { bundles } from './bundles.ts';
import {
  ansibleCommand,
  bareSsh2,
  CONTENDERS,
  CRAWLWATCH,
  clush,
  crawlwatch,
  install,
  isThere,
  pdsh,
} from './contenders.ts';
import { fanOut } from './fan-out.ts';
import { flights } from './flights.ts';
import { forecasts } from './forecasts.ts';
import { hostCost, LOOKERS } from './host-cost.ts';
import { hung } from './hung.ts';
import { type Lab, startLab } from './lab.ts';
import { type Effort, FULL, QUICK, type Say } from './measure.ts';
import { type Measured, updatePage } from './page.ts';
import { scale } from './scale.ts';
import { startUp } from './start-up.ts';
import { renderSection, type Section } from './table.ts';

const say: Say = (text) => process.stderr.write(`${text}\n`);
const print: Say = (text) => process.stdout.write(`${text}\n\n`);

const SECTIONS: Readonly<Record<string, (lab: Lab, effort: Effort) => Promise<Section>>> = {
  flights: (lab, effort) => flights(lab, effort, say),
  'fan-out': (lab, effort) => fanOut(lab, CONTENDERS.filter(isThere), effort, say),
  scale: (lab, effort) => scale(lab, [crawlwatch, bareSsh2, pdsh].filter(isThere), effort, say),
  hung: (lab, effort) => hung(lab, [crawlwatch, pdsh, clush, ansibleCommand].filter(isThere), effort, say),
  'host-cost': (lab, effort) => hostCost(lab, LOOKERS.filter(isThere), effort, say),
  forecasts: async (_lab, effort) => forecasts(effort, say),
  'start-up': (lab, effort) => startUp(lab, isThere(ansibleCommand), effort, say),
  bundles: async (_lab, effort) => bundles(effort, say),
  bill: async (_lab, effort) => bill(effort, say),
};

const load = () =>
  loadavg()
    .map((value) => value.toFixed(2))
    .join(' ');
const versionOf = (command: string, args: readonly string[]) => {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return `${stdout ?? ''}${stderr ?? ''}`.split('\n')[0] ?? '';
};

async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      docs: { type: 'string' },
    },
  });
  const names = values.only === '' ? Object.keys(SECTIONS) : values.only.split(',');
  const usual = values.quick ? QUICK : FULL;
  const effort = { ...usual, rounds: Number(values.rounds ?? usual.rounds) };
  const missing = install(say);
  print('# crawlwatch beside the others');
  print(
    [
      ...missing,
      `${availableParallelism()} cores, ${cpus()[0]?.model.trim() ?? 'unknown processor'}; Node ${process.version}; load at the start ${load()}`,
      ...[versionOf('ssh', ['-V']), versionOf('ansible', ['--version']), versionOf('pdsh', ['-V'])],
      versionOf('clush', ['--version']),
      `parallel-ssh ${versionOf('parallel-ssh', ['--version'])}`,
    ].join('\n'),
  );
  const lab = await startLab(CRAWLWATCH);
  const measured: Measured[] = [];
  for (const name of names) {
    say(`-- ${name}`);
    const section = await SECTIONS[name]?.(lab, effort);
    if (section !== undefined) measured.push({ name, section });
    print(
      section === undefined ? `No part is called ${name}: ${Object.keys(SECTIONS).join(', ')}` : renderSection(section),
    );
  }
  await lab.close();
  if (values.docs !== undefined) {
    const machine = `${availableParallelism()} cores, ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Node ${process.version}, load ${load()}`;
    updatePage(values.docs, measured, { at: new Date(), machine });
  }
  print(`Load at the end: ${load()}`);
}

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
const [first, ...rest] = process.argv.slice(2);
if (first === 'bare-ssh2') await (await import('./bare-ssh2.ts')).bareSsh2(rest);
else await bench(process.argv.slice(2));
