import { describe, expect, it } from 'vitest';
import { textWidth } from '../../../bin/terminal/text-width.ts';
import type { Change } from '../../../bin/watch/changes.ts';
import { changeLine, watchFrame } from '../../../bin/watch/frame.ts';
import type { InstanceReport } from '../../../lambda/model/index.ts';
import { summarise } from '../../../lambda/report/json.ts';
import { BAD_NAME, host, unread } from '../../lambda/report/report-fixtures.ts';

const now = new Date('2026-11-22T08:00:00Z');
const change = (name: string, text: string, seconds = 0): Change => {
  return { at: new Date(now.getTime() + seconds * 1000), name, status: 'CRITICAL', text };
};
const view = (
  instances: readonly InstanceReport[],
  changes: readonly Change[] = [],
  notices: readonly string[] = [],
) => ({
  instances,
  summary: summarise(instances),
  changes,
  notices,
  status: 'checked at 08:00:00 UTC in 0.8 s; next at 08:01:00, Ctrl-C ends',
});
const trends = () => ({ memory: [0.5, 0.6, 0.7, 0.79], disk: [0.73, 0.73, null, 0.73] });
const style = { width: 110, rows: 40, colour: false, now, glyphs: 'unicode', trends } as const;

describe('the screen of a watch', () => {
  it('has counts, table, problems and changes', () => {
    const changes = [
      change('web2', 'new: OK', -60),
      change('ficrawler9', 'OK -> CRITICAL: BannerTimeout: Port 22 ...'),
    ];
    expect(watchFrame(view([host('web1'), unread], changes, ['AWS can not be reached']), style).join('\n')).toBe(
      `crawlwatch: 2 hosts: 1 CRITICAL, 1 OK
checked at 08:00:00 UTC in 0.8 s; next at 08:01:00, Ctrl-C ends
! AWS can not be reached

HOST        STATUS    REASONS        MEMORY USED                   TREND  FULLEST DISK        TREND
ficrawler9  CRITICAL  BannerTimeout                                ▁▃▆█                       ▁▁ ▁
web1        OK                       ████████░░  79 % of 14.9 GiB  ▁▃▆█   ███████░░░  73 % /  ▁▁ ▁

ficrawler9: CRITICAL
  BannerTimeout: Port 22 accepted and said nothing in 15 s.
  next: reboot it from its console: it no longer serves a login

08:00:00  ficrawler9  OK -> CRITICAL: BannerTimeout: Port 22 ...
07:59:00  web2        new: OK`,
    );
  });

  it('counts no hosts before the first has answered', () => {
    const first = { ...view([]), status: '0 of 2 hosts answered' };
    expect(watchFrame(first, style).slice(0, 2)).toEqual(['crawlwatch', '0 of 2 hosts answered']);
  });

  it('has behind the past the half hours in which memory ends, and the same in words', () => {
    const falling = host('web1', { forecast: { memoryMinutes: 40, diskMinutes: null } });
    const table = (width: number, glyphs: 'unicode' | 'ascii') =>
      watchFrame(view([falling]), { ...style, width, glyphs })
        .slice(3, 5)
        .join('\n');
    expect(table(130, 'unicode')).toBe(
      `HOST  STATUS  MEMORY USED                   TREND       FULLEST DISK        TREND  RUNS OUT IN
web1  OK      ████████░░  79 % of 14.9 GiB  ▁▃▆█│·▒▒▒▒  ███████░░░  73 % /  ▁▁ ▁   memory 35 min to 2 h`,
    );
    expect(table(130, 'ascii')).toContain('|.%%%%  ');
    // Where it is narrow there is room for less of it.
    expect(table(80, 'unicode')).toContain('▁▃▆█│·▒›');
  });

  const crowd = [unread, ...Array.from({ length: 99 }, (_, i) => host(`東京-${i}`, { notes: ['x'] }))];
  it.each([
    [20, 5],
    [40, 10],
    [80, 24],
    [200, 60],
  ])('fits into %d columns and %d lines, however much there is to show', (width, rows) => {
    const changes = Array.from({ length: 30 }, (_, i) => change(`web${i} ${'x'.repeat(99)}`, 'y'.repeat(300)));
    const lines = watchFrame(view(crowd, changes, ['z'.repeat(300)]), { ...style, width, rows, colour: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes take no room
    const plain = lines.map((line) => line.replace(/\u001b\[\d+m/g, ''));
    expect(lines.length).toBeLessThan(rows);
    expect(Math.max(...plain.map(textWidth))).toBeLessThanOrEqual(width);
  });

  it('cuts no next step, and counts the rows that it takes', () => {
    const steps = ['a', 'b'].map((name) =>
      host(name, { status: 'CRITICAL', reasons: [{ code: 'DiskLow', text: 'x' }], recommendation: 'investigate' }),
    );
    const login = () => `ssh ${'k'.repeat(90)}`;
    const rowsOf = (lines: readonly string[]) =>
      lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(textWidth(line) / 40)), 0);
    const whole = `  next: ssh ${'k'.repeat(90)} 'df -h; df -i; sudo du -xhd2 / 2>/dev/null | sort -h | tail'`;
    const shown = [...Array(40).keys()].map((rows) => watchFrame(view(steps), { ...style, width: 40, rows, login }));
    for (const [rows, lines] of shown.entries()) {
      expect(lines.filter((line) => line.startsWith('  next:') && line !== whole)).toEqual([]);
      expect(rowsOf(lines)).toBeLessThan(Math.max(5, rows));
    }
    expect(shown.at(-1)).toContain(whole);
  });

  it('counts the hosts that do not fit', () => {
    const lines = watchFrame(view(crowd), { ...style, rows: 20 });
    expect(lines.some((line) => /^and 9\d more, all OK$/.test(line))).toBe(true);
    const bad = crowd.map((one) => ({ ...unread, id: one.id, name: one.name }));
    expect(
      watchFrame(view(bad), { ...style, rows: 20 }).some((line) => /^and 9\d more, 9\d of them not OK$/.test(line)),
    ).toBe(true);
  });

  it('escapes what hosts send, on the screen and in the log', () => {
    const evil = host(BAD_NAME, { status: 'UNKNOWN', reasons: [{ code: 'Unparsable', text: '\u001b[2J' }] });
    const lines = watchFrame(view([evil], [change(BAD_NAME, '\u001b[2J')], ['\u001b[2J']), style);
    expect(lines.join('')).not.toMatch(/[\p{Cc}]|\u202e/u);
    expect(changeLine(change(BAD_NAME, '\u001b[2J\n'))).not.toMatch(/[\p{Cc}]|\u202e/u);
    expect(changeLine(change('web1', 'new: OK'))).toBe('2026-11-22T08:00:00Z web1 new: OK');
  });
});
