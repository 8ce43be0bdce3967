import { describe, expect, it } from 'vitest';
import type { DescribedInstance } from '../../../lambda/discover/instance.ts';
import { NO_FORECASTS } from '../../../lambda/forecast/instance.ts';
import { assess } from '../../../lambda/judge/assess.ts';
import type { ProbeOutcome, ReasonCode, Status, Vitals } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { disk, failed, GIB, instance, minutesAgo, read, SSH } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';

const WORKER = { tags: { [TAG.worker]: 'sidekiq.service' } };
const ANY_WORKER = { tags: { [TAG.worker]: '' } };
const was = (status: string) => ({ tags: { [TAG.status]: status, [NOTE.since]: minutesAgo(5) } });
const unit = (state: string | null): Pick<Vitals, 'worker'> => ({
  worker: { unit: 'sidekiq.service', state, restarts: 0 },
});
const GONE = { availableShare: 0.98 };

type Row = readonly [string, ProbeOutcome, Partial<DescribedInstance>, Status, readonly ReasonCode[]];

describe('assess', () => {
  it.each<Row>([
    ['a login that hung', failed('BannerTimeout'), {}, 'CRITICAL', ['BannerTimeout']],
    ['a port that refuses', failed('ConnectionRefused'), {}, 'CRITICAL', ['ConnectionRefused']],
    ['a key that is not let in', failed('AuthenticationFailed'), {}, 'UNKNOWN', ['AuthenticationFailed']],
    ['output that makes no sense', failed('Unparsable'), {}, 'UNKNOWN', ['Unparsable']],
    ['a host that can fork nothing', read({}, false), {}, 'CRITICAL', ['MemoryExhaustedResponsive']],
    ['3 % available', read({ availableShare: 0.03 }), {}, 'CRITICAL', ['MemoryExhaustedResponsive']],
    [
      'every task waiting',
      read({ memoryPressure: { someAvg10: 60, fullAvg10: 40 } }),
      {},
      'CRITICAL',
      ['MemoryExhaustedResponsive'],
    ],
    [
      'many tasks waiting',
      read({ memoryPressure: { someAvg10: 60, fullAvg10: 10 } }),
      {},
      'WARNING',
      ['MemoryPressure'],
    ],
    [
      'all tasks waiting now and then, long before memory reads zero',
      read({ availableShare: 0.3, memoryPressure: { someAvg10: 12, fullAvg10: 5 } }),
      {},
      'WARNING',
      ['MemoryPressure'],
    ],
    [
      'some tasks waiting while little is available',
      read({ availableShare: 0.119, memoryPressure: { someAvg10: 20, fullAvg10: 1 } }),
      {},
      'WARNING',
      ['MemoryLow', 'MemoryPressure'],
    ],
    ['some waiting with plenty available', read({ memoryPressure: { someAvg10: 30, fullAvg10: 4 } }), {}, 'OK', []],
    [
      'less waiting after a WARNING',
      read({ memoryPressure: { someAvg10: 5, fullAvg10: 3 } }),
      was('WARNING:MemoryPressure'),
      'WARNING',
      ['MemoryPressure'],
    ],
    [
      '8 % available after it was gone',
      read({ availableShare: 0.08 }),
      was('CRITICAL:MemoryExhaustedResponsive'),
      'CRITICAL',
      ['MemoryLow'],
    ],
    [
      'a disk 89.5 % full after a WARNING',
      read({ disks: [disk({ usedPercent: 89.5 })] }),
      was('WARNING:DiskLow'),
      'WARNING',
      ['DiskLow'],
    ],
    ['a disk 89.5 % full', read({ disks: [disk({ usedPercent: 89.5 })] }), {}, 'OK', []],
    ['5.9 % available', read({ availableShare: 0.059 }), {}, 'CRITICAL', ['MemoryLow']],
    [
      '8 % available after CRITICAL',
      read({ availableShare: 0.08 }),
      was('CRITICAL:MemoryLow'),
      'CRITICAL',
      ['MemoryLow'],
    ],
    [
      '9 % available after CRITICAL',
      read({ availableShare: 0.0901 }),
      was('CRITICAL:MemoryLow'),
      'WARNING',
      ['MemoryLow'],
    ],
    ['11.9 % available', read({ availableShare: 0.119 }), {}, 'WARNING', ['MemoryLow']],
    [
      '14 % available after WARNING',
      read({ availableShare: 0.14 }),
      was('WARNING:MemoryLow'),
      'WARNING',
      ['MemoryLow'],
    ],
    ['14 % available after a disk WARNING', read({ availableShare: 0.14 }), was('WARNING:DiskLow'), 'OK', []],
    ['15 % available after WARNING', read({ availableShare: 0.1501 }), was('WARNING:MemoryLow'), 'OK', []],
    ['a dead unit', read(unit('failed')), WORKER, 'CRITICAL', ['WorkerDown']],
    ['no process of the name', read(unit('absent')), WORKER, 'CRITICAL', ['WorkerDown']],
    ['a running unit on an idle host', read({ ...GONE, ...unit('active') }), WORKER, 'OK', []],
    ['a unit of unknown state, on an idle host', read({ ...GONE, ...unit(null) }), WORKER, 'WARNING', ['WorkerDown']],
    ['an idle host, worker expected but not named', read(GONE), ANY_WORKER, 'WARNING', ['WorkerDown']],
    ['an idle host just booted', read({ ...GONE, uptimeSeconds: 600 }), ANY_WORKER, 'OK', []],
    ['a dead unit where none is expected', read(unit('failed')), {}, 'OK', []],
    [
      'an OOM kill in the same boot',
      read({ oomKills: 3 }),
      { tags: { [NOTE.seen]: '1a2b3c4d/2' } },
      'WARNING',
      ['OomKill'],
    ],
    [
      'waits of before an OOM kill that has freed most of the memory',
      read({ availableShare: 0.86, oomKills: 3, memoryPressure: { someAvg10: 63, fullAvg10: 45 } }),
      { tags: { [NOTE.seen]: '1a2b3c4d/2' } },
      'WARNING',
      ['OomKill'],
    ],
    [
      'waits that an OOM kill has not ended',
      read({ availableShare: 0.14, oomKills: 3, memoryPressure: { someAvg10: 63, fullAvg10: 45 } }),
      { tags: { [NOTE.seen]: '1a2b3c4d/2' } },
      'CRITICAL',
      ['MemoryExhaustedResponsive', 'OomKill'],
    ],
    ['a counter that a boot has reset', read({ oomKills: 3 }), { tags: { [NOTE.seen]: 'ffffffff/2' } }, 'OK', []],
    ['a counter seen for the first time', read({ oomKills: 3 }), {}, 'OK', []],
    [
      'a disk 96 % full',
      read({ disks: [disk({ usedPercent: 96, availableBytes: GIB / 4 })] }),
      {},
      'CRITICAL',
      ['DiskLow'],
    ],
    ['a disk 91 % full', read({ disks: [disk({ usedPercent: 91 })] }), {}, 'WARNING', ['DiskLow']],
    ['a huge disk 96 % full', read({ disks: [disk({ usedPercent: 96, availableBytes: 21 * GIB })] }), {}, 'OK', []],
    [
      'two full disks, one reason',
      read({ disks: [disk({ usedPercent: 91 }), disk({ mount: '/data', usedPercent: 96 })] }),
      {},
      'CRITICAL',
      ['DiskLow'],
    ],
    ['no inodes left', read({ disks: [disk({ inodesUsedPercent: 98 })] }), {}, 'CRITICAL', ['InodesLow']],
    ['a read-only root', read({ disks: [disk({ readOnly: true })] }), {}, 'CRITICAL', ['ReadOnlyFilesystem']],
    [
      'a read-only data mount that is full',
      read({ disks: [disk(), disk({ mount: '/iso', readOnly: true, usedPercent: 100 })] }),
      {},
      'OK',
      [],
    ],
    ['a healthy host', read(), {}, 'OK', []],
  ])('reads %s', (_, outcome, over, status, codes) => {
    const assessment = assess(instance(over), outcome, SSH);
    expect([assessment.status, assessment.reasons.map((reason) => reason.code)]).toEqual([status, codes]);
  });

  it('gives reasons with numbers, and names the process that holds the memory', () => {
    const processes = [{ pid: 7, name: 'ruby', residentBytes: 14 * GIB }];
    const { reasons } = assess(instance(), read({ availableShare: 0.05, processes }), SSH);
    expect(reasons[0]?.text).toBe(
      '5 % of memory is available (819 MiB of 16.0 GiB); the limit is 6 %. Largest process: ruby (pid 7) with 14.0 GiB.',
    );
  });

  it.each([
    ['restart-worker', read({ availableShare: 0.02 })],
    ['restart-worker', read({ ...unit('failed'), disks: [disk({ usedPercent: 99 })] })],
    ['investigate', read({ availableShare: 0.05 })],
    ['investigate', failed('BannerTimeout')],
    ['none', read()],
  ] as const)('recommends %s', (recommendation, outcome) => {
    expect(assess(instance(WORKER), outcome, SSH).recommendation).toBe(recommendation);
  });

  it('recommends restarting sshd where SSM answers and sshd does not, but only where SSH is expected', () => {
    const auto = parseSettings();
    const down = read({ sshd: false });
    expect(assess(instance({}, auto), down, auto)).toMatchObject({
      status: 'CRITICAL',
      recommendation: 'restart-sshd',
    });
    const ssm = parseSettings({ transport: 'ssm' });
    expect(assess(instance({}, ssm), down, ssm).status).toBe('OK');
  });

  it('notes an idle host where no worker is expected, and gives it no status', () => {
    const { status, notes } = assess(instance(), read(GONE), SSH);
    expect(status).toBe('OK');
    expect(notes).toEqual([expect.stringContaining('tag crawlwatch:worker=UNIT')]);
  });

  it('reports a forecast with its minutes, and one without minutes only where no threshold is crossed', () => {
    const low = { speaking: true, minutes: null, survivedLow: 0.3 };
    const spoken = (
      outcome: ProbeOutcome,
      memory: typeof low | { speaking: boolean; minutes: number; survivedLow: number },
    ) => assess(instance(), outcome, SSH, { ...NO_FORECASTS, memory }).reasons.map((reason) => reason.text);
    expect(spoken(read({ availableShare: 0.2 }), { ...low, minutes: 40 })).toEqual([
      'Memory runs out in 35 min to 2 h at this rate: it has come back from 30 % available before, never from this low.',
    ]);
    expect(spoken(read({ availableShare: 0.2 }), low)).toHaveLength(1);
    // A young host's bound is the forecast's own: the text doesn't claim that the host has survived it.
    expect(spoken(read({ availableShare: 0.09 }), { ...low, minutes: 40, survivedLow: 0.1 })).toContain(
      'Memory runs out in 35 min to 2 h at this rate.',
    );
    expect(spoken(read({ availableShare: 0.05 }), low)).toEqual([expect.stringContaining('the limit is')]);
  });
});
