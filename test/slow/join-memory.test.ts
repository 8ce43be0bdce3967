import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const HOSTS = 10_000;
/** Of JavaScript's objects alone; without a bound V8 lets garbage lie. */
const HEAP_MIB = 160;
const ROOT = join(import.meta.dirname, '..', '..');
/** Where the SDK is found from, and git and Biome do not look. */
const folder = mkdtempSync(join(ROOT, 'node_modules', '.join-'));
const program = join(folder, 'join-memory.mjs');

beforeAll(() =>
  build({
    entryPoints: [join(ROOT, 'test', 'support', 'join-memory.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    loader: { '.sh': 'text' },
  }),
);
afterAll(() => rmSync(folder, { recursive: true }));

const run = (mode: 'make' | 'join', ...options: string[]) =>
  JSON.parse(
    execFileSync(process.execPath, [...options, '--no-warnings', program, mode, join(folder, 'fleet'), String(HOSTS)], {
      encoding: 'utf8',
    }),
  );

describe('the join of ten thousand hosts, each tenth of them low, on the hour', () => {
  it('is made within 160 MiB of heap, and 320 MiB in all', { timeout: 300_000 }, () => {
    run('make');
    const { summary, errors, peakMib } = run('join', `--max-old-space-size=${HEAP_MIB}`);
    process.stdout.write(`\nMEMORY of the join, Node and its code included: ${peakMib} MiB\n`);
    expect({ checked: summary.checked, errors }).toEqual({ checked: HOSTS, errors: [] });
    expect(peakMib).toBeLessThan(320);
  });
});
