import { describe, expect, it } from 'vitest';
import type { Status } from '../../../lambda/model/index.ts';
import { exitCodeOf, instanceJson, reportJson, streamedJson, summarise } from '../../../lambda/report/json.ts';
import { humanSize, instanceLine } from '../../../lambda/report/line.ts';
import { BAD_NAME, GIB, host, reportOf, unread, vitalsOf } from './report-fixtures.ts';

describe('the line of a host', () => {
  it('has status, code and sentence when the host was not read', () => {
    expect(instanceLine(unread)).toBe(
      'ficrawler9 | CRITICAL | BannerTimeout: Port 22 accepted and said nothing in 15 s.',
    );
  });

  it('stays one inert line whatever the host is called and says', () => {
    const line = instanceLine({
      ...unread,
      name: BAD_NAME,
      reasons: [{ code: 'Unparsable', text: 'got \u001b[2J\nficrawler1 | OK' }],
    });
    expect(line).toBe('evil\\x1b]0;x\\x07\\n\\u202eOK | CRITICAL | Unparsable: got \\x1b[2J\\nficrawler1 | OK');
  });

  it.each([
    [12_421_004, 2 * GIB, 73.2, '12421004 (11 gb) / Free Memory: 3245136 (3 gb) / Free Disc: 2.0G / % Used Disc: 74%'],
    [351_564, 1.2 * GIB, 84, '351564 (0 gb) / Free Memory: 15314576 (14 gb) / Free Disc: 1.2G / % Used Disc: 84%'],
    [
      4_821_588,
      305 * 1024 ** 2,
      7.000000000000001,
      '4821588 (4 gb) / Free Memory: 10844552 (10 gb) / Free Disc: 305M / % Used Disc: 7%',
    ],
  ])('has the figures that free and df -h print, with %d kB used', (usedKb, free, percent, rest) => {
    const line = instanceLine(host('ficrawler7', { vitals: vitalsOf(15_666_140, usedKb, { free, percent }) }));
    expect(line).toBe(`ficrawler7 | OK | Total Memory: 15666140 (14 gb) / Used Memory: ${rest}`);
  });

  it('has a dash where the host reported no disk', () => {
    const vitals = { ...vitalsOf(1, 1, { free: 0, percent: 0 }), disks: [] };
    expect(instanceLine(host('a', { vitals }))).toMatch(/ \/ Free Disc: - \/ % Used Disc: -$/);
  });

  // The figures of coreutils, which df shares: numfmt --to=iec --round=up.
  it.each([
    [0, '0'],
    [1, '1'],
    [1023, '1023'],
    [1024, '1.0K'],
    [1025, '1.1K'],
    [10 * 1024, '10K'],
    [9.95 * 1024, '10K'],
    [1023.5 * 1024, '1.0M'],
    [305 * 1024 ** 2, '305M'],
    [304.01 * 1024 ** 2, '305M'],
    [1.11 * GIB, '1.2G'],
    [3 * 1024 * GIB, '3.0T'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(humanSize(bytes)).toBe(text);
  });
});

describe('the exit code', () => {
  it.each<[number, Status[]]>([
    [2, ['OK', 'UNKNOWN', 'CRITICAL', 'WARNING']],
    [3, ['OK', 'UNKNOWN', 'WARNING']],
    [3, []],
    [1, ['OK', 'WARNING']],
    [0, ['OK', 'OK']],
  ])('is %d for %j', (code, statuses) => {
    expect(exitCodeOf(summarise(statuses.map((status) => ({ status }))))).toBe(code);
  });
});

describe('the JSON of a report', () => {
  it('is the report itself, in its own order of keys', () => {
    const report = reportOf(unread, host('a'));
    expect(reportJson(report)).toBe(JSON.stringify(report, null, 2));
  });

  it('is inert on a terminal and keeps every character', () => {
    const report = reportOf(host(`${BAD_NAME}\u009b31m`));
    expect(reportJson(report)).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    expect(JSON.parse(reportJson(report))).toEqual(report);
  });

  it('has the same content where it is written host by host, and is as inert', () => {
    const report = reportOf(unread, host(`${BAD_NAME}\u009b31m`), host('c'));
    const written = [
      streamedJson.begin(report),
      ...report.instances.map((one, n) => streamedJson.instance(one, n === 0)),
      streamedJson.end({ ...report, instances: [] }),
    ].join('');
    expect(JSON.parse(written)).toEqual(report);
    expect(written).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    const lines = (text: string) => text.split('\n').toSorted();
    expect(lines(written).filter((line) => line.startsWith('      '))).toEqual(
      lines(reportJson(report)).filter((line) => line.startsWith('      ')),
    );
  });

  it('has one line an instance, complete by itself', () => {
    const line = instanceJson(unread, reportOf());
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({
      version: 1,
      checkedAt: '2026-11-22T08:00:00.000Z',
      source: 'inventory',
      ...unread,
    });
  });
});
