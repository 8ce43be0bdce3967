/** The code of the Lambda functions: its size, and how long it takes to load, beside what esbuild makes by default. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { buildRemedy } from '../tools/build/build.mjs';
import { functions, plainFunction } from '../tools/build/options.mjs';
import type { Effort, Say } from './measure.ts';
import { median } from './run.ts';
import type { Section, Target } from './table.ts';

const ENV = { AWS_REGION: 'eu-central-1', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
/** ES modules are imported and CommonJS is required, as the runtime does. */
const LOAD =
  'const [, file] = process.argv; const t = performance.now(); (async () => file.endsWith(".mjs") ? import(file) : require(file))().then(({ handler }) => { if (!handler) throw 1; console.log(performance.now() - t); })';
const MB = 1_000_000;

/** Megabytes that are loaded at start at most, and at most so much of the default's time to load; null: only shown. */
const FUNCTIONS = [
  { name: 'check', mostMb: 1.5, mostOfDefault: 0.45 },
  { name: 'remedy', mostMb: 0.6, mostOfDefault: null },
  { name: 'widget', mostMb: 0.6, mostOfDefault: null },
] as const;

/** The version of Node that Lambda runs, fetched by npx where it isn't here; null where it can't be. */
function lambdasNode(): string | null {
  try {
    return execFileSync('npx', ['--yes', 'node@24', '-p', 'process.execPath'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}

interface Built {
  /** The handler's. */
  readonly file: string;
  /** Of that file and what it loads at once. */
  readonly startBytes: number;
  readonly bytes: number;
}

async function inOneFile(name: string, folder: string): Promise<Built> {
  await build(functions({ [name]: `lambda/${name}-handler.ts` }, folder));
  const file = join(folder, `${name}.js`);
  const { size } = statSync(file);
  return { file, startBytes: size, bytes: size };
}

async function inParts(folder: string): Promise<Built> {
  const { files } = await buildRemedy(folder);
  const outputs = new Map(Object.entries(files.outputs).map(([path, output]) => [basename(path), output]));
  const atStart = new Set(['index.mjs']);
  // A set's loop also goes over what is added meanwhile.
  for (const file of atStart) {
    for (const { kind, path } of outputs.get(file)?.imports ?? []) {
      if (kind === 'import-statement' && outputs.has(basename(path))) atStart.add(basename(path));
    }
  }
  const sizeOf = (names: Iterable<string>) =>
    [...names].reduce((sum, file) => sum + (outputs.get(file)?.bytes ?? 0), 0);
  return { file: join(folder, 'index.mjs'), startBytes: sizeOf(atStart), bytes: sizeOf(outputs.keys()) };
}

export async function bundles({ startRounds }: Effort, say: Say): Promise<Section> {
  const node = lambdasNode() ?? process.execPath;
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-bundles-'));
  // As in Lambda, whatever package the temporary folder is part of.
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}');
  const rows: string[][] = [];
  const targets: Target[] = [];
  try {
    for (const { name, mostMb, mostOfDefault } of FUNCTIONS) {
      const entry = `lambda/${name}-handler.ts`;
      const plain = join(folder, `${name}-plain.js`);
      await build(plainFunction(entry, plain));
      const { file: ours, startBytes, bytes } = await (name === 'remedy' ? inParts(folder) : inOneFile(name, folder));
      const loadMs = (file: string) => Number(execFileSync(node, ['-e', LOAD, file], { env: ENV, encoding: 'utf8' }));
      const rounds = Array.from({ length: startRounds }, () => ({ ours: loadMs(ours), plain: loadMs(plain) }));
      const [oursMs, plainMs] = [median(rounds.map((one) => one.ours)), median(rounds.map((one) => one.plain))];
      const ratio = median(rounds.map((one) => one.ours / one.plain));
      const [oursMb, plainMb] = [startBytes / MB, statSync(plain).size / MB];
      rows.push([
        ...[name, `${oursMb.toFixed(2)} MB`, `${(bytes / MB).toFixed(2)} MB`, `${plainMb.toFixed(2)} MB`],
        ...[`${oursMs.toFixed(0)} ms`, `${plainMs.toFixed(0)} ms`, ratio.toFixed(2)],
      ]);
      targets.push({
        ...{ what: `size of ${name}, loaded at start`, got: `${oursMb.toFixed(2)} MB` },
        ...{ target: `${mostMb} MB or less`, met: oursMb <= mostMb },
      });
      if (mostOfDefault !== null) {
        targets.push({
          ...{ what: `loading ${name}, of the default's time`, got: ratio.toFixed(2) },
          ...{ target: `${mostOfDefault} or less`, met: ratio <= mostOfDefault },
        });
      }
      say(`bundle of ${name}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return {
    title: `Bundles and cold start, under Node ${version}`,
    columns: ['function', 'loaded at start', 'all files', "esbuild's default", 'loading', 'the default', 'ratio'],
    rows,
    notes: [`Median of ${startRounds} starts of a process each, in turns.`],
    targets,
  };
}
