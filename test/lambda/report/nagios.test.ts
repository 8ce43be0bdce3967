import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InstanceReport } from '../../../lambda/model/index.ts';
import { pluginOutput, pluginTrouble } from '../../../lambda/report/nagios.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { fullHost, hostileHost, unreadHost } from './metrics-fixtures.ts';
import { GIB, host, reportOf, vitalsOf } from './report-fixtures.ts';

const SETTINGS = parseSettings();
const line = (...hosts: Parameters<typeof reportOf>) => pluginOutput(reportOf(...hosts), SETTINGS);

describe("a monitoring plugin's line", () => {
  it('is UNKNOWN where no host was checked', () => {
    expect(line()).toBe(
      'UNKNOWN - no host was checked | hosts=0;;;0 ok=0;;;0 warning=0;;;0 critical=0;;;0 unknown=0;;;0 time=0.812s;;;0',
    );
  });

  it('is UNKNOWN where not all hosts could be listed, and says why', () => {
    const report = { ...reportOf(host('a')), problems: ['discover: eu-west-1: AccessDenied'] };
    expect(pluginOutput(report, SETTINGS)).toMatch(
      /^UNKNOWN - not all hosts are listed \(discover: eu-west-1: AccessDenied\); a: /,
    );
  });

  it('gives the reason why a host was not read, and the time it took', () => {
    expect(line(unreadHost)).toBe(
      'CRITICAL - ficrawler9: BannerTimeout: Port 22 accepted and said nothing in 15 s. | time=0.143s;;;0',
    );
  });

  it('stays one line with one bar whatever the host sends', () => {
    const text = line({
      ...hostileHost,
      status: 'UNKNOWN',
      reasons: [{ code: 'Unparsable', text: 'a | b\n\u001b[2J' }],
    });
    expect(text).not.toMatch(/[\p{Cc}]/u);
    expect(text.split('|')).toHaveLength(2);
    const labels = [...text.split('| ')[1]!.matchAll(/(?:'([^'=]*)'|([^ '=]+))=[-\d.]+/g)];
    expect(labels.length).toBeGreaterThan(5);
    expect(text).toContain(`'disk /a"b\\c\\n_d__e_'=50%`);
  });

  it('has each figure with its limits: used percent, so 100 less what must be available', () => {
    expect(line({ ...fullHost, status: 'OK', reasons: [] })).toBe(
      'OK - ficrawler7: 11.8 GiB of 14.9 GiB memory used, / 73 % used | ' +
        'mem=79.286%;88;94;0;100 mem_available=3323019264B;;;0;16042127360 swap=1073741824B;;;0;2147483648 ' +
        "'disk /boot'=0%;90;95;0;100 'inodes /boot'=0%;95;97;0;100 'disk /'=73.2%;90;95;0;100 'inodes /'=1%;95;97;0;100 " +
        'pressure=9.75%;;40;0;100 oom_kills=3c;;;0 worker_restarts=2c;;;0 load1=0.42;;;0 uptime=93600s;;;0 time=0.143s;;;0',
    );
  });

  it('names a disk that could not be read, and leaves out one that is ignored or read-only', () => {
    const vitals = vitalsOf(100, 50, { free: GIB, percent: 50 });
    const [boot, root] = vitals.disks;
    const disks = [
      { ...boot!, ignored: true as const, usedPercent: 100 },
      root!,
      { ...boot!, mount: '/snap', readOnly: true, usedPercent: 100 },
    ];
    const text = line(
      host('a', { vitals: { ...vitals, disks, unreadDisks: [{ mount: '/data', why: 'permission denied' }] } }),
    );
    expect(text).toMatch(/memory used, \/ 50 % used, \/data not read: permission denied \|/);
    expect(text).not.toContain('/boot');
  });

  it('has no limit for a disk that is never low: much is free, or it is read-only', () => {
    const vitals = vitalsOf(100, 50, { free: 21 * GIB, percent: 96 });
    const [boot, root] = vitals.disks;
    const text = line(host('a', { vitals: { ...vitals, disks: [root!, { ...boot!, readOnly: true }] } }));
    expect(text).toContain(
      "'disk /'=96%;;;0;100 'inodes /'=1%;95;97;0;100 'disk /boot'=0%;;;0;100 'inodes /boot'=0%;;;0;100",
    );
  });

  it('has the same form for a check that could not be made', () => {
    expect(pluginTrouble('no AWS Region: set | it')).toBe('UNKNOWN - no AWS Region: set / it');
  });
});

describe("a monitoring plugin's output for many hosts", () => {
  const low: InstanceReport = {
    ...host('web2'),
    status: 'WARNING',
    reasons: [{ code: 'DiskLow', text: '/ is full.' }],
  };

  it('has a summary with the worst hosts, then a line for each host, worst first, and their figures', () => {
    expect(line(host('web10'), low, unreadHost, host('web1')).split('\n')).toEqual([
      'CRITICAL - 2 of 4 hosts not OK (1 CRITICAL, 1 WARNING): ficrawler9 BannerTimeout, web2 DiskLow' +
        ' | hosts=4;;;0 ok=2;;;0 warning=1;;;0 critical=1;;;0 unknown=0;;;0 time=0.812s;;;0',
      'CRITICAL ficrawler9: BannerTimeout: Port 22 accepted and said nothing in 15 s.',
      'WARNING web2: DiskLow: / is full.',
      'OK web1: 11.8 GiB of 14.9 GiB memory used, / 73 % used',
      'OK web10: 11.8 GiB of 14.9 GiB memory used, / 73 % used' +
        ' | web1:mem=79.286%;88;94;0;100 web1:disk=73.2%;90;95;0;100 web10:mem=79.286%;88;94;0;100' +
        ' web10:disk=73.2%;90;95;0;100 web2:mem=79.286%;88;94;0;100 web2:disk=73.2%;90;95;0;100',
    ]);
  });

  it('says in one line that all are well', () => {
    expect(line(host('a'), host('b'))).toMatch(/^OK - 2 hosts OK \| hosts=2;;;0 ok=2;;;0 .*\nOK a: .*\nOK b: [^\n]*$/);
  });

  it('gives the counts of all hosts where only the troubled ones are listed', () => {
    const report = { ...reportOf(host('a'), low), instances: [low] };
    expect(pluginOutput(report, SETTINGS)).toMatch(
      /^WARNING - 1 of 2 hosts not OK \(1 WARNING\): web2 DiskLow \|.*\nWARNING/,
    );
  });

  it('names hosts of one name by their ids, and still gives each label once', () => {
    const twins = [
      ...[host('crawler', { id: 'i-1' }), host('crawler', { id: 'i-2' })],
      ...[host('a=b', { id: 'i-3' }), host("a'b", { id: 'i-3' }), host('fe80::1', { id: 'i-4' })],
    ];
    expect(Object.keys(read(line(...twins)).hosts)).toEqual(
      ['i-3', 'i-3~2', 'i-1', 'i-2', 'fe80__1'].flatMap((label) => [`${label}:mem`, `${label}:disk`]),
    );
  });

  it('stays under 4 KB for a thousand hosts, says how many it leaves out, and keeps the figures of the same hosts', () => {
    const fleet = (status: InstanceReport['status']) =>
      Array.from({ length: 1000 }, (_, n) => ({ ...low, name: `ficrawler${n}`, id: `i-${n}`, status }));
    const [well, bad] = [line(...fleet('OK')), line(...fleet('CRITICAL'))];
    for (const text of [well, bad]) {
      expect(Buffer.byteLength(text)).toBeLessThan(4096);
      expect(text).toMatch(/\n\.\.\. and 9\d\d more hosts \| /);
      expect(Object.keys(read(text).hosts).length).toBeGreaterThan(30);
    }
    expect(bad.split('\n')[0]).toMatch(
      /1000 of 1000 hosts not OK \(1000 CRITICAL\): ficrawler0 DiskLow, .* \+9\d\d more \|/,
    );
    const [few, many] = [read(well).hosts, read(bad).hosts].map(Object.keys).toSorted((a, b) => a.length - b.length);
    expect(many!.slice(0, few!.length)).toEqual(few);
  });
});

/** The figures as Nagios and Icinga read them. @throws where they are not in the plugins' form */
function read(output: string) {
  const [first = '', ...others] = output.split('\n');
  const last = others.at(-1) ?? '';
  const figuresOf = (text: string) => {
    const behind = text.split('|').slice(1);
    expect(behind.length).toBeLessThan(2);
    const figures: Record<string, string> = {};
    let rest = (behind[0] ?? '').trim();
    while (rest !== '') {
      const [whole = '', quoted, bare, value = ''] =
        /^(?:'([^'=]+)'|([^ '=]+))=(-?\d[^ ]*)(?: |$)/.exec(rest) ?? expect.fail(`not a figure: ${rest}`);
      expect(value).toMatch(/^-?[\d.]+(?:[%sBc]|)(?:;[\d.]*){0,4}$/);
      const label = quoted ?? bare ?? '';
      expect(figures).not.toHaveProperty([label]);
      figures[label] = value;
      rest = rest.slice(whole.length);
    }
    return figures;
  };
  return { counts: figuresOf(first), hosts: figuresOf(last), middle: others.slice(0, -1) };
}

describe("a monitoring plugin's output, whatever hosts are called and send", () => {
  const text = fc.string({ unit: 'binary', maxLength: 400 });
  const nasty = fc.oneof(
    text,
    fc.constantFrom("a'b|c=d;e", 'a::b', '\u202e\n|', '', 'x'.repeat(5000), '😀'.repeat(900)),
  );
  const anyHost = fc
    .record({
      name: nasty,
      id: nasty,
      status: fc.constantFrom('OK' as const, 'WARNING' as const, 'CRITICAL' as const, 'UNKNOWN' as const),
      reasons: fc.array(fc.record({ code: fc.constant('DiskLow' as const), text: nasty }), { maxLength: 3 }),
      mounts: fc.array(nasty, { maxLength: 40 }),
      isRead: fc.boolean(),
    })
    .map(({ mounts, isRead, ...given }): InstanceReport => {
      const [disk] = fullHost.vitals!.disks;
      const disks = [...new Set(mounts)].map((mount) => ({ ...disk!, mount }));
      return host('', { ...given, vitals: isRead ? { ...fullHost.vitals!, disks } : null });
    });

  it('is under 4 KB, one line a host without control characters, its first bar before its figures', () => {
    fc.assert(
      fc.property(fc.array(anyHost, { maxLength: 40 }), fc.array(nasty, { maxLength: 2 }), (hosts, problems) => {
        const report = { ...reportOf(...hosts), problems: problems.map((problem) => `discover: ${problem}`) };
        const output = pluginOutput(report, SETTINGS);
        expect(Buffer.byteLength(output)).toBeLessThan(4096);
        expect(output).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(output).toMatch(/^(?:OK|WARNING|CRITICAL|UNKNOWN) - \S/);
        const lines = output.split('\n');
        expect(lines.length).toBeLessThanOrEqual(hosts.length + 1);
        if (hosts.length === 1) expect(lines).toHaveLength(1);
        const { counts, middle } = read(output);
        if (hosts.length !== 1) expect(counts.hosts).toBe(`${hosts.length};;;0`);
        expect(middle.filter((line) => line.includes('|'))).toEqual([]);
      }),
      // Documents of many hosts: some milliseconds each.
      { numRuns: 1_000 },
    );
  });
});
