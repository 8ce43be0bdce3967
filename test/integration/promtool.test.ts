/** Prometheus' own judgement of `-o prometheus`: promtool, of Debian's package `prometheus`. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { exporterText, prometheusText } from '../../lambda/report/prometheus.ts';
import { crawlwatch } from '../bin/command-line.ts';
import { fullHost, hostileHost, unreadHost } from '../lambda/report/metrics-fixtures.ts';
import { reportOf } from '../lambda/report/report-fixtures.ts';

/** Its exit code and every complaint; lint counts. */
function promtool(text: string): { readonly status: number | null; readonly says: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  if (error) throw error;
  return { status, says: stdout + stderr };
}

const CLEAN = { status: 0, says: '' };

describe('promtool', () => {
  it('is here, and does complain', () => {
    expect(promtool('# TYPE crawlwatch_bad counter\ncrawlwatch_bad 1\n').says).toContain('crawlwatch_bad');
    expect(promtool('crawlwatch_bad{a="x} 1\n').status).not.toBe(0);
  });

  it('finds nothing wrong with a report that has every figure', () => {
    expect(promtool(prometheusText(reportOf(fullHost, unreadHost)))).toEqual(CLEAN);
  });

  it('finds nothing wrong with what hostile hosts send', () => {
    expect(promtool(prometheusText(reportOf(hostileHost, fullHost)))).toEqual(CLEAN);
  });

  it('finds nothing wrong with what the exporter adds to a check', () => {
    const served = { isSuccess: false, endedAt: new Date('2026-11-22T08:00:03.5Z') };
    expect(promtool(exporterText(reportOf(hostileHost, fullHost, unreadHost), served))).toEqual(CLEAN);
  });

  it('finds nothing wrong with a check of this machine, nor with one of nobody', async () => {
    const ran = await crawlwatch(['check', '--local', '-o', 'prometheus']);
    expect(ran.stdout).toContain('crawlwatch_memory_total_bytes{');
    expect(promtool(ran.stdout)).toEqual(CLEAN);
    expect(promtool(prometheusText(reportOf()))).toEqual(CLEAN);
  });
});
