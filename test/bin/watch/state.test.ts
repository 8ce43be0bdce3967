import { describe, expect, it } from 'vitest';
import { WatchState } from '../../../bin/watch/state.ts';
import type { StatePort } from '../../../lambda/check/index.ts';
import { forecastsOf } from '../../../lambda/forecast/instance.ts';
import { withState } from '../../../lambda/memory/index.ts';
import type { Instance, InstanceReport } from '../../../lambda/model/index.ts';
import { EMPTY_STATE, NOTHING_REMEMBERED } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { statePort } from '../../../lambda/wiring/check.ts';
import { ObjectFiles } from '../../../sandbox/object-files.ts';
import { GIB, host, reportOf, unread, vitalsOf } from '../../lambda/report/report-fixtures.ts';
import { instance } from '../../support/fleet.ts';

const START = Date.parse('2026-11-22T08:00:00Z');
const at = (minute: number, ...hosts: InstanceReport[]) => ({
  ...reportOf(...hosts),
  checkedAt: new Date(START + minute * 60_000).toISOString(),
});
const using = (usedKb: number, over: Partial<InstanceReport['vitals'] & object> = {}) =>
  host('web1', { vitals: { ...vitalsOf(1_000_000, usedKb, { free: GIB, percent: 50 }), ...over } });
const low = host('web1', { status: 'WARNING', reasons: [{ code: 'MemoryLow', text: '9 % is available.' }] });
/** The instance as the next check finds it. */
const next = async (watch: WatchState, one: Instance, own: StatePort | null = null) =>
  withState(one, (await watch.over(own).load()).state);
const changesOf = (state: WatchState, ...reports: ReturnType<typeof at>[]) =>
  reports.flatMap((report) => state.add(report).map(({ name, text }) => `${name} ${text}`));

describe('a change', () => {
  it('is in the first check only what is wrong, and later nothing as long as all stays the same', () => {
    const state = new WatchState();
    expect(changesOf(state, at(0, host('a'), unread))).toEqual([
      'ficrawler9 new: CRITICAL: BannerTimeout: Port 22 accepted and said nothing in 15 s.',
    ]);
    expect(changesOf(state, at(1, host('a'), unread), at(2, host('a'), unread))).toEqual([]);
  });

  it('is a new status with its sentence, another reason, or a recovery with how long it took', () => {
    const worse = { ...low, reasons: [...low.reasons, { code: 'DiskLow', text: '/ is full.' }] } as InstanceReport;
    expect(changesOf(new WatchState(), at(0, host('web1')), at(1, low), at(3, worse), at(8, host('web1')))).toEqual([
      'web1 OK -> WARNING: MemoryLow: 9 % is available.',
      'web1 still WARNING: MemoryLow: 9 % is available. DiskLow: / is full.',
      'web1 WARNING -> OK after 7 min',
    ]);
  });

  it('is a kill of a process, but not that no other followed', () => {
    const killed = {
      ...low,
      reasons: [...low.reasons, { code: 'OomKill', text: 'ruby was killed.' }],
    } as InstanceReport;
    expect(changesOf(new WatchState(), at(0, host('web1')), at(1, low), at(2, killed), at(3, low))).toEqual([
      'web1 OK -> WARNING: MemoryLow: 9 % is available.',
      'web1 still WARNING: MemoryLow: 9 % is available. OomKill: ruby was killed.',
    ]);
  });

  it('is a reboot, and a flag', () => {
    const before = using(1, { bootId: '11111111-a' });
    const after = { ...using(1, { bootId: '22222222-b' }), flagged: true };
    expect(changesOf(new WatchState(), at(0, before), at(1, after))).toEqual([
      'web1 it was rebooted; flagged for reboot',
    ]);
  });

  it('is a host that came, that left and why, or that came back with its past', () => {
    const state = new WatchState();
    const stopped = { id: 'b', name: 'b', why: 'is stopped, not running' };
    expect(
      changesOf(state, at(0, host('a'), host('b')), at(1, host('c')), {
        ...at(2, host('a'), host('c')),
        skipped: [stopped],
      }),
    ).toEqual(['c new: OK', 'a is no longer listed (was OK)', 'b is no longer listed (was OK)', 'a new: OK']);
    expect(state.instances.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(state.trendsOf('a').memory).toHaveLength(2);
    const other = new WatchState();
    other.add(at(0, host('b')));
    expect(changesOf(other, { ...at(1), skipped: [stopped] })).toEqual(['b is stopped, not running (was OK)']);
  });
});

describe('the state of a watch', () => {
  it('forgets a host that has been gone for more than an hour', () => {
    const state = new WatchState();
    for (const report of [at(0, host('a')), at(1), at(59), at(62)]) state.add(report);
    expect(state.historyOf('a', new Date(START))).toBeNull();
  });

  it('keeps one sample a minute, and for what is older one an hour', () => {
    const state = new WatchState();
    for (let second = 0; second <= 24 * 3600; second += 20) state.add(at(second / 60, using(500_000 + second)));
    const { memory: samples = [] } = state.historyOf('web1', new Date(START + 24 * 3_600_000)) ?? {};
    expect(samples.length).toBeLessThan(24 + 4 * 60 + 1);
    expect(samples.length).toBeGreaterThan(3 * 60);
    expect(samples.at(-1)?.available).toBeCloseTo((500_000 - 24 * 3600) / 1_000_000, 3);
    expect(state.trendsOf('web1').memory.length).toBeLessThanOrEqual(48);
  });

  it('puts the past that the source knows in front of its own samples', () => {
    const state = new WatchState();
    state.add(at(0, using(500_000)));
    expect(state.lacksPast('web1')).toBe(true);
    const sample = (minute: number) => ({ at: new Date(START + minute * 60_000), available: 0.9 });
    state.addPast('web1', { memory: [sample(-60), sample(5)], disk: [] });
    expect(state.lacksPast('web1')).toBe(false);
    const { memory: samples = [] } = state.historyOf('web1', new Date(START + 10 * 60_000)) ?? {};
    expect(samples.map(({ available }) => available)).toEqual([0.9, 0.5]);
  });

  it('is enough for a forecast after half an hour of a leak, and for the forecast to go on', async () => {
    const state = new WatchState();
    const settings = parseSettings({ schedule: { everyMinutes: 1 } });
    const speaksAt = async (minute: number, reasons: InstanceReport['reasons']) => {
      const report = { ...using(600_000 + minute * 8_000), reasons, status: reasons[0] ? 'WARNING' : 'OK' } as const;
      const one = await next(state, instance({ id: 'web1' }, settings));
      const outcome = { kind: 'vitals', vitals: report.vitals!, couldFork: true, notes: [] } as const;
      const now = new Date(START + minute * 60_000);
      const forecasts = forecastsOf(one, outcome, state.historyOf('web1', now) ?? undefined, now, settings);
      state.add(at(minute, report));
      return forecasts.memory?.speaking;
    };
    const speaking: number[] = [];
    for (let minute = 0; minute <= 45; minute++) {
      const code = 'MemoryExhaustionForecast';
      const reasons = speaking.includes(minute - 1) ? [{ code, text: '' } as const] : [];
      if ((await speaksAt(minute, reasons)) === true) speaking.push(minute);
    }
    expect(speaking[0]).toBeGreaterThan(30);
    expect(speaking.at(-1)).toBe(45);
    expect(speaking).toHaveLength(46 - speaking[0]!);
  });

  it('gives the next check what a stack would remember: status, since, and the counter of kills', async () => {
    const state = new WatchState();
    state.add(at(0, host('web1')));
    state.add(at(2, { ...low, vitals: { ...using(1).vitals!, bootId: '11111111-a', oomKills: 2 } }));
    const remembered = {
      ...{ status: 'WARNING', reasons: ['MemoryLow'], since: new Date(START + 120_000) },
      seen: { boot: '11111111', oomKills: 2 },
    };
    expect((await next(state, instance({ id: 'web1' }))).remembered).toMatchObject(remembered);
    expect((await next(state, instance({ id: 'other' }))).remembered).toEqual(NOTHING_REMEMBERED);
  });

  it("gives way to what the stack does remember, and writes nothing into the stack's state", async () => {
    const state = new WatchState();
    state.add(at(0, low));
    const files = new ObjectFiles();
    const own = { ...NOTHING_REMEMBERED, status: 'OK' } as const;
    const port = statePort(files);
    await port.save({ ...EMPTY_STATE, at: new Date(START), instances: new Map([['web1', own]]) }, null);
    expect((await next(state, instance({ id: 'web1' }), port)).remembered.status).toBe('OK');
    const [before] = [...files.objects.values()];
    const { state: loaded, etag } = await state.over(port).load();
    expect(await state.over(port).save(loaded, etag)).toBeNull();
    expect([...files.objects.values()]).toEqual([before]);
  });

  it("fails once where the stack's own can't be read, and then goes on with what it has seen itself", async () => {
    const load = async () => Promise.reject(new Error('no right'));
    const state = new WatchState();
    const own = { load, save: async () => null };
    await expect(state.over(own).load()).rejects.toThrow('no right');
    state.add(at(0, low));
    expect((await next(state, instance({ id: 'web1' }), own)).remembered.status).toBe('WARNING');
  });
});

describe('who holds the memory', () => {
  it('is kept for six hours, so that what grew can be named', () => {
    const state = new WatchState();
    const sized = (minute: number) => {
      const ruby = { pid: 7, name: 'ruby', residentBytes: 1024 * (200_000 + 1000 * minute), startedSeconds: 9 };
      return at(minute, using(700_000 + 1000 * minute, { processes: [ruby], uptimeSeconds: 90_000 }));
    };
    for (let minute = 0; minute < 200; minute++) state.add(sized(minute));
    const now = new Date(START + 200 * 60_000);
    const { processes = [] } = state.historyOf('web1', now) ?? {};
    expect(processes.length).toBeLessThanOrEqual(21);
    expect(processes.at(-1)?.at).toEqual(new Date(START + 199 * 60_000));
    const { vitals } = sized(200).instances[0]!;
    const outcome = { kind: 'vitals', vitals: vitals!, couldFork: true, notes: [] } as const;
    const history = state.historyOf('web1', now)!;
    expect(forecastsOf(instance(), outcome, history, now, parseSettings()).grew).toMatchObject({
      name: 'ruby',
      pid: 7,
    });
  });

  it('goes on from what the source knows of before', () => {
    const state = new WatchState();
    state.add(at(0, using(1)));
    const before = { at: new Date(START - 3_600_000), availableKib: 9, sharedKib: null, processes: [] };
    state.addPast('web1', { memory: [], disk: [], processes: [before] });
    expect(state.historyOf('web1', new Date(START + 60_000))?.processes?.map((one) => one.at)).toEqual([
      before.at,
      new Date(START),
    ]);
  });
});
