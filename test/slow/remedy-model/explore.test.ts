import { describe, expect, it } from 'vitest';
import { type Call, explore, type Model } from '../../support/explore.ts';

interface Counter {
  count: number;
  notes: string[];
}

const READ = (call: Call<Counter>) =>
  call<number>('read', { reads: ['count'] }, [{ label: '', run: ({ count }) => count }]);
const WRITE = (call: Call<Counter>, count: number) =>
  call('write', { writes: ['count'] }, [
    {
      label: '',
      run: (world) => {
        world.count = count;
      },
    },
  ]);
const note = (call: Call<Counter>, text: string) =>
  call('note', { adds: ['notes'] }, [{ label: '', run: ({ notes }) => void notes.push(text) }]);

async function increment(call: Call<Counter>) {
  await note(call, 'begin');
  await WRITE(call, (await READ(call)) + 1);
  await note(call, 'end');
}

function counting(actors: Model<Counter>['actors'], visited: string[], faultsAtMost = 0): Model<Counter> {
  return {
    begin: () => ({ count: 0, notes: [] }),
    actors,
    keyOf: ({ count, notes }) => `${count} ${notes.toSorted()}`,
    faultsAtMost,
    visit: async ({ count, notes }) => void visited.push(`${count} ${notes.length}`),
  };
}

describe('the explorer', () => {
  it('finds the update that two lose who read before either writes, and the one that is not lost', async () => {
    const visited: string[] = [];
    const { ends } = await explore(counting({ a: increment, b: increment }, visited), 1000);
    expect(visited).toEqual(expect.arrayContaining(['0 0', '0 2', '1 4', '2 4']));
    expect(ends).toBe(2);
  });

  it('visits every world that a crash can leave behind', async () => {
    const visited: string[] = [];
    await explore(counting({ a: increment }, visited), 1000);
    expect(visited).toEqual(['0 0', '0 1', '1 1', '1 2']);
  });

  it('goes no two ways that lead to the same state by calls that touch nothing in common', async () => {
    const noting = (text: string) => async (call: Call<Counter>) => {
      for (let n = 0; n < 3; n++) await note(call, text);
    };
    const { states, runs } = await explore(counting({ a: noting('a'), b: noting('b') }, []), 1000);
    expect([states, runs]).toEqual([16, 4]);
  });

  it('has no more fail in a run than the model says', async () => {
    const failing = async (call: Call<Counter>) => {
      for (let n = 0; n < 2; n++) {
        const fault = { label: 'lost', isFault: true, run: () => Promise.reject(new Error('lost')) };
        await call('note', { adds: ['notes'] }, [{ label: '', run: ({ notes }) => void notes.push('x') }, fault]).catch(
          () => undefined,
        );
      }
    };
    const worlds = async (faultsAtMost: number) => {
      const visited: string[] = [];
      await explore(counting({ a: failing }, visited, faultsAtMost), 1000);
      return visited;
    };
    expect(await worlds(0)).toEqual(['0 0', '0 1', '0 2']);
    expect((await explore(counting({ a: failing }, []), 1000)).ends).toBe(1);
    // Both go through, or one of them: which one makes no difference to anybody.
    expect((await explore(counting({ a: failing }, [], 1), 1000)).ends).toBe(2);
    expect((await explore(counting({ a: failing }, [], 2), 1000)).ends).toBe(3);
  });

  it('gives up where there are more states than it may visit', async () => {
    const endless = async (call: Call<Counter>) => {
      for (;;) await WRITE(call, (await READ(call)) + 1);
    };
    await expect(explore(counting({ a: endless }, []), 50)).rejects.toThrow('more than 50 states');
  });
});
