import { describe, expect, it } from 'vitest';
import type { ProcessSnapshot, Sample } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { fleetRows, pageOf, withHistory } from '../../../lambda/widget/rows.ts';
import { hungFor, instance, minutesAgo, NOW, SSH } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';
import { idOf } from '../../support/sandbox-fleet.ts';

const STATUS = (value: string) => ({ [TAG.status]: value, [NOTE.since]: minutesAgo(20) });
const FLAG = { ...hungFor(3), [TAG.flag]: `BannerTimeout@${minutesAgo(5)}` };
const MUTE = { [TAG.mute]: 'until=2026-11-22T18:00:00Z' };
const rowOf = (tags: Record<string, string>, over = {}) => fleetRows([instance({ tags, ...over })], NOW)[0]!;

describe('the rows of the fleet table', () => {
  it.each([
    ['a flagged one', FLAG, {}, 'flagged'],
    ['a hung one without a flag', hungFor(2), {}, 'critical'],
    ['one that could not be asked', STATUS('UNKNOWN:AuthenticationFailed'), {}, 'unknown'],
    ['one with a tag that cannot be read', { ...STATUS('OK'), [TAG.ssh]: 'port=x' }, {}, 'unknown'],
    ['one that is low', STATUS('WARNING:MemoryLow'), {}, 'warning'],
    ['a new one', {}, {}, 'unchecked'],
    ['one whose status tag was forged', STATUS('FINE<b>'), {}, 'unchecked'],
    ['a muted one, though it is flagged', { ...FLAG, ...MUTE }, {}, 'muted'],
    ['one whose mute is over', { ...hungFor(2), [TAG.mute]: 'until=2026-11-22T08:00:00Z' }, {}, 'critical'],
    ['one whose mute cannot be read', { ...hungFor(2), [TAG.mute]: 'for ever' }, {}, 'critical'],
    ['a healthy one', STATUS('OK'), {}, 'ok'],
    ['a stopped one, though it is flagged', FLAG, { state: 'stopped' }, 'skipped'],
    ['one that runs Windows', STATUS('OK'), { platform: 'Windows' }, 'skipped'],
  ])('put %s where it belongs', (_, tags, over, band) => {
    expect(rowOf(tags, over).band).toBe(band);
  });

  it('are worst first, then by name, its numbers as numbers', () => {
    const tags = [STATUS('OK'), hungFor(2), STATUS('WARNING:DiskLow'), STATUS('OK'), FLAG, STATUS('UNKNOWN:NoAddress')];
    const names = ['web2', 'web10', 'web9', 'web1', 'web3', 'web4'];
    const fleet = tags.map((some, i) => instance({ id: idOf(i + 1), name: names[i]!, tags: some }));
    expect(fleetRows(fleet, NOW).map((row) => row.name)).toEqual(['web3', 'web10', 'web4', 'web9', 'web1', 'web2']);
  });

  it('say until when a window mutes in the zone of the table', () => {
    const muted = instance({ tags: { [TAG.mute]: 'window=Sun 07:00-09:00 UTC' } });
    const [row] = fleetRows([muted], new Date('2026-11-22T08:05:00Z'), 'Europe/Berlin');
    expect(row?.muted).toBe('muted in the window Sun 07:00-09:00 UTC, until 10:00 CET');
  });

  it('have in words what the tag has in codes, and the reasons before the hang', () => {
    const row = rowOf(STATUS('CRITICAL:BannerTimeout,MemoryLow,OomKill'));
    expect(row.reasons.map((reason) => reason.code)).toEqual(['BannerTimeout', 'OomKill']);
    expect(row.reasons[0]!.text).toContain('says nothing');
    expect(row.before).toEqual(['MemoryLow']);
  });

  it('have what happened in the last check once, not among the reasons before as well', () => {
    const hung = instance({ tags: STATUS('CRITICAL:BannerTimeout,MemoryLow,OomKill') });
    const incident = { ...hung.remembered.incident!, codes: ['MemoryLow', 'OomKill'] as const };
    const [row] = fleetRows([{ ...hung, remembered: { ...hung.remembered, incident } }], NOW);
    expect(row!.before).toEqual(['MemoryLow']);
  });
});

describe('a page of the fleet table', () => {
  const rows = fleetRows(
    Array.from({ length: 250 }, (_, i) => instance({ id: idOf(i + 1), name: `c${i + 1}`, tags: STATUS('OK') })),
    NOW,
  );

  it.each([
    ['no number', 'DROP TABLE', 1, 100],
    ['not a number', Number.NaN, 1, 100],
    ['nothing', undefined, 1, 100],
    ['before the first', -3, 1, 100],
    ['after the last', 1e9, 3, 50],
    ['a broken one', 2.7, 2, 100],
    ['the last', 3, 3, 50],
  ])('that is %s becomes the nearest existing one', (_, wanted, page, count) => {
    const got = pageOf(rows, wanted);
    expect([got.page, got.rows.length, got.pages, got.total]).toEqual([page, count, 3, 250]);
    expect(got.counts.ok).toBe(250);
  });

  it('of no instance is one empty page', () => {
    expect(pageOf([], 1)).toMatchObject({ rows: [], page: 1, pages: 1, total: 0 });
  });
});

describe('the figures of a row', () => {
  const samples = (from: number, share: (minutes: number) => number): Sample[] =>
    Array.from({ length: 60 }, (_, n) => 300 - n * 5)
      .filter((minutes) => minutes >= from)
      .map((minutes) => ({ at: new Date(NOW.getTime() - minutes * 60_000), available: share(minutes) }));
  const falling = (minutes: number) => 0.05 + minutes * 0.001;

  it('are those of the last three hours, with the newest as the latest', () => {
    const { memory, disk } = withHistory(rowOf({}), { memory: samples(5, falling), disk: [] }, NOW, SSH);
    expect(memory?.samples).toHaveLength(36);
    expect(memory?.latest.available).toBeCloseTo(0.055);
    expect(disk).toBeNull();
  });

  it('forecast when memory runs out, by the rules of the check', () => {
    const { forecast } = withHistory(rowOf({}), { memory: samples(5, falling), disk: [] }, NOW, SSH);
    // From 5.5 % to the 3 % where hosts hang, at 0.1 % a minute.
    expect(forecast).toEqual({ memoryMinutes: 25, diskMinutes: null });
  });

  it.each([
    ['that fell silent', samples(40, falling), {}],
    ['with plenty left', samples(5, (minutes) => 0.5 + minutes * 0.001), {}],
    ['whose forecasts are switched off', samples(5, falling), { forecast: { enabled: false } }],
    ['without figures', [], {}],
  ])('forecast nothing for a host %s', (_, memory, settings) => {
    const row = withHistory(rowOf({}), { memory, disk: [] }, NOW, parseSettings(settings));
    expect(row.forecast.memoryMinutes).toBeNull();
  });

  describe('name who took the memory', () => {
    const memory = samples(5, falling);
    const processes = [125, 65, 5].map((minutes): ProcessSnapshot => {
      const one = { pid: 7, name: 'ruby', kib: 1e6 * (0.9 - falling(minutes)), startedSeconds: 9, parentPid: 1 };
      const at = new Date(NOW.getTime() - minutes * 60_000);
      return { at, availableKib: 1e6 * falling(minutes), sharedKib: 0, processes: [one] };
    });
    const low = rowOf(STATUS('WARNING:MemoryLow'));

    it('of a host whose memory is the trouble, also from before it hung', () => {
      expect(withHistory(low, { memory, disk: [], processes }, NOW, SSH).grew).toMatchObject({
        ...{ name: 'ruby', pid: 7, minutes: 120 },
      });
      const hung = rowOf(STATUS('CRITICAL:BannerTimeout,MemoryLow'));
      const later = new Date(NOW.getTime() + 40 * 60_000);
      expect(withHistory(hung, { memory, disk: [], processes }, later, SSH).grew).toMatchObject({ name: 'ruby' });
    });

    it('and who holds it, as long as the figure is not newer', () => {
      const holders = (past: Sample[]) => withHistory(low, { memory: past, disk: [], processes }, NOW, SSH).processes;
      expect(holders(memory)).toEqual([{ name: 'ruby', residentBytes: 1e6 * (0.9 - falling(5)) * 1024 }]);
      expect(holders([...memory, { at: NOW, available: 0.98 }])).toEqual([]);
    });

    it.each([
      ['with another trouble', rowOf(STATUS('WARNING:DiskLow')), memory, processes],
      ['of which no process is known', low, memory, undefined],
      ['that has been well since', low, [...memory, { at: NOW, available: 0.6 }], processes],
      ['without figures', low, [], processes],
    ])('but not of one %s', (_, row, past, known) => {
      const history = { memory: past, disk: [], ...(known !== undefined && { processes: known }) };
      expect(withHistory(row, history, NOW, SSH).grew).toBeNull();
    });
  });
});
