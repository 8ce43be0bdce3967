import { describe, expect, it } from 'vitest';
import { prometheusText } from '../../../lambda/report/prometheus.ts';
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
      'process_resident_bytes{,process="ruby",pid="2213"} 9663676416',
      'worker_active{,unit="sidekiq.service"} 1',
      'worker_restarts_total{,unit="sidekiq.service"} 2',
      'sshd_answers{} 1',
      'uptime_seconds{} 93600',
      'load1{} 0.42',
      'system_info{,system="6.8.0-1021-aws ubuntu 24.04",boot_id="1a2b3c4d-0000-4000-8000-000000000000"} 1',
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
