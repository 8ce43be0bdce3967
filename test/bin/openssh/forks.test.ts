import { describe, expect, it } from 'vitest';
import { Forks } from '../../../bin/openssh/forks.ts';

/** Runs both kinds of hosts with turns of random length, and gives the most that were asked at the same time. */
async function mostTogether(all: number, direct: number, through: number): Promise<{ most: number; done: number }> {
  const forks = new Forks(all, direct, through);
  let now = 0;
  let most = 0;
  let done = 0;
  const turn = async (nth: number) => {
    most = Math.max(most, ++now);
    for (let n = 0; n < 1 + ((nth * 7) % 5); n++) await new Promise(setImmediate);
    now--;
    done++;
  };
  const ssh = Array.from({ length: through }, (_, n) => forks.use(() => turn(n)));
  let next = 0;
  const fast = Array.from({ length: Math.min(forks.fast, direct) }, async () => {
    while (next < direct) {
      await turn(next++);
      forks.fastReplied();
    }
  });
  await Promise.all(fast);
  forks.fastEnded();
  await Promise.all(ssh);
  return { most, done };
}

describe('forks shared by both ways', () => {
  it.each([
    [1, 5, 5],
    [2, 1, 9],
    [2, 9, 1],
    [10, 100, 3],
    [10, 3, 100],
    [50, 20, 20],
    [7, 0, 30],
    [7, 30, 0],
  ])('of %i are never more, for %i hosts of the fast path and %i through ssh', async (all, direct, through) => {
    const { most, done } = await mostTogether(all, direct, through);
    expect(done).toBe(direct + through);
    expect(most).toBeLessThanOrEqual(all);
    expect(most).toBeGreaterThanOrEqual(Math.min(all, Math.max(direct, through), 2));
  });

  it('are all for the fast path where nothing goes through ssh', () => {
    expect(new Forks(100, 1000, 0).fast).toBe(100);
  });

  it('of processes are at most a hundred', async () => {
    expect((await mostTogether(500, 0, 300)).most).toBe(100);
  });
});
