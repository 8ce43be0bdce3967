import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exporterText, prometheusText } from '../../../lambda/report/prometheus.ts';
import { fullHost, hostileHost, unreadHost } from './metrics-fixtures.ts';
import { GIB, host, reportOf, vitalsOf } from './report-fixtures.ts';

const lines = (text: string) => text.trimEnd().split('\n');
const samples = (text: string) => lines(text).filter((line) => !line.startsWith('#'));

describe('the metrics of a report', () => {
  it('leave out what a host does not have, and keep a zero', () => {
    const text = prometheusText(reportOf(host('a'), unreadHost));
    expect(text).not.toMatch(/null|NaN|undefined/);
    expect(text).not.toMatch(/crawlwatch_(load1|memory_pressure_|worker_|sshd_|process_|system_|.*_runs_out_)/);
    expect(text).toContain('crawlwatch_oom_kills_total{id="a",name="a"} 0\n');
    expect(text).toContain('crawlwatch_probe_success{id="ficrawler9",name="ficrawler9"} 0\n');
    expect(text).not.toContain('crawlwatch_memory_total_bytes{id="ficrawler9"');
  });

  it('stay one document whatever hosts are called and send, each series once', () => {
    const text = prometheusText(reportOf(hostileHost, fullHost));
    expect(text).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    const odd = lines(text).filter(
      (line) => !/^(# (HELP|TYPE) )?crawlwatch_[a-z0-9_]+(\{([a-z_]+="([^"\\]|\\[\\"])*",?)+\})? \S.*$/.test(line),
    );
    expect(odd).toEqual([]);
    const series = samples(text).map((line) => line.replace(/ \S+$/, ''));
    expect(new Set(series).size).toBe(series.length);
    expect(
      series.filter((one) => one.startsWith('crawlwatch_disk_used_ratio{') && one.includes('/twice')),
    ).toHaveLength(1);
  });

  it('name a disk that could not be read, and leave out one that is ignored', () => {
    const vitals = vitalsOf(100, 50, { free: GIB, percent: 50 });
    const [boot, root] = vitals.disks;
    const disks = [{ ...boot!, ignored: true as const }, root!];
    const text = prometheusText(
      reportOf(
        host('a', { vitals: { ...vitals, disks, unreadDisks: [{ mount: '/data', why: 'permission denied' }] } }),
      ),
    );
    expect(text).toContain('crawlwatch_disk_unread{id="a",name="a",mount="/data"} 1\n');
    expect(text).toContain('crawlwatch_disk_used_ratio{id="a",name="a",mount="/"} 0.5\n');
    expect(text).not.toMatch(/mount="\/boot"|used_ratio\{[^}]*data/);
  });

  it('have every figure of a probe, in base units', () => {
    const found = samples(prometheusText(reportOf(fullHost))).filter((line) => line.includes('i-0ab'));
    const plain = found.map((line) => line.replace('id="i-0ab",name="ficrawler7"', '').replace(/^crawlwatch_/, ''));
    expect(plain).toEqual([
      'status{} 1',
      'reason{,code="DiskLow"} 1',
      'status_since_timestamp_seconds{} 1795331100',
      'flagged{} 0',
      'probe_success{} 1',
      'probe_duration_seconds{} 0.143',
      'memory_runs_out_seconds{} 2400',
      'disk_runs_out_seconds{} 5400',
      'memory_total_bytes{} 16042127360',
      'memory_available_bytes{} 3323019264',
      'memory_free_bytes{} 0',
      'memory_used_bytes{} 12719108096',
      'swap_total_bytes{} 2147483648',
      'swap_free_bytes{} 1073741824',
      'memory_pressure_some_ratio{} 0.182',
      'memory_pressure_full_ratio{} 0.0975',
      'oom_kills_total{} 3',
      'disk_total_bytes{,mount="/boot"} 1073741824',
      'disk_total_bytes{,mount="/"} 8589934592',
      'disk_available_bytes{,mount="/boot"} 1073741824',
      'disk_available_bytes{,mount="/"} 2147483648',
      'disk_used_ratio{,mount="/boot"} 0',
      'disk_used_ratio{,mount="/"} 0.732',
      'disk_inodes_used_ratio{,mount="/boot"} 0',
      'disk_inodes_used_ratio{,mount="/"} 0.01',
      'disk_readonly{,mount="/boot"} 0',
      'disk_readonly{,mount="/"} 0',
      'process_resident_bytes{,process="ruby"} 9663676416',
      'worker_active{,unit="sidekiq.service"} 1',
      'worker_restarts_total{,unit="sidekiq.service"} 2',
      'sshd_answers{} 1',
      'uptime_seconds{} 93600',
      'load1{} 0.42',
      'system_info{,system="6.8.0-1021-aws ubuntu 24.04",boot_id="1a2b3c4d-0000-4000-8000-000000000000"} 1',
    ]);
  });

  it('have the largest processes by name, so that one that is started again continues its series', () => {
    const processes = (...sizes: (readonly [name: string, residentBytes: number])[]) => {
      const list = sizes.map(([name, residentBytes], n) => ({ pid: 1000 + n, name, residentBytes }));
      const text = prometheusText(reportOf(host('a', { vitals: { ...fullHost.vitals!, processes: list } })));
      return samples(text).flatMap((line) => /process="(.*)"\} (\d+)$/.exec(line)?.slice(1).join(' ') ?? []);
    };
    expect(processes(['ruby', 30], ['perl', 20], ['ruby', 25])).toEqual(['ruby 55', 'perl 20']);
    expect(processes(['job-41267', 3], ['job-41270', 2], ['python3.11', 1])).toEqual(['job-* 5', 'python3.11 1']);
    expect(processes(['b', 1], ['a', 1])).toEqual(['a 1', 'b 1']);
    expect(processes(['😀'.repeat(80), 1])).toEqual([`${'😀'.repeat(64)} 1`]);
    expect(processes(...'abcdefghij'.split('').map((name, n) => [name, n + 1] as const))).toEqual([
      'j 10',
      'i 9',
      'h 8',
      'g 7',
      'f 6',
    ]);
  });

  it('are one document of whole lines, each series once, whatever hosts are called and send', () => {
    const nasty = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 90 }),
      fc.constantFrom('a"b', '\\', '\n', '"} 1\nx', ''),
    );
    const anyHost = fc.record({
      name: nasty,
      id: nasty,
      processes: fc.array(nasty, { maxLength: 12 }),
      unit: nasty,
      mount: nasty,
    });
    fc.assert(
      fc.property(fc.array(anyHost, { maxLength: 6 }), (hosts) => {
        const report = reportOf(
          ...hosts.map(({ name, id, processes, unit, mount }) => {
            const full = fullHost.vitals!;
            const list = processes.map((process, pid) => ({ pid, name: process, residentBytes: pid }));
            const disks = full.disks.map((disk) => ({ ...disk, mount }));
            const worker = { unit, state: unit, restarts: 1 };
            return host(name, { id, vitals: { ...full, processes: list, disks, worker } });
          }),
        );
        const text = exporterText(report, { isSuccess: true, endedAt: new Date(0) });
        expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        const bad = lines(text).filter(
          (line) =>
            !/^(?:# (?:HELP|TYPE) crawlwatch_[a-z0-9_]+ .+|crawlwatch_[a-z0-9_]+(?:\{(?:[a-z_]+="(?:[^"\\]|\\["\\])*",?)+\})? -?[\d.e+]+)$/.test(
              line,
            ),
        );
        expect(bad).toEqual([]);
        const series = samples(text).map((line) => line.replace(/ \S+$/, ''));
        expect(new Set(series).size).toBe(series.length);
        expect(series.filter((one) => one.includes('process_resident')).length).toBeLessThanOrEqual(5 * hosts.length);
      }),
      // Documents of many hosts: some milliseconds each.
      { numRuns: 1_000 },
    );
  });

  it('say to a scraper how old they are, and whether a newer check failed', () => {
    const served = samples(exporterText(reportOf(), { isSuccess: false, endedAt: new Date('2026-11-22T08:00:03.5Z') }));
    expect(served.slice(0, 4)).toEqual([
      'crawlwatch_check_success 0',
      'crawlwatch_last_check_timestamp_seconds 1795334403.5',
      'crawlwatch_check_timestamp_seconds 1795334400',
      'crawlwatch_check_duration_seconds 0.812',
    ]);
  });

  it('include the check itself, even of no hosts', () => {
    expect(samples(prometheusText(reportOf()))).toEqual([
      'crawlwatch_check_timestamp_seconds 1795334400',
      'crawlwatch_check_duration_seconds 0.812',
      'crawlwatch_hosts{status="OK"} 0',
      'crawlwatch_hosts{status="WARNING"} 0',
      'crawlwatch_hosts{status="CRITICAL"} 0',
      'crawlwatch_hosts{status="UNKNOWN"} 0',
      'crawlwatch_hosts_skipped 0',
    ]);
  });

  it('are counters only where the name says total', () => {
    const types = lines(prometheusText(reportOf(fullHost))).filter((line) => line.startsWith('# TYPE'));
    expect(types.length).toBeGreaterThan(30);
    expect(types.filter((line) => line.includes('_total ') !== line.endsWith(' counter'))).toEqual([]);
  });
});
