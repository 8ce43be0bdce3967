import { describe, expect, it } from 'vitest';
import type { Act } from '../../../lambda/model/index.ts';
import { withStates, worthKeeping } from '../../../lambda/remedy/act.ts';
import { NOW } from '../../support/fleet.ts';

const act = (over: Partial<Act> & { readonly minutesAgo?: number } = {}): Act => {
  const { minutesAgo = 0, ...rest } = over;
  return {
    remedy: 'reboot',
    instanceId: 'i-00000000000000001',
    at: new Date(NOW.getTime() - minutesAgo * 60_000),
    state: 'worked',
    requester: 'schedule',
    boot: null,
    since: null,
    ...rest,
  };
};
const DAY = 24 * 60;

describe('the record of acts', () => {
  it.each([
    ['a reboot of a day ago', act({ minutesAgo: DAY }), false],
    ['a reboot of less than a day ago', act({ minutesAgo: DAY - 1 }), true],
    ['a restart that helped two hours ago', act({ remedy: 'restart-worker', minutesAgo: 120 }), false],
    ['a restart that helped within two hours', act({ remedy: 'restart-worker', minutesAgo: 119 }), true],
    ['a restart that did not help', act({ remedy: 'restart-sshd', state: 'failed', minutesAgo: DAY - 1 }), true],
    ['an act that nobody has verified, however old', act({ state: 'done', minutesAgo: 90 * DAY }), true],
    ['an act that may never have been made, however old', act({ state: 'begun', minutesAgo: 90 * DAY }), true],
    ['an act of the future', act({ minutesAgo: -60 }), true],
  ])('keeps %s: %s', (_, one, isKept) => {
    expect(worthKeeping([one], NOW)).toEqual(isKept ? [one] : []);
  });

  it('never takes a state back, and never one act for another', () => {
    const begun = act({ state: 'begun' });
    const others = [
      { ...begun, requester: 'eve@host' },
      { ...begun, instanceId: 'i-00000000000000002' },
      { ...begun, remedy: 'restart-sshd' as const },
      act({ state: 'begun', minutesAgo: 1 }),
    ];
    expect(withStates([begun, ...others], [{ ...begun, state: 'done' }])).toEqual([
      { ...begun, state: 'done' },
      ...others,
    ]);
    for (const settled of ['worked', 'failed'] as const) {
      for (const late of ['begun', 'done', 'worked', 'failed'] as const) {
        expect(withStates([act({ state: settled })], [act({ state: late })])).toEqual([act({ state: settled })]);
      }
    }
  });
});
