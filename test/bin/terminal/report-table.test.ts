import { describe, expect, it } from 'vitest';
import { reportTable, summaryLine } from '../../../bin/terminal/report-table.ts';
import { textWidth } from '../../../bin/terminal/text-width.ts';
import { nextStep } from '../../../lambda/judge/advice.ts';
import type { InstanceReport } from '../../../lambda/model/index.ts';
import { inOrder } from '../../../lambda/report/json.ts';
import { BAD_NAME, GIB, host, plain, reportOf, unread, vitalsOf } from '../../lambda/report/report-fixtures.ts';

describe('the table', () => {
  const low = host('web2', {
    status: 'WARNING',
    reasons: [{ code: 'DiskLow', text: '4 % of / is available.' }],
    recommendation: 'investigate',
    forecast: { memoryMinutes: 40, diskMinutes: null },
    since: '2026-11-22T07:05:00.000Z',
  });
  const fleet = reportOf(host('web10'), host('web9'), low, unread, host('x', { status: 'UNKNOWN', vitals: null }));

  it('has the worst first, and sorts numbers in names as numbers', () => {
    expect(inOrder(fleet.instances).map((instance) => instance.name)).toEqual([
      'ficrawler9',
      'x',
      'web2',
      'web9',
      'web10',
    ]);
  });

  it('has rows, problems with next steps, counts and where to start', () => {
    expect(reportTable(reportOf(host('web9'), low, unread), plain)).toBe(
      `HOST        STATUS    REASONS        MEMORY USED        FULLEST DISK  RUNS OUT IN           SINCE
ficrawler9  CRITICAL  BannerTimeout
web2        WARNING   DiskLow         79 % of 14.9 GiB   73 % /       memory 35 min to 2 h  07:05 UTC
web9        OK                        79 % of 14.9 GiB   73 % /

ficrawler9: CRITICAL
  BannerTimeout: Port 22 accepted and said nothing in 15 s.
  next: reboot it from its console: it no longer serves a login

web2: WARNING
  DiskLow: 4 % of / is available.
  next: ssh 10.0.0.7 'df -h; df -i; sudo du -xhd2 / 2>/dev/null | sort -h | tail'

3 hosts in 0.8 s: 1 CRITICAL, 1 WARNING, 1 OK
start with ficrawler9: reboot it from its console: it no longer serves a login`,
    );
  });

  it('shows the fullest disk of those that count, and notes those that could not be read', () => {
    const vitals = vitalsOf(100, 50, { free: GIB, percent: 50 });
    const [boot, root] = vitals.disks;
    const full = { ...boot!, usedPercent: 100 };
    const design = { ...full, mount: '/snap', readOnly: true, readOnlyByDesign: true as const };
    const shown = (disks: typeof vitals.disks, notes: string[] = []) =>
      reportTable(reportOf(host('a', { vitals: { ...vitals, disks }, notes })), plain);
    expect(shown([design, { ...full, ignored: true }, root!], ['/data could not be read: permission denied.'])).toMatch(
      /50 % \/\n\nnote: a: \/data could not be read: permission denied\.\n/,
    );
    expect(shown([{ ...root!, readOnly: true }])).toMatch(/50 % \//);
    expect(shown([design])).not.toMatch(/100 %/);
  });

  it.each([20, 40, 60, 80, 100, 120, 200])('fits a terminal of %d columns', (width) => {
    const long = host(`crawler-${'東'.repeat(40)}-0007`, {
      status: 'CRITICAL',
      reasons: [...low.reasons, ...unread.reasons],
    });
    const rows =
      reportTable(reportOf(long, low, host('a')), { ...plain, glyphs: 'unicode', width })
        .split('\n\n')[0]
        ?.split('\n') ?? [];
    expect(rows).toHaveLength(4);
    expect(Math.max(...rows.map(textWidth))).toBeLessThanOrEqual(width);
    expect(rows[1]).toMatch(/^craw.*0007 +CRI/);
  });

  it('keeps whole names on a pipe', () => {
    const name = `crawler-${'x'.repeat(200)}`;
    expect(reportTable(reportOf(host(name)), plain)).toContain(name);
  });

  it('has colour only where it is wanted, and lines up all the same', () => {
    expect(reportTable(fleet, plain)).not.toContain('\u001b');
    const coloured = reportTable(fleet, { ...plain, colour: true });
    expect(coloured).toContain('\u001b[31mCRITICAL\u001b[0m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes are what is taken out
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(reportTable(fleet, plain));
  });

  it('has bars on a terminal, in characters that it can show, and none on a pipe', () => {
    const drawn = (glyphs: 'unicode' | 'ascii') =>
      reportTable(reportOf(host('web9')), { ...plain, width: 100, glyphs }).split('\n')[1];
    expect(drawn('unicode')).toBe('web9  OK      ████████░░  79 % of 14.9 GiB  ███████░░░  73 % /');
    expect(drawn('ascii')).toBe('web9  OK      ########--  79 % of 14.9 GiB  #######---  73 % /');
    expect(reportTable(reportOf(host('web9')), plain)).not.toMatch(/[█░#]/);
  });

  it('never shows 100 % for less, and colours what is low', () => {
    const nearly = host('a', {
      status: 'CRITICAL',
      reasons: [{ code: 'MemoryLow', text: '' }],
      vitals: vitalsOf(1000, 997, { free: 1, percent: 7 }),
    });
    const [, row] = reportTable(reportOf(nearly), { ...plain, colour: true }).split('\n');
    expect(row).toBe('a     \u001b[31mCRITICAL\u001b[0m  MemoryLow  \u001b[31m>99 % of 1 MiB\u001b[0m    7 % /');
  });

  it('has one block for hosts with the same problem, with the next steps of the first four', () => {
    const refused = (n: number) =>
      host(`web${n}`, {
        address: `10.0.0.${n}`,
        status: 'CRITICAL',
        vitals: null,
        recommendation: 'investigate',
        reasons: [{ code: 'ConnectionRefused', text: `10.0.0.${n}:22 refused the connection.` }],
        notes: ['/mnt did not answer in time.'],
      });
    const text = reportTable(reportOf(...[1, 2, 3, 4, 5, 6].map(refused)), plain);
    expect(text.slice(text.indexOf('\n\n') + 2)).toBe(`web1, web2, web3, web4 and 2 more: CRITICAL
  ConnectionRefused: 10.0.0.1:22 refused the connection.
  next: ssh 10.0.0.1 -v true
  next: ssh 10.0.0.2 -v true
  next: ssh 10.0.0.3 -v true
  next: ssh 10.0.0.4 -v true
  and so on for 2 more

note: web1, web2, web3, web4 and 2 more: /mnt did not answer in time.

6 hosts in 0.8 s: 6 CRITICAL
start with web1: ssh 10.0.0.1 -v true`);
  });

  it('breaks sentences at the edge of the terminal, but no command', () => {
    const step = { ...unread, reasons: [{ code: 'BannerTimeout', text: 'word '.repeat(30).trim() }] } as const;
    const lines = reportTable(reportOf(step), { ...plain, width: 40 }).split('\n');
    const said = lines.slice(lines.indexOf('ficrawler9: CRITICAL') + 1, -2);
    expect(said[0]).toBe('  BannerTimeout: word word word word');
    expect(said[1]).toBe('    word word word word word word word');
    expect(said.at(-1)).toBe('  next: reboot it from its console: it no longer serves a login');
  });

  it('shows what a host sends as data', () => {
    const vitals = { ...vitalsOf(1, 1, { free: 0, percent: 0 }), disks: [] };
    const worker = { unit: 'a', state: '\u001b[2J', restarts: null };
    const evil = host(BAD_NAME, { notes: ['\u001b[31m\nOK'], vitals: { ...vitals, worker } });
    const text = reportTable(reportOf(evil), plain);
    expect(text).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    expect(text).toContain('note: evil\\x1b]0;x\\x07\\n\\u202eOK: \\x1b[31m\\nOK');
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
      'a dead worker where systemd is not running',
      host('a', {
        recommendation: 'restart-worker',
        vitals: { ...vitalsOf(1, 1, { free: 1, percent: 1 }), worker: { ...worker, state: 'absent', restarts: null } },
      }),
      "ssh 10.0.0.7 'sudo service sidekiq restart || sudo rc-service sidekiq restart'   if it is installed; else correct the worker's name",
    ],
    [
      'a dead sshd',
      host('a', { id: 'i-0ab', transport: 'ssm', recommendation: 'restart-sshd' }),
      'aws ssm start-session --target i-0ab   then: sudo systemctl restart ssh || sudo systemctl restart sshd || sudo service sshd restart',
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

  it.each([
    [
      'AuthenticationFailed',
      'do as the reason says, or log in as another user (-u USER) or with another key (--private-key FILE, or ssh-add FILE)',
    ],
    ['HostKeyUnknown', 'confirm its fingerprint on the host, then do as the reason says'],
    [
      'HostKeyMismatch',
      'find out why the host key changed; if the host was rebuilt on purpose, forget the old key as the reason says',
    ],
  ] as const)('names the fix for a check that could not be made: %s', (code, step) => {
    expect(nextStep({ ...unread, recommendation: 'investigate', reasons: [{ code, text: '' }] })).toBe(step);
  });

  it('speaks of the SSM agent only where it was asked', () => {
    const reasons = [{ code: 'ExecRefused', text: '' }] as const;
    const refused = { ...unread, recommendation: 'investigate', reasons } as const;
    expect(nextStep(refused)).toMatch(/^let that user run sh(?!.*SSM)/);
    expect(nextStep({ ...refused, transport: 'ssm' })).toMatch(/^put right what the agent says/);
  });
});
