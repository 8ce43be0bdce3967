import { describe, expect, it } from 'vitest';
import { readBacktestLine, tracesOf } from '../../../bin/backtest/traces.ts';

const at = (minutes: number) => new Date(Date.UTC(2026, 10, 15) + minutes * 60_000);

describe('a line', () => {
  const good = {
    family: 'f',
    sampleSeconds: 300,
    totalKb: 100,
    samples: [{ t: 1, availableKb: 50 }],
    exhaustedAt: null,
  };
  it.each([
    [[], 'neither a trace'],
    [null, 'neither a trace'],
    [{ ...good, samples: [{ t: '1', availableKb: 1 }] }, 'samples.0.t: '],
    [{ ...good, totalKb: 0 }, 'totalKb: '],
    [{ ...good, samples: [...good.samples, { t: 0, availableKb: 1 }] }, 'samples.1.t: earlier'],
    [{ checkedAt: 'yesterday', id: 'a', reasons: [], vitals: null }, 'checkedAt: '],
  ])('%j is unreadable: %s', (value, text) => {
    expect(readBacktestLine(value)).toMatchObject({ kind: 'unreadable', text: expect.stringContaining(text) });
  });

  it.each([
    [{}, 'memory'],
    [{ family: 'disk_f' }, 'disk'],
    [{ family: 'disk_f', resource: 'memory', other: 1 }, 'memory'],
    [{ procs: [null] }, 'memory'],
  ])('%j is a trace of %s', (more, resource) => {
    expect(readBacktestLine({ ...good, ...more })).toMatchObject({ kind: 'trace', trace: { resource } });
  });
});

it('a trace has the processes of each sample that could be taken', () => {
  const read = readBacktestLine({
    family: 'f',
    sampleSeconds: 300,
    totalKb: 100,
    samples: [
      { t: 0, availableKb: 50 },
      { t: 300, availableKb: null },
      { t: 600, availableKb: 40 },
    ],
    procs: [null, [1, 1, [[7, 8, 'a']]], [2, 9, [[7, 9, 'a']]]],
  });
  expect(read).toMatchObject({
    trace: {
      processes: [
        { at: new Date(600_000), availableKib: 40, sharedKib: 2, processes: [{ pid: 7, kib: 9, name: 'a' }] },
      ],
    },
  });
});

it('a record leaves out what could not be read of its disks, and keeps the others', () => {
  const disk = { mount: '/', usedPercent: 50, readOnly: false };
  const unread = { mount: '/d', totalBytes: null, availableBytes: null, usedPercent: null, inodesUsedPercent: null };
  const vitals = {
    memory: { totalBytes: 9, availableBytes: 7 },
    disks: [disk, { ...unread, readOnly: null, unread: 'permission denied' }, { ...disk, mount: '/s', ignored: true }],
  };
  expect(readBacktestLine({ checkedAt: at(0).toISOString(), id: 'a', reasons: [], vitals })).toMatchObject({
    kind: 'observation',
    observation: { vitals: { disks: [disk, { mount: '/s', ignored: true }] } },
  });
});

describe('a recording', () => {
  type Seen = Parameters<typeof tracesOf>[0][number];
  const seen = (
    i: number,
    share: number | null,
    more: Partial<NonNullable<Seen['vitals']>> = {},
    code = 'X',
  ): Seen => ({
    id: 'a',
    checkedAt: at(i * 5).toISOString(),
    reasons: [{ code }],
    vitals: share === null ? null : { memory: { totalBytes: 100, availableBytes: share * 100 }, disks: [], ...more },
  });
  it.each<[string, Seen[], number[]]>([
    ['a hang of a host that had plenty', [seen(0, 0.5), seen(1, null, {}, 'BannerTimeout')], []],
    ['our own failure to ask', [seen(0, 0.05), seen(1, null, {}, 'AuthenticationFailed')], []],
    ['a kill while plenty was available', [seen(0, 0.5, { oomKills: 0 }), seen(1, 0.5, { oomKills: 1 })], []],
    [
      'a hang of a host that was low, once',
      [seen(0, 0.05), seen(2, null, {}, 'CommandTimeout'), seen(1, null, {}, 'BannerTimeout')],
      [5],
    ],
    ['a kill on a host that was low', [seen(0, 0.05, { oomKills: 0 }), seen(1, 0.5, { oomKills: 1 })], [5]],
    ['a boot of a host that was low', [seen(0, 0.05, { bootId: 'a' }), seen(1, 0.5, { bootId: 'b' })], [5]],
  ])('finds the exhaustions in %s', (_what, observations, exhaustions) => {
    expect(tracesOf(observations)[0]?.exhaustedAt).toEqual(exhaustions.map(at));
  });

  it('has the time of each boot and each kill, however much was available', () => {
    const [memory] = tracesOf([
      seen(0, 0.5, { bootId: 'a', oomKills: 3 }),
      seen(1, 0.5, { bootId: 'b', oomKills: 0 }),
      seen(2, 0.5, { bootId: 'b', oomKills: 1 }),
      seen(3, 0.5, { bootId: 'b', oomKills: 1 }),
    ]);
    expect([memory?.ends, memory?.exhaustedAt]).toEqual([[at(5), at(10)], []]);
  });

  it('starts a new trace when another mount becomes the fullest', () => {
    const disk = (mount: string, usedPercent: number) => ({ disks: [{ mount, usedPercent, readOnly: false }] });
    const [, ...disks] = tracesOf([
      seen(0, 1, disk('/', 50)),
      seen(1, null),
      seen(2, 1, disk('/', 100)),
      seen(3, 1, disk('/d', 99)),
    ]);
    expect(disks.map(({ samples, exhaustedAt }) => [samples.map(({ available }) => available), exhaustedAt])).toEqual([
      [[0.5, null, 0], [at(10)]],
      [[expect.closeTo(0.01)], []],
    ]);
  });
});

it('a record has the processes, the shared memory and the uptime that its host gave', () => {
  const memory = { totalBytes: 8192, availableBytes: 4096, freeBytes: null, usedBytes: 4096, sharedBytes: 1024 };
  const processes = [{ pid: 7, name: 'ruby', residentBytes: 3072, anonBytes: 2048, startedSeconds: 5 }];
  const record = (vitals: object | null, minutes: number) => {
    const read = readBacktestLine({ id: 'a', checkedAt: at(minutes).toISOString(), reasons: [], vitals });
    return read.kind === 'observation' ? [read.observation] : [];
  };
  const records = [
    ...record({ memory, disks: [], uptimeSeconds: 99, processes }, 0),
    ...record(null, 5),
    ...record({ memory, disks: [] }, 10),
  ];
  expect(records).toHaveLength(3);
  expect(tracesOf(records)[0]?.processes).toEqual([
    {
      at: at(0),
      totalKib: 8,
      availableKib: 4,
      sharedKib: 1,
      uptimeSeconds: 99,
      processes: [{ pid: 7, name: 'ruby', kib: 2, startedSeconds: 5, parentPid: null }],
    },
  ]);
});
