import { describe, expect, it } from 'vitest';
import type { DescribedInstance } from '../../../lambda/discover/instance.ts';
import type { Act, FreshCheck } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { verifyActs } from '../../../lambda/remedy/verify.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { hungFor, minutesAgo, NOW, REACHED } from '../../support/fleet.ts';
import { ALL_ON, act, answered, at, fresh, HUNG, host, ID, OTHER, troubled } from '../../support/remedy-cases.ts';
import { NOTE } from '../../support/remembered.ts';

const BACK = { ...REACHED, [NOTE.seen]: 'ffff0000/0', [TAG.status]: 'OK', [NOTE.since]: minutesAgo(4) };
const WELL = { ...REACHED, [TAG.status]: 'OK', [NOTE.since]: minutesAgo(4) };
const ours = { ...REACHED, [TAG.status]: 'UNKNOWN:AuthenticationFailed', [NOTE.since]: minutesAgo(4) };

const reboot = (minutes: number, over: Partial<Act> = {}) => act(minutes, { state: 'done', ...over });
const worker = (minutes: number, over: Partial<Act> = {}) =>
  reboot(minutes, { remedy: 'restart-worker', trouble: 'MemoryExhaustedResponsive', since: at(minutes + 5), ...over });
const sshd = (minutes: number, over: Partial<Act> = {}) =>
  reboot(minutes, { remedy: 'restart-sshd', trouble: 'SshdDown', ...over });

const verified = (one: Act, tags: Tags, check?: FreshCheck, over?: Partial<DescribedInstance>) =>
  verifyActs([one], [host(tags, over)], NOW, ALL_ON, check === undefined ? [] : [check]);

type Tags = Readonly<Record<string, string>>;
type Row = [string, Act, Tags, string, FreshCheck?, Partial<DescribedInstance>?];

type Helped = [string, Act, Tags, FreshCheck | undefined, string, [number, number | null, boolean]];

describe('verifyActs', () => {
  it.each<Row>([
    [
      'a reboot after which it still hangs',
      reboot(15),
      HUNG,
      'The reboot of 08:00 UTC did not help: it still hangs (BannerTimeout), 15 min after it.',
    ],
    [
      'a reboot of which it is not known whether it was executed',
      reboot(15, { state: 'begun' }),
      HUNG,
      'It is not known whether the reboot of 08:00 UTC was executed: it still hangs (BannerTimeout), 15 min after it.',
    ],
    [
      'a reboot of one that answers, and of which neither boot id nor uptime is known',
      reboot(15, { boot: null }),
      WELL,
      'The reboot of 08:00 UTC did not help: it answers again, but neither boot id nor uptime shows that it was rebooted, 15 min after it.',
    ],
    [
      'a reboot of one that answers, and had booted before it',
      reboot(15, { boot: null }),
      { ...WELL, [NOTE.bootedAt]: minutesAgo(16) },
      'The reboot of 08:00 UTC did not help: it answers again, but neither boot id nor uptime shows that it was rebooted, 15 min after it.',
    ],
    [
      'a reboot after which it could not be checked',
      reboot(15),
      ours,
      'The reboot of 08:00 UTC did not help: whether it is well could not be checked (AuthenticationFailed), 15 min after it.',
    ],
    [
      'a reboot of one that answers under the same boot id',
      reboot(15),
      WELL,
      'The reboot of 08:00 UTC did not help: it answers again, but under the same boot id: it was not rebooted, 15 min after it.',
    ],
    [
      'a reboot that no check has followed',
      reboot(15),
      { ...WELL, [NOTE.since]: minutesAgo(16) },
      'The reboot of 08:00 UTC did not help: no check has seen it since, 15 min after it.',
    ],
    [
      'a reboot of one that was stopped',
      reboot(15),
      WELL,
      'The reboot of 08:00 UTC did not help: it is stopped, 15 min after it.',
      fresh({ kind: 'inconclusive' }),
      { state: 'stopped' },
    ],
    [
      'a worker restart after which memory is still gone',
      worker(10),
      troubled('MemoryExhaustedResponsive', 15),
      'The worker restart of 08:05 UTC did not help: it answers, but its trouble persists (MemoryExhaustedResponsive), 10 min after it.',
    ],
    [
      'a worker restart that came too late, at once',
      worker(6),
      hungFor(1),
      'The worker restart of 08:09 UTC did not help: it has stopped answering (BannerTimeout), 6 min after it.',
    ],
    [
      'a worker restart of one that a fresh check found hung, at once',
      worker(6),
      troubled('MemoryExhaustedResponsive', 15),
      'The worker restart of 08:09 UTC did not help: it has stopped answering (BannerTimeout), 6 min after it.',
      fresh(),
    ],
    [
      'a worker restart that came too late, by its tags where the fresh check could not be made',
      worker(6),
      hungFor(1),
      'The worker restart of 08:09 UTC did not help: it has stopped answering (BannerTimeout), 6 min after it.',
      fresh({ kind: 'inconclusive' }),
    ],
    [
      'an sshd restart after which sshd is still down',
      sshd(10),
      troubled('SshdDown', 15),
      'The sshd restart of 08:05 UTC did not help: it answers, but its trouble persists (SshdDown), 10 min after it.',
    ],
  ])('gives up %s', (_, one, tags, sentence, check, over) => {
    const { acts, outcomes } = verified(one, tags, check, over);
    expect(acts).toEqual([{ ...one, state: 'failed' }]);
    const minutes = Math.round((NOW.getTime() - one.at.getTime()) / 60_000);
    expect(outcomes).toEqual([
      { act: one, name: ID, outcome: 'failed', minutes, sentence, rebootAvoided: false, recoveryMinutes: null },
    ]);
  });

  it.each<Helped>([
    [
      'a reboot by its new boot id',
      reboot(10),
      BACK,
      undefined,
      'The reboot of 08:05 UTC helped: it came back with a new boot id, 6 min after it.',
      [6, 26, false],
    ],
    [
      'a reboot that was perhaps never carried out',
      reboot(10, { state: 'begun' }),
      BACK,
      undefined,
      'The reboot of 08:05 UTC helped: it came back with a new boot id, 6 min after it.',
      [6, 26, false],
    ],
    [
      'a reboot by the boot id that a fresh check saw',
      reboot(10),
      HUNG,
      { ...answered(), boot: 'ffff0000' },
      'The reboot of 08:05 UTC helped: it came back with a new boot id, 10 min after it.',
      [10, 30, false],
    ],
    [
      'a reboot by an uptime shorter than since',
      reboot(10, { boot: null }),
      HUNG,
      fresh({ kind: null, uptimeSeconds: 590 }),
      'The reboot of 08:05 UTC helped: it came back, and has been up for less than that, 10 min after it.',
      [10, 30, false],
    ],
    [
      'a reboot of one whose boot id was not known, by the uptime of its first answer',
      reboot(10, { boot: null, since: null }),
      { ...WELL, [NOTE.bootedAt]: minutesAgo(6) },
      undefined,
      'The reboot of 08:05 UTC helped: it came back, and has been up for less than that, 6 min after it.',
      [6, null, false],
    ],
    [
      'a worker restart',
      worker(8),
      WELL,
      undefined,
      'The worker restart of 08:07 UTC helped: MemoryExhaustedResponsive is gone, 4 min after it. A reboot was avoided.',
      [4, 9, true],
    ],
    [
      'a worker restart by a fresh check',
      worker(8),
      troubled('MemoryExhaustedResponsive', 15),
      answered('DiskLow'),
      'The worker restart of 08:07 UTC helped: MemoryExhaustedResponsive is gone, 8 min after it. A reboot was avoided.',
      [8, 13, true],
    ],
    [
      'a worker restart beside other trouble that stands, at its end',
      worker(10),
      troubled('DiskLow', 60),
      undefined,
      'The worker restart of 08:05 UTC helped: MemoryExhaustedResponsive is gone, 10 min after it. A reboot was avoided.',
      [10, 15, true],
    ],
    [
      'a restart of a worker that was down, which no reboot was for',
      worker(8, { trouble: 'WorkerDown' }),
      WELL,
      undefined,
      'The worker restart of 08:07 UTC helped: WorkerDown is gone, 4 min after it.',
      [4, 9, false],
    ],
    [
      'a worker restart amid a reboot by somebody else',
      worker(8),
      BACK,
      undefined,
      'The worker restart of 08:07 UTC helped: MemoryExhaustedResponsive is gone, 4 min after it.',
      [4, 9, false],
    ],
    [
      'an sshd restart',
      sshd(8),
      WELL,
      undefined,
      'The sshd restart of 08:07 UTC helped: SshdDown is gone, 4 min after it. A reboot was avoided.',
      [4, 24, true],
    ],
  ])('sees that it helped: %s', (_, one, tags, check, sentence, [minutes, recoveryMinutes, rebootAvoided]) => {
    const { acts, outcomes } = verified(one, tags, check);
    expect(acts).toEqual([{ ...one, state: 'worked' }]);
    expect(outcomes).toEqual([
      { act: one, name: ID, outcome: 'worked', minutes, sentence, rebootAvoided, recoveryMinutes },
    ]);
  });

  it.each<[string, Act, Tags, FreshCheck?]>([
    ['a reboot 14 minutes ago', reboot(14), HUNG],
    ['a reboot of one that answers under the same boot id for now', reboot(14), WELL],
    ['a reboot of the future', reboot(-600), HUNG],
    ['a reboot that a check before it saw well', reboot(3), HUNG, { ...answered(), boot: 'ffff0000', at: at(4) }],
    ['a reboot whose host was up for longer than since', reboot(10), HUNG, fresh({ kind: null, uptimeSeconds: 601 })],
    ['a reboot of an unknown boot whose status is older', reboot(3, { boot: null }), WELL],
    ['a reboot whose fresh check could not be made', reboot(10), HUNG, fresh({ kind: 'inconclusive' })],
    ['a worker restart 9 minutes ago', worker(9), troubled('MemoryExhaustedResponsive', 15)],
    ['a worker restart of one whose tags were good before', worker(3), WELL],
    ['a worker restart of one that hung before', worker(3), hungFor(2)],
  ])('leaves open %s', (_, one, tags, check) => {
    expect(verified(one, tags, check)).toEqual({ acts: [one], outcomes: [] });
  });

  it('leaves alone what is decided already', () => {
    const acts = [reboot(60, { state: 'worked' }), reboot(30, { state: 'failed' })];
    expect(verifyActs(acts, [host(BACK)], NOW, ALL_ON)).toEqual({ acts, outcomes: [] });
  });

  it('waits an hour for an instance that is not among those described, and then gives up', () => {
    const acts = [reboot(59), reboot(60, { instanceId: OTHER })];
    const { acts: next, outcomes } = verifyActs(acts, [], NOW, ALL_ON);
    expect(next.map(({ state }) => state)).toEqual(['done', 'failed']);
    expect(outcomes).toMatchObject([{ name: OTHER, sentence: expect.stringContaining('EC2 no longer lists the') }]);
  });

  it('waits until a check can have looked where checks are rare', () => {
    const rare = parseSettings({ schedule: { everyMinutes: 30 } });
    const state = (minutes: number) => verifyActs([reboot(minutes)], [host(HUNG)], NOW, rare).acts[0]?.state;
    expect([state(34), state(35)]).toEqual(['done', 'failed']);
  });

  it('judges each act by its own instance', () => {
    const fleet = [host(HUNG), host(BACK, { id: OTHER, name: 'web' })];
    const { outcomes } = verifyActs([reboot(16), reboot(10, { instanceId: OTHER })], fleet, NOW, ALL_ON);
    expect(outcomes.map(({ name, outcome }) => [name, outcome])).toEqual([
      [ID, 'failed'],
      ['web', 'worked'],
    ]);
  });
});
