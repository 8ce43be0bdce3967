import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bisect, chunks } from '../../../lambda/kit/batches.ts';

const isBad = (error: unknown) => error instanceof RangeError;

describe('bisect', () => {
  it('makes one call, in which every id fails, when the error blames none of them', async () => {
    let calls = 0;
    const result = await bisect(
      ['a', 'b', 'c'],
      async () => {
        calls += 1;
        throw new Error('throttled');
      },
      isBad,
    );
    expect(result.failed.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect([calls, result.done]).toEqual([1, []]);
  });

  it('finds exactly the bad ids, serves each good one once, in no more calls than halving takes', async () => {
    const cases = fc.uniqueArray(fc.tuple(fc.string(), fc.boolean()), {
      selector: ([id]) => id,
      minLength: 1,
      maxLength: 200,
    });
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const ids = given.map(([id]) => id);
        const bad = new Set(given.flatMap(([id, good]) => (good ? [] : [id])));
        let calls = 0;
        const result = await bisect(
          ids,
          async (some) => {
            calls += 1;
            if (some.some((id) => bad.has(id))) throw new RangeError();
            return some.length;
          },
          isBad,
        );
        expect(result.failed.map(({ id }) => id)).toEqual(ids.filter((id) => bad.has(id)));
        expect(result.done.flatMap((done) => done.ids)).toEqual(ids.filter((id) => !bad.has(id)));
        expect(calls).toBeLessThanOrEqual(1 + 2 * bad.size * Math.ceil(Math.log2(ids.length)));
      }),
    );
  });
});

describe('chunks', () => {
  it.each([
    [[], 2, []],
    [[1, 2], 2, [[1, 2]]],
    [[1, 2, 3], 2, [[1, 2], [3]]],
  ])('cuts %j by %i into %j', (items, size, expected) => expect(chunks<number>(items, size)).toEqual(expected));
});
