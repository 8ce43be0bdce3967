import { describe, expect, it } from 'vitest';
import { pluginLine, pluginTrouble } from '../../../lambda/report/nagios.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { fullHost, hostileHost, unreadHost } from './metrics-fixtures.ts';
import { GIB, host, reportOf, vitalsOf } from './report-fixtures.ts';

const SETTINGS = parseSettings();
const line = (...hosts: Parameters<typeof reportOf>) => pluginLine(reportOf(...hosts), SETTINGS);

describe("a monitoring plugin's line", () => {
  it('is UNKNOWN for any other number of hosts than one', () => {
    expect(line()).toBe('UNKNOWN - -o nagios reports one host, not 0: name one by --host or -l');
    expect(line(host('a'), host('b'))).toMatch(/^UNKNOWN - .* not 2:/);
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
