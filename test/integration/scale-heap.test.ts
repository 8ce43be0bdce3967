import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Measured } from '../../tools/simulate/measure.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'simulate.mjs');

/** In a process of its own, with the collector at hand: what is alive can only be measured after a collection. */
function measuredHeap(instances: number): Measured {
  const args = ['--expose-gc', '--no-warnings', PROGRAM, '--json', '--transport', 'ssh', '--instances', `${instances}`];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })) as Measured;
}

describe('the heap of a distributed run', () => {
  it('is flat in a shard, and grows no faster than the fleet in the join', () => {
    const [middle, large] = [measuredHeap(1_000), measuredHeap(5_000)];
    const mebibytes = (one: Measured, step: string) => (one.stepHeap[step] ?? Number.NaN) / 2 ** 20;
    expect(mebibytes(large, 'shard')).toBeLessThan(2 * mebibytes(middle, 'shard') + 1);
    expect(mebibytes(large, 'join')).toBeLessThan(1.5 * 5 * mebibytes(middle, 'join'));
    expect(mebibytes(large, 'join')).toBeLessThan(64);
  });
});
