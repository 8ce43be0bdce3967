import { describe, expect, it } from 'vitest';
import { WatchMemory } from '../../../bin/watch/memory.ts';
import { forecastsOf } from '../../../lambda/forecast/instance.ts';
import type { InstanceReport } from '../../../lambda/model/index.ts';
import { NOTHING_REMEMBERED, TAG } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
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
const told = (memory: WatchMemory, ...reports: ReturnType<typeof at>[]) =>
  reports.flatMap((report) => memory.take(report).map(({ name, text }) => `${name} ${text}`));

describe('what has changed', () => {
  it('is at first only what is wrong, and then nothing as long as nothing does', () => {
    const memory = new WatchMemory();
    expect(told(memory, at(0, host('a'), unread))).toEqual([
      'ficrawler9 new: CRITICAL: BannerTimeout: Port 22 accepted and said nothing in 15 s.',
    ]);
    expect(told(memory, at(1, host('a'), unread), at(2, host('a'), unread))).toEqual([]);
  });

  it('is a status with its sentence, another reason, and the end with how long it lasted', () => {
    const worse = { ...low, reasons: [...low.reasons, { code: 'DiskLow', text: '/ is full.' }] } as InstanceReport;
    expect(told(new WatchMemory(), at(0, host('web1')), at(1, low), at(3, worse), at(8, host('web1')))).toEqual([
      'web1 OK -> WARNING: MemoryLow: 9 % is available.',
      'web1 still WARNING: MemoryLow: 9 % is available. DiskLow: / is full.',
      'web1 WARNING -> OK after 7 min',
    ]);
  });

  it('is a kill once, and not that there was no other after it', () => {
    const killed = {
      ...low,
      reasons: [...low.reasons, { code: 'OomKill', text: 'ruby was killed.' }],
    } as InstanceReport;
    expect(told(new WatchMemory(), at(0, host('web1')), at(1, low), at(2, killed), at(3, low))).toEqual([
      'web1 OK -> WARNING: MemoryLow: 9 % is available.',
      'web1 still WARNING: MemoryLow: 9 % is available. OomKill: ruby was killed.',
    ]);
  });

  it('is a reboot and a flag', () => {
    const before = using(1, { bootId: '11111111-a' });
    const after = { ...using(1, { bootId: '22222222-b' }), flagged: true };
    expect(told(new WatchMemory(), at(0, before), at(1, after))).toEqual(['web1 it was rebooted; flagged for reboot']);
  });

  it('is who came, who left and why, and who came back with a past', () => {
    const memory = new WatchMemory();
    const stopped = { id: 'b', name: 'b', why: 'is stopped, not running' };
    expect(
      told(memory, at(0, host('a'), host('b')), at(1, host('c')), {
        ...at(2, host('a'), host('c')),
        skipped: [stopped],
      }),
    ).toEqual(['c new: OK', 'a is no longer listed (was OK)', 'b is no longer listed (was OK)', 'a new: OK']);
    expect(memory.instances.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(memory.trendsOf('a').memory).toHaveLength(2);
    const other = new WatchMemory();
    other.take(at(0, host('b')));
    expect(told(other, { ...at(1), skipped: [stopped] })).toEqual(['b is stopped, not running (was OK)']);
  });
});

describe('the memory of a watch', () => {
  it('forgets a host that has been gone for more than an hour', () => {
    const memory = new WatchMemory();
    for (const report of [at(0, host('a')), at(1), at(59), at(62)]) memory.take(report);
    expect(memory.historyOf('a', new Date(START))).toBeNull();
  });

  it('keeps a sample a minute of what was read, and after a day hours', () => {
    const memory = new WatchMemory();
    for (let second = 0; second <= 24 * 3600; second += 20) memory.take(at(second / 60, using(500_000 + second)));
    const { memory: samples = [] } = memory.historyOf('web1', new Date(START + 24 * 3_600_000)) ?? {};
    expect(samples.length).toBeLessThan(24 + 4 * 60 + 1);
    expect(samples.length).toBeGreaterThan(3 * 60);
    expect(samples.at(-1)?.available).toBeCloseTo((500_000 - 24 * 3600) / 1_000_000, 3);
    expect(memory.trendsOf('web1').memory.length).toBeLessThanOrEqual(48);
  });

  it('puts what was known before in front of its own samples', () => {
    const memory = new WatchMemory();
    memory.take(at(0, using(500_000)));
    expect(memory.lacksPast('web1')).toBe(true);
    const sample = (minute: number) => ({ at: new Date(START + minute * 60_000), available: 0.9 });
    memory.addPast('web1', { memory: [sample(-60), sample(5)], disk: [] });
    expect(memory.lacksPast('web1')).toBe(false);
    const { memory: samples = [] } = memory.historyOf('web1', new Date(START + 10 * 60_000)) ?? {};
    expect(samples.map(({ available }) => available)).toEqual([0.9, 0.5]);
  });

  it('is enough for a forecast after half an hour of a leak, and for one that goes on', () => {
    const memory = new WatchMemory();
    const settings = parseSettings({ schedule: { everyMinutes: 1 } });
    const speaksAt = (minute: number, reasons: InstanceReport['reasons']): boolean | undefined => {
      const report = { ...using(600_000 + minute * 8_000), reasons, status: reasons[0] ? 'WARNING' : 'OK' } as const;
      const one = memory.remembered(instance({ id: 'web1' }, settings));
      const outcome = { kind: 'vitals', vitals: report.vitals!, couldFork: true, notes: [] } as const;
      const now = new Date(START + minute * 60_000);
      const forecasts = forecastsOf(one, outcome, memory.historyOf('web1', now) ?? undefined, now, settings);
      memory.take(at(minute, report));
      return forecasts.memory?.speaking;
    };
    const speaking: number[] = [];
    for (let minute = 0; minute <= 45; minute++) {
      const code = 'MemoryExhaustionForecast';
      const reasons = speaking.includes(minute - 1) ? [{ code, text: '' } as const] : [];
      if (speaksAt(minute, reasons) === true) speaking.push(minute);
    }
    expect(speaking[0]).toBeGreaterThan(30);
    expect(speaking.at(-1)).toBe(45);
    expect(speaking).toHaveLength(46 - speaking[0]!);
  });

  it('tells the next check what tags would: status, since, and the counter of kills', () => {
    const memory = new WatchMemory();
    memory.take(at(0, host('web1')));
    memory.take(at(2, { ...low, vitals: { ...using(1).vitals!, bootId: '11111111-a', oomKills: 2 } }));
    const one = memory.remembered(instance({ id: 'web1' }));
    expect(one.memory).toMatchObject({
      status: 'WARNING',
      reasons: ['MemoryLow'],
      since: new Date(START + 120_000),
      seen: { boot: '11111111', oomKills: 2 },
    });
    const tagged = instance({ id: 'web1', tags: { [TAG.status]: 'OK' } });
    expect(memory.remembered(tagged).memory.status).toBe('OK');
    expect(memory.remembered(instance({ id: 'other' })).memory).toEqual(NOTHING_REMEMBERED);
  });
});
