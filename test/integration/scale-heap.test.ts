import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Measured } from '../../tools/simulate/measure.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'simulate.mjs');

/** Looks are some milliseconds apart and may miss the most: it is the most of so many runs. */
const RUNS = 3;

/**
 * The most that each step held, in MiB, of runs in processes of their own, with the collector at hand: what is alive can only
 * be measured after a collection.
 */
function mostHeap(instances: number): (step: string) => number {
  const args = ['--expose-gc', '--no-warnings', PROGRAM, '--json', '--transport', 'ssh', '--instances', `${instances}`];
  const runs = Array.from(
    { length: RUNS },
    () => JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })) as Measured,
  );
  return (step) => Math.max(...runs.map((one) => (one.stepHeap[step] ?? Number.NaN) / 2 ** 20));
}

describe('the heap of a distributed run', () => {
  it('is flat in a shard, and grows no faster than the fleet in the join', () => {
    const [middle, large] = [mostHeap(1_000), mostHeap(5_000)];
    expect(large('shard')).toBeLessThan(2 * middle('shard') + 1);
    expect(large('join')).toBeLessThan(1.5 * 5 * middle('join'));
    expect(large('join')).toBeLessThan(64);
  });
});
