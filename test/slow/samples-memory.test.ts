import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const HOSTS = 10_000;
const ROOT = join(import.meta.dirname, '..', '..');
/** Where the SDK is found from, and git and Biome do not look. */
const folder = mkdtempSync(join(ROOT, 'node_modules', '.samples-'));
const program = join(folder, 'samples-memory.mjs');

beforeAll(() =>
  build({
    entryPoints: [join(ROOT, 'test', 'support', 'samples-memory.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  }),
);
afterAll(() => rmSync(folder, { recursive: true }));

/** In a process of its own, whose peak is that of this work alone. */
function measured(mode: 'make' | 'with' | 'without' | 'time', file = 'samples.gz'): Readonly<Record<string, number>> {
  const args = ['--no-warnings', program, mode, join(folder, file), String(HOSTS)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Record<string, number>;
}

describe('the state and the samples of ten thousand noisy hosts', () => {
  it('are at most 2 and 12 MB, and read, added to and written in at most 256 MB', () => {
    const made = measured('make');
    const [without, used, time] = [measured('without'), measured('with'), measured('time')];
    process.stdout.write(`\n${JSON.stringify({ made, without, with: used, time }, null, 1)}\n`);
    expect(made.state).toBeLessThan(2_000_000);
    expect(made.packed).toBeLessThan(12_000_000);
    expect(used.remembered).toBe(HOSTS);
    expect(used.looked).toBe(HOSTS / 10);
    expect((used.peakMib ?? Number.NaN) - (without.peakMib ?? Number.NaN)).toBeLessThan(256);
    // Every host low at once, with the largest processes of six hours each.
    const [low, lowTime] = [measured('with', 'samples.gz.low'), measured('time', 'samples.gz.low')];
    process.stdout.write(`${JSON.stringify({ low, time: lowTime }, null, 1)}\n`);
    expect(made.lowPacked).toBeLessThan(12_000_000);
    expect((low.peakMib ?? Number.NaN) - (without.peakMib ?? Number.NaN)).toBeLessThan(320);
  });
});
