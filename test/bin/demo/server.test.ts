import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Chart, chartHtml, legendHtml, type Range } from '../../../bin/demo/charts.ts';
import { crawlwatch } from '../command-line.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 8, minute));
const RANGE: Range = { from: at(0), to: at(60), gapMinutes: 7.5 };
const chart = (...values: (number | null)[]): Chart => ({
  title: 'Memory used, %',
  max: 100,
  limits: [{ value: 88, tone: 'warning' }],
  series: [
    {
      name: 'web1',
      points: values.flatMap((value, n) => (value === null ? [] : [{ at: at(n * 5), value }])),
    },
  ],
});
const drawn = (...values: (number | null)[]) => chartHtml(chart(...values), RANGE).text;

describe('a graph', () => {
  it('breaks its line where a check has no value', () => {
    expect(drawn(10, 20, 30).match(/<polyline/g)).toHaveLength(1);
    expect(drawn(10, 20, null, 40, 50).match(/<polyline/g)).toHaveLength(2);
  });

  it('shows a single value as a dot', () => {
    expect(drawn(null, null, 30)).toMatch(/<circle cx="[\d.]+" cy="[\d.]+" r="4"\/>/);
  });

  it('clips what is above its scale', () => {
    const [, y] = /<polyline points="[\d.]+,(-?[\d.]+) /.exec(drawn(900, 900)) ?? [];
    expect(Number(y)).toBeGreaterThanOrEqual(0);
  });

  it('escapes the name of a host', () => {
    const [series] = chart(1, 2).series;
    const hostile = { ...chart(), series: [{ ...series!, name: '</title><script>' }] };
    expect(chartHtml(hostile, RANGE).text).toContain('<title>&lt;/title&gt;&lt;script&gt;</title>');
    expect(legendHtml(['<b>']).text).toContain('&lt;b&gt;');
  });
});

describe('crawlwatch demo --serve', () => {
  it.each(['http', '70000', '-1'])('refuses the port %s', async (port) => {
    const { exitCode, stderr } = await crawlwatch(['demo', '--serve', `--port=${port}`]);
    expect(stderr).toBe(
      `crawlwatch: --port: got "${port}"; allowed: a number from 0 to 65535, 0 for any that is free\n`,
    );
    expect(exitCode).toBe(3);
  });

  it('says in one line that the port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { exitCode, stderr } = await crawlwatch(['demo', '--port', `${port}`]);
    other.close();
    expect(stderr).toBe(
      `crawlwatch: --port: can't listen on 127.0.0.1:${port}: EADDRINUSE; leave it out for any that is free\n`,
    );
    expect(exitCode).toBe(3);
  });

  it('prints its address and ends when it is interrupted', async () => {
    const controller = new AbortController();
    const ran = await crawlwatch(['demo', '--serve'], {
      signal: controller.signal,
      onWrite: () => controller.abort(),
    });
    expect(ran.stdout).toMatch(/^The demo's dashboard: http:\/\/127\.0\.0\.1:\d+\/ /);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  });
});
