import { describe, expect, it } from 'vitest';
import type { Act } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { decided, expectHeld, type Guarded } from '../../support/guard-rows.ts';
import { act, answered, fresh, OTHER, troubled } from '../../support/remedy-cases.ts';

const ON_WORKER: readonly Guarded[] = [
  [
    'has no unit',
    'anybody',
    'no-unit',
    'no unit is known that could be restarted: tag it crawlwatch:worker=UNIT',
    { tags: { [TAG.worker]: '' } },
  ],
  [
    'no longer answers',
    'anybody',
    'not-needed',
    'it no longer answers, so that nothing can be restarted on it: BannerTimeout',
    { fresh: fresh() },
  ],
  ['is well', 'anybody', 'not-needed', 'just now it showed no such trouble: OK', { fresh: answered() }],
  [
    'has its memory back, and a full disk',
    'schedule',
    'not-needed',
    'just now it showed no such trouble: DiskLow: It was DiskLow',
    { fresh: answered('DiskLow') },
  ],
];

const ON_SSHD: readonly Guarded[] = [
  [
    'answers over SSH',
    'anybody',
    'not-needed',
    'just now it showed no such trouble: DiskLow',
    { fresh: answered('DiskLow') },
  ],
];

describe('a worker restart', () => {
  it.each(ON_WORKER)('of an instance that %s: %s is held by %s: %s', (...row) => expectHeld('restart-worker', row));
});

describe('an sshd restart', () => {
  it.each(ON_SSHD)('of an instance that %s: %s is held by %s: %s', (...row) => expectHeld('restart-sshd', row));
});

describe('the ladder', () => {
  const worker = (minutes: number, over: Partial<Act> = {}) => act(minutes, { remedy: 'restart-worker', ...over });
  const sshd = (minutes: number, over: Partial<Act> = {}) => act(minutes, { remedy: 'restart-sshd', ...over });
  const tried = (who: 'schedule' | 'person', code: 'WorkerDown' | 'SshdDown', acts: readonly Act[], since = 8) => {
    const remedy = code === 'SshdDown' ? 'restart-sshd' : 'restart-worker';
    return decided(who, remedy, { tags: troubled(code, since), known: { acts } });
  };

  it.each([
    [
      'two worker restarts within the hour',
      'WorkerDown',
      [worker(59), worker(20)],
      8,
      'its worker was restarted 2 times and WorkerDown persists, perhaps by a poisoned job',
    ],
    [
      'two worker restarts in vain, long ago',
      'WorkerDown',
      [worker(300, { state: 'failed' }), worker(280, { state: 'failed' })],
      310,
      'its worker was restarted 2 times',
    ],
    [
      'an sshd restart in vain',
      'SshdDown',
      [sshd(120, { state: 'failed' })],
      125,
      'the sshd restart of 06:15 UTC did not help: it needs a person',
    ],
  ] as const)('hands an instance over to a person after %s', (_, code, acts, since, why) => {
    expect(tried('schedule', code, acts, since)).toMatchObject({ remedy: 'escalated', heldBy: 'escalated' });
    expect(tried('schedule', code, acts, since).why).toContain(why);
  });

  it.each([
    ['worker', 'WorkerDown', [worker(59), worker(20)], 'its worker was restarted 2 times within an hour already'],
    ['sshd', 'SshdDown', [sshd(59), sshd(20)], 'its sshd was restarted 2 times within an hour already'],
  ] as const)('holds a person back from a third %s restart within the hour', (_, code, acts, why) => {
    expect(tried('person', code, acts)).toMatchObject({ heldBy: 'budget', why: expect.stringContaining(why) });
  });

  it.each([
    ['one worker restart in vain', 'WorkerDown', [worker(20, { state: 'failed' })], 30],
    ['two worker restarts that helped, one of them an hour ago', 'WorkerDown', [worker(60), worker(20)], 8],
    [
      'two worker restarts in vain before this trouble began',
      'WorkerDown',
      [worker(300, { state: 'failed' }), worker(280, { state: 'failed' })],
      8,
    ],
    [
      'two worker restarts of another host',
      'WorkerDown',
      [worker(59, { instanceId: OTHER }), worker(20, { instanceId: OTHER })],
      8,
    ],
    ['an sshd restart that helped before it went down again', 'SshdDown', [sshd(20)], 30],
    ['an sshd restart in vain before this trouble began', 'SshdDown', [sshd(120, { state: 'failed' })], 100],
  ] as const)('restarts once more by itself after %s', (_, code, acts, since) => {
    expect(tried('schedule', code, acts, since)).toMatchObject({ heldBy: null });
  });

  it('waits for the second worker restart to prove itself before it hands over', () => {
    expect(tried('schedule', 'WorkerDown', [worker(40), worker(5, { state: 'done' })])).toMatchObject({
      remedy: 'restart-worker',
      heldBy: 'in-flight',
    });
  });

  it('reboots by itself once more when it was flagged again after a reboot in vain', () => {
    const acts = [act(65, { state: 'failed' })];
    expect(decided('schedule', 'reboot', { known: { acts } })).toMatchObject({ remedy: 'reboot', heldBy: null });
  });
});
