import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functions } from '../../tools/build/options.mjs';

const HOSTS = 10_000;
const ROOT = join(import.meta.dirname, '..', '..');
/** Where git and Biome do not look. */
const folder = mkdtempSync(join(ROOT, 'node_modules', '.join-'));
const program = join(folder, 'join.cjs');

/** As the check's function is built, the SDK included. */
beforeAll(async () => {
  const options = functions({ join: join(ROOT, 'test', 'support', 'join-memory.ts') }, folder);
  await build({ ...options, outExtension: { '.js': '.cjs' } });
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (mode: 'make' | 'join', ...options: string[]) =>
  JSON.parse(
    execFileSync(process.execPath, [...options, '--no-warnings', program, mode, join(folder, 'fleet'), String(HOSTS)], {
      encoding: 'utf8',
      // As the function has it.
      env: { ...process.env, MALLOC_ARENA_MAX: '1' },
    }),
  );

describe('the join of ten thousand hosts, each tenth of them low, on the hour', () => {
  beforeAll(() => void run('make'));

  // Node and its code are 55 to 60 MiB of each. Most of the rest is garbage, of which V8 lets lie what the heap has room for.
  it.each([
    ['a heap of 80 MiB', 150, ['--max-old-space-size=80', '--max-semi-space-size=4']],
    ['the heap of its function', 165, ['--max-old-space-size=409', '--max-semi-space-size=4']],
  ])('is made within %s, and %i MiB in all', (heap, most, options) => {
    const { summary, errors, peakMib, cpuSeconds } = run('join', ...options);
    process.stdout.write(
      `\nMEMORY of the join in ${heap}, Node and its code included: ${peakMib} MiB, ${cpuSeconds} s\n`,
    );
    expect({ checked: summary.checked, errors }).toEqual({ checked: HOSTS, errors: [] });
    expect(peakMib).toBeLessThan(most);
  });
});
