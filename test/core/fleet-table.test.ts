import { describe, expect, it } from 'vitest';
import { inOrder } from '../../lambda/core/fleet-report.ts';
import { reportTable, summaryLine } from '../../lambda/core/fleet-table.ts';
import { nextStep } from '../../lambda/core/next-step.ts';
import type { InstanceReport } from '../../lambda/model.ts';
import { BAD_NAME, host, plain, reportOf, unread, vitalsOf } from './report-fixtures.ts';

describe('the table', () => {
  const low = host('web2', {
    status: 'WARNING',
    reasons: [{ code: 'DiskLow', text: '4 % of / is available.' }],
    recommendation: 'investigate',
    forecast: { memoryMinutes: 40, diskMinutes: null },
    since: '2026-11-22T07:05:00.000Z',
  });
  const fleet = reportOf(host('web10'), host('web9'), low, unread, host('x', { status: 'UNKNOWN', vitals: null }));

  it('puts the worst first and counts numbers in names', () => {
    expect(inOrder(fleet.instances).map((instance) => instance.name)).toEqual([
      'ficrawler9',
      'x',
      'web2',
      'web9',
      'web10',
    ]);
  });

  it('reads so', () => {
    expect(reportTable(reportOf(host('web9'), low, unread), plain)).toBe(
      `HOST        STATUS    REASONS        AVAILABLE  MEMORY USED           FULLEST DISK  RUNS OUT IN           SINCE
ficrawler9  CRITICAL  BannerTimeout
web2        WARNING   DiskLow        21 %       11.8 GiB of 14.9 GiB  73 % /        memory 35 min to 2 h  07:05 UTC
web9        OK                       21 %       11.8 GiB of 14.9 GiB  73 % /

ficrawler9: CRITICAL
  BannerTimeout: Port 22 accepted and said nothing in 15 s.
  next: reboot it from its console: it no longer serves a login

web2: WARNING
  DiskLow: 4 % of / is available.
  next: ssh 10.0.0.7 'df -h; df -i; sudo du -xhd2 / 2>/dev/null | sort -h | tail'

3 hosts in 0.8 s: 1 CRITICAL, 1 WARNING, 1 OK`,
    );
  });

  it.each([60, 80, 100, 120])('fits a terminal of %d columns', (width) => {
    const long = host(`crawler-${'x'.repeat(60)}`, {
      status: 'CRITICAL',
      reasons: [...low.reasons, ...unread.reasons],
    });
    const rows =
      reportTable(reportOf(long, low, host('a')), { ...plain, width })
        .split('\n\n')[0]
        ?.split('\n') ?? [];
    expect(rows).toHaveLength(4);
    expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(width);
    expect(rows[1]).toMatch(/^crawler-.* CRITICAL /);
  });

  it('keeps whole names on a pipe', () => {
    const name = `crawler-${'x'.repeat(200)}`;
    expect(reportTable(reportOf(host(name)), plain)).toContain(name);
  });

  it('has colour only when told to, and lines up all the same', () => {
    expect(reportTable(fleet, plain)).not.toContain('\u001b');
    const coloured = reportTable(fleet, { ...plain, colour: true });
    expect(coloured).toContain('\u001b[31mCRITICAL\u001b[0m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes are what is taken out
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(reportTable(fleet, plain));
  });

  it('shows what a host sends as data', () => {
    const vitals = { ...vitalsOf(1, 1, { free: 0, percent: 0 }), disks: [] };
    const worker = { unit: 'a', state: '\u001b[2J', restarts: null };
    const evil = host(BAD_NAME, { notes: ['\u001b[31m\nOK'], vitals: { ...vitals, worker } });
    const text = reportTable(reportOf(evil), plain);
    expect(text).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    expect(text).toContain('  note: \\x1b[31m\\nOK');
  });

  it('says how many were skipped and why', () => {
    const report = { ...reportOf(), skipped: [{ id: 'i-1', name: 'win', why: 'runs Windows, not Linux' }] };
    expect(reportTable(report, plain)).toBe('skipped win: runs Windows, not Linux\n0 hosts in 0.8 s; 1 skipped');
    expect(summaryLine(reportOf(host('a')), plain)).toBe('1 host in 0.8 s: 1 OK');
  });
});

describe('the next step', () => {
  const worker = { unit: 'sidekiq.service', state: 'failed', restarts: 1 };
  it.each<[string, InstanceReport, string | null]>([
    [
      'a reboot of an instance',
      { ...unread, id: 'i-0ab', region: 'eu-west-1' },
      'aws ec2 reboot-instances --instance-ids i-0ab --region eu-west-1',
    ],
    [
      'a name that is a shell command',
      { ...unread, recommendation: 'investigate', address: '$(reboot)' },
      "ssh '$(reboot)' -v true",
    ],
    ['a name with a quote', { ...unread, recommendation: 'investigate', address: "a'b" }, "ssh 'a'\\''b' -v true"],
    [
      'a dead worker',
      host('a', { recommendation: 'restart-worker', vitals: { ...vitalsOf(1, 1, { free: 1, percent: 1 }), worker } }),
      "ssh 10.0.0.7 'sudo systemctl restart sidekiq.service'",
    ],
    [
      'a dead sshd',
      host('a', { id: 'i-0ab', transport: 'ssm', recommendation: 'restart-sshd' }),
      'aws ssm start-session --target i-0ab   then: sudo systemctl restart ssh || sudo systemctl restart sshd',
    ],
    [
      'this machine',
      host('a', { transport: 'local', recommendation: 'investigate' }),
      'ps -eo pid,rss,etime,args --sort=-rss | head',
    ],
    ['nothing', host('a'), null],
  ])('is right for %s', (_, instance, step) => {
    expect(nextStep(instance)).toBe(step);
  });

  it('tells how to mend a check that could not be made', () => {
    const denied = {
      ...unread,
      recommendation: 'investigate',
      reasons: [{ code: 'AuthenticationFailed', text: '' }],
    } as const;
    expect(nextStep(denied)).toContain('--private-key');
  });
});
