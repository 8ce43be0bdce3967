import { describe, expect, it } from 'vitest';
import type { DescribedInstance } from '../../../lambda/discover/instance.ts';
import { NO_FORECASTS } from '../../../lambda/forecast/instance.ts';
import { assess } from '../../../lambda/judge/assess.ts';
import { transition } from '../../../lambda/memory/transition.ts';
import type {
  Disk,
  Growth,
  InstanceState,
  ProbeOutcome,
  ReasonCode,
  Status,
  Vitals,
} from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { BOOT_ID, disk, failed, GIB, instance, minutesAgo, NOW, read, SSH } from '../../support/fleet.ts';
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
      read({ availableShare: 0.149, memoryPressure: { someAvg10: 60, fullAvg10: 40 } }),
      {},
      'CRITICAL',
      ['MemoryExhaustedResponsive'],
    ],
    [
      'many tasks waiting',
      read({ availableShare: 0.149, memoryPressure: { someAvg10: 60, fullAvg10: 10 } }),
      {},
      'WARNING',
      ['MemoryPressure'],
    ],
    [
      'all tasks waiting now and then, long before memory reads zero',
      read({ availableShare: 0.14, memoryPressure: { someAvg10: 12, fullAvg10: 5 } }),
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
      read({ availableShare: 0.14, memoryPressure: { someAvg10: 5, fullAvg10: 3 } }),
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
      'a data mount that is read-only against its purpose',
      read({ disks: [disk(), disk({ mount: '/data', readOnly: true })] }),
      {},
      'CRITICAL',
      ['ReadOnlyFilesystem'],
    ],
    [
      'a full mount that is read-only by design',
      read({ disks: [disk(), disk({ mount: '/iso', readOnly: true, readOnlyByDesign: true, usedPercent: 100 })] }),
      {},
      'OK',
      [],
    ],
    [
      'a full root that is read-only by design',
      read({ disks: [disk({ readOnly: true, readOnlyByDesign: true, usedPercent: 100, inodesUsedPercent: 100 })] }),
      {},
      'OK',
      [],
    ],
    [
      'mounts that are left out',
      read({
        disks: [
          disk({ usedPercent: 100, ignored: true }),
          disk({ mount: '/a', readOnly: true, ignored: true }),
          disk({ mount: '/b', inodesUsedPercent: 100, ignored: true }),
        ],
      }),
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
    ['failed', unit('failed'), 'The worker sidekiq.service is down (failed); used memory is USED.'],
    [
      'no process of that name, without systemd',
      unit('absent'),
      'The worker sidekiq.service is down (absent: no process has that name, and there is no systemd to ask; if it never ran here, check the name); used memory is USED.',
    ],
    [
      'unknown',
      { ...GONE, ...unit(null) },
      'Used memory is USED. A working crawler uses more: its worker has probably died.',
    ],
  ])('says of a worker that is %s', (_, vitals, text) => {
    const { reasons } = assess(instance(WORKER), read(vitals), SSH);
    expect(reasons.map((one) => one.text.replace(/[\d.]+ % of [\d.]+ GiB/, 'USED'))).toEqual([text]);
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
    const low = { speaking: true, minutes: null, survivedLow: 0.35, livedLow: 0.3 };
    const spoken = (
      outcome: ProbeOutcome,
      memory: typeof low | { speaking: boolean; minutes: number; survivedLow: number; livedLow?: number },
    ) => assess(instance(), outcome, SSH, { ...NO_FORECASTS, memory }).reasons.map((reason) => reason.text);
    expect(spoken(read({ availableShare: 0.2 }), { ...low, minutes: 40 })).toEqual([
      'Memory runs out in 35 min to 2 h at this rate: it has come back from 30 % available before, never from this low.',
    ]);
    expect(spoken(read({ availableShare: 0.2 }), low)).toHaveLength(1);
    // A young host's bound is the forecast's own: the text doesn't claim that the host has survived it.
    expect(spoken(read({ availableShare: 0.09 }), { ...low, minutes: 40, livedLow: 0.1 })).toContain(
      'Memory runs out in 35 min to 2 h at this rate.',
    );
    expect(spoken(read({ availableShare: 0.05 }), low)).toEqual([expect.stringContaining('the limit is')]);
  });

  it('names who took the memory in what it says of it, and not again as the largest process', () => {
    const grew: Growth = {
      ...{ kind: 'process', name: 'sidekiq', pid: 2213, count: 1, grewBytes: 3.1 * GIB },
      ...{ atLeast: false, minutes: 120, share: 0.9 },
    };
    const processes = [{ pid: 2213, name: 'sidekiq', residentBytes: 14 * GIB }];
    const memory = { speaking: true, minutes: 40, survivedLow: 0.35, livedLow: 0.3 };
    const saidOf = (availableShare: number) =>
      assess(instance(), read({ availableShare, processes }), SSH, { memory, disk: null, grew });
    const forecast =
      'sidekiq (pid 2213) grew 3.1 GiB in 2 h; at this rate memory runs out in 35 min to 2 h: it has come back from 30 % available before, never from this low.';
    expect(saidOf(0.2).reasons).toEqual([{ code: 'MemoryExhaustionForecast', text: forecast }]);
    expect(saidOf(0.05).reasons).toEqual([
      {
        code: 'MemoryLow',
        text: '5 % of memory is available (819 MiB of 16.0 GiB); the limit is 6 %. sidekiq (pid 2213) grew 3.1 GiB in 2 h.',
      },
      { code: 'MemoryExhaustionForecast', text: forecast },
    ]);
    expect(saidOf(0.02).reasons[0]?.text).toContain('sidekiq (pid 2213) grew 3.1 GiB in 2 h.');
    expect(saidOf(0.2).forecast).toEqual({ memoryMinutes: 40, diskMinutes: null, grew });
    const disk = { ...NO_FORECASTS, disk: memory, grew };
    expect(assess(instance(), read(), SSH, disk).reasons[0]?.text).toMatch(/^Space on the fullest disk runs out/);
  });
});

const pressed = (fullAvg10: number, fullSeconds: number, over: Parameters<typeof read>[0] = {}, kept = {}) => {
  const memoryPressure = { someAvg10: 63, fullAvg10, someTotalMicros: 9e12, fullTotalMicros: fullSeconds * 1e6 };
  return { ...read({ availableShare: 0.86, uptimeSeconds: 86_400, memoryPressure, ...over }), ...kept };
};

describe('waits for memory with most of it available', () => {
  const FULL_BEFORE = 1000;
  /** Five minutes before, all tasks had waited for 1,000 s. */
  const seen = { boot: BOOT_ID.slice(0, 8), oomKills: 2, waited: { upSeconds: 86_100, fullMicros: FULL_BEFORE * 1e6 } };
  const of = (outcome: ProbeOutcome, over: Partial<InstanceState> = {}) => {
    const one = instance();
    return assess({ ...one, remembered: { ...one.remembered, ...over } }, outcome, SSH);
  };
  const codesOf = (outcome: ProbeOutcome, over: Partial<InstanceState> = {}) =>
    of(outcome, over).reasons.map(({ code }) => code);

  it.each<[string, ProbeOutcome, Partial<InstanceState>, readonly ReasonCode[]]>([
    ['are the past, as far as one check can tell', pressed(45, 1200, { oomKills: 2 }), {}, []],
    ['are the past where the totals stand still', pressed(45, 1004, { oomKills: 2 }), { seen }, []],
    ['go on where the totals have risen all the time', pressed(45, 1200), { seen }, ['MemoryExhaustedResponsive']],
    ['go on less than that', pressed(45, 1030, { oomKills: 2 }), { seen }, ['MemoryPressure']],
    ['go on no more than the last ten seconds say', pressed(6, 1200, { oomKills: 2 }), { seen }, ['MemoryPressure']],
    ['that an OOM kill has ended are the past', pressed(45, 1200, { oomKills: 3 }), { seen }, ['OomKill']],
    ['of another boot say nothing', pressed(45, 1200), { seen: { ...seen, boot: 'ffffffff' } }, []],
    ['that went backwards say nothing', pressed(45, 900, { oomKills: 2 }), { seen }, []],
    ['of the same moment say nothing', pressed(45, 1200, { uptimeSeconds: 86_100, oomKills: 2 }), { seen }, []],
    ['without an uptime say nothing', pressed(45, 1200, { uptimeSeconds: null, oomKills: 2 }), { seen }, []],
    ['go on where the host was too slow', pressed(45, 1200, {}, { isSlow: true }), {}, ['MemoryExhaustedResponsive']],
    [
      'of before totals were printed say nothing',
      read({ oomKills: 2, memoryPressure: { someAvg10: 63, fullAvg10: 45 } }),
      { seen },
      [],
    ],
  ])('%s', (_, outcome, over, codes) => {
    expect(codesOf({ ...outcome } as ProbeOutcome, { ...over })).toEqual(codes);
  });

  it('are a note where they are the past, and say over which time where they go on', () => {
    expect(of(pressed(17.9, 1200)).notes).toEqual([
      'Every task waited for memory 17.9 % of the last 10 s, but 86 % of memory is available (13.8 GiB of 16.0 GiB): that may be over, and is a reason only if the next check finds that it went on.',
    ]);
    expect(of(pressed(4.9, 1200)).notes).toEqual([]);
    expect(of(pressed(70, 1150, { oomKills: 2 }), { seen }).reasons[0]?.text).toBe(
      'Every task waited for memory 50 % of the time since the last check. It still answers: a worker restart now may save a reboot.',
    );
  });
});

describe('a mount that is read-only by design now', () => {
  const turned = (mount: string, over: Partial<Disk> = {}) =>
    disk({ mount, readOnly: true, readOnlyByDesign: true, ...over });
  /** What checks in a row say of the disks. */
  function lived(checks: readonly (readonly Disk[])[], boots: readonly string[] = []) {
    let remembered = instance().remembered;
    return checks.map((disks, n) => {
      const one = { ...instance(), remembered };
      const outcome = read({ disks, bootId: boots[n] ?? BOOT_ID });
      const assessment = assess(one, outcome, SSH);
      remembered = transition({ instance: one, outcome, hostKey: null, durationMs: 1 }, assessment, NOW, SSH).after;
      return assessment.reasons.map(({ code, text }) => `${code}: ${text}`).join();
    });
  }
  const DATA = disk({ mount: '/data' });
  const AFTER = 'the kernel remounts it so after an I/O error.';
  const FAULT = `ReadOnlyFilesystem: /data is read-only and was writable before: ${AFTER}`;

  it.each([
    [
      'is a fault where it was writable',
      [
        [disk(), DATA],
        [disk(), turned('/data')],
      ],
      ['', FAULT],
    ],
    [
      'stays a fault until it is writable again',
      [
        [disk(), DATA],
        [disk(), turned('/data')],
        [disk(), turned('/data')],
        [disk(), DATA],
      ],
      ['', FAULT, FAULT, ''],
    ],
    [
      'is a fault where it is the root, of which nothing had to be kept',
      [[disk()], [turned('/')], [turned('/')]],
      ['', ...Array(2).fill(`ReadOnlyFilesystem: The root file system is read-only and was writable before: ${AFTER}`)],
    ],
    [
      'is none where it always was',
      [
        [turned('/'), DATA],
        [turned('/'), DATA],
      ],
      ['', ''],
    ],
    ['is none where it was not mounted before', [[disk()], [disk(), turned('/snapshot')]], ['', '']],
    [
      'is none where something else was mounted there before',
      [[disk(), DATA], [disk()], [disk(), turned('/data')]],
      ['', '', ''],
    ],
    [
      'is a fault where it could not be read meanwhile, and no disk either',
      [[disk(), DATA], [], [disk(), turned('/data')]],
      ['', '', FAULT],
    ],
  ])('%s', (_, checks, said) => {
    expect(lived(checks)).toEqual(said);
  });

  it('is none after a boot, which asks fstab', () => {
    const other = `ffffffff${BOOT_ID.slice(8)}`;
    expect(
      lived(
        [
          [disk(), DATA],
          [disk(), turned('/data')],
        ],
        [BOOT_ID, other],
      ),
    ).toEqual(['', '']);
  });

  it('is no fault for a version that had called every read-only root one', () => {
    const one = instance();
    const seen = { boot: BOOT_ID.slice(0, 8), oomKills: 0 };
    const remembered: InstanceState = { ...one.remembered, seen, status: 'CRITICAL', reasons: ['ReadOnlyFilesystem'] };
    expect(assess({ ...one, remembered }, read({ disks: [turned('/')] }), SSH).status).toBe('OK');
  });
});

describe('the limits of one instance', () => {
  const LIMITS = 'memory.warning=8;memory.critical=2;disk.warning=4;disk.critical=2;inodes.warning=2;inodes.critical=1';
  const limited = (text: string) => instance({ tags: { [TAG.limits]: text } });

  it.each<[string, ProbeOutcome, Status]>([
    ['memory above its warning', read({ availableShare: 0.081 }), 'OK'],
    ['memory under its warning', read({ availableShare: 0.079 }), 'WARNING'],
    ['memory that would be gone elsewhere', read({ availableShare: 0.025 }), 'WARNING'],
    ['memory under its critical', read({ availableShare: 0.019 }), 'CRITICAL'],
    ['a disk above its warning', read({ disks: [disk({ usedPercent: 95.9 })] }), 'OK'],
    ['a disk under its warning', read({ disks: [disk({ usedPercent: 96.1 })] }), 'WARNING'],
    ['a disk under its critical', read({ disks: [disk({ usedPercent: 98.1 })] }), 'CRITICAL'],
    ['inodes under its warning', read({ disks: [disk({ inodesUsedPercent: 98.5 })] }), 'WARNING'],
    ['inodes under its critical', read({ disks: [disk({ inodesUsedPercent: 99.1 })] }), 'CRITICAL'],
  ])('hold for %s', (_, outcome, status) => {
    expect(assess(limited(LIMITS), outcome, SSH).status).toBe(status);
  });

  it('leave the rest to the settings', () => {
    expect(assess(limited('disk.warning=4;disk.critical=2'), read({ availableShare: 0.11 }), SSH).status).toBe(
      'WARNING',
    );
    expect(assess(instance(), read({ availableShare: 0.081 }), SSH).status).toBe('WARNING');
  });

  it('move the end of a WARNING along', () => {
    const one = { ...limited('memory.warning=8'), remembered: instance(was('WARNING:MemoryLow')).remembered };
    expect(assess(one, read({ availableShare: 0.1 }), SSH).status).toBe('WARNING');
    expect(assess(one, read({ availableShare: 0.1101 }), SSH).status).toBe('OK');
  });
});

it.each([
  [
    { zram: { totalBytes: 2 * GIB, usedBytes: GIB } },
    ' Swap is zram, which is memory itself: 1.0 GiB of 2.0 GiB used.',
  ],
  [{ zram: { totalBytes: 2 * GIB, usedBytes: 0 } }, ''],
  [{ zswap: { storedBytes: 2 * GIB, poolBytes: GIB } }, ' zswap holds 2.0 GiB of swap in 1.0 GiB of memory.'],
])('says that swap %j is no way out of little memory', (compressed, text) => {
  const swap = { totalBytes: 2 * GIB, freeBytes: 0, ...compressed };
  for (const availableShare of [0.02, 0.05]) {
    const [reason] = assess(instance(), read({ availableShare, swap }), SSH).reasons;
    expect(reason?.text.includes(text)).toBe(true);
    expect(/zram|zswap/.test(reason?.text ?? '')).toBe(text !== '');
  }
});
