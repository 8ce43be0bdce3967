import { describe, expect, it } from 'vitest';
import { claim } from '../../../lambda/check/claim.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { instance, SSH } from '../../support/fleet.ts';
import { idOf, SandboxFleet } from '../../support/sandbox-fleet.ts';

const STACKS = [null, SSH.stack, 'Other', 'Other', 'Third'];
const FOUND = STACKS.map((stack, n) =>
  instance({ id: idOf(n + 1), tags: stack === null ? {} : { [TAG.stack]: stack } }),
);

async function claimed(isAlive: boolean | null | Error) {
  const asked: string[] = [];
  const failed: string[] = [];
  const outlets = {
    isStackAlive: async (stack: string) => {
      asked.push(stack);
      if (isAlive instanceof Error) throw isAlive;
      return isAlive;
    },
  };
  const found = await claim(FOUND, SSH, outlets, (step, work, fallback) =>
    work.catch(() => {
      failed.push(step);
      return fallback;
    }),
  );
  return { asked, failed, skipped: found.map(({ skipped }) => skipped) };
}

describe('an instance of another stack', () => {
  const OTHERS = [
    null,
    null,
    'is watched by the stack Other',
    'is watched by the stack Other',
    'is watched by the stack Third',
  ];

  it.each([
    ['stays skipped while that one checks', true, OTHERS],
    ['stays skipped while that can not be known', null, OTHERS],
    ['becomes ours when that one no longer checks', false, Array(5).fill(null)],
  ])('%s', async (_, isAlive, skipped) => {
    expect(await claimed(isAlive)).toEqual({ asked: ['Other', 'Third'], failed: [], skipped });
  });

  it('stays skipped where CloudWatch can not be asked, and the check reports it', async () => {
    expect(await claimed(new Error('Throttling'))).toMatchObject({ failed: ['stack', 'stack'], skipped: OTHERS });
  });

  it('is left as it is found by a check that only reads', async () => {
    expect(await claim(FOUND, SSH, null, (_step, work) => work)).toBe(FOUND);
  });

  it('that is stopped stays skipped whatever became of its stack', async () => {
    const stopped = instance({ state: 'stopped', tags: { [TAG.stack]: 'Other' } });
    const [one] = await claim([stopped], SSH, { isStackAlive: async () => false }, (_step, work) => work);
    expect(one?.skipped).toBe('is stopped, not running');
  });
});

describe('two stacks on one tag', () => {
  /** The second watches the same instances with a state of its own. */
  function twoStacks(count: number) {
    const one = new SandboxFleet(count, { stack: 'One' });
    const two = new SandboxFleet(0, { stack: 'Two' });
    Object.assign(two, { aws: one.aws, behaviours: one.behaviours });
    return { one, two };
  }

  it('watch each instance once: the first to see it does, the other reports it as skipped, and nothing is reset', async () => {
    const { one, two } = twoStacks(3);
    one.host(1, 'BannerTimeout');
    for (let check = 0; check < 288; check++) {
      const first = await one.check(5);
      const second = await two.check(5);
      expect(first.report.summary.checked).toBe(3);
      expect(second.report.summary.checked).toBe(0);
      expect(second.report.skipped.map(({ why }) => why)).toEqual(Array(3).fill('is watched by the stack One'));
    }
    expect(one.remembered(1).failures).toBe(288);
    expect(two.state.instances.size).toBe(0);
    // The second says why it is not flagged.
    expect(one.subjects).toEqual(Array(2).fill('CRIT crawler1 SSH silent'));
    expect(one.tags(1)[TAG.stack]).toBe('One');
  });

  it('hand over within two hours of the last check of the first', async () => {
    const { one, two } = twoStacks(2);
    await one.check(5);
    await two.check(5);
    two.now = new Date(two.now.getTime() + 2 * 3_600_000);
    one.now = two.now;
    const { report } = await two.check(5);
    expect(report.summary.checked).toBe(2);
    expect([one.tags(1)[TAG.stack], one.tags(2)[TAG.stack]]).toEqual(['Two', 'Two']);
    expect((await one.check(10)).report.summary.checked).toBe(0);
  });
});
