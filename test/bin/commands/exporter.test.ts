import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeOutput } from '../../support/probe-output.ts';
import { keyPair, rawServer, sshServer, type TestServer } from '../../support/ssh-server.ts';
import { crawlwatch } from '../command-line.ts';

const key = keyPair();
let folder = '';
let well: TestServer;
let reset: TestServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crawlwatch-exporter-'));
  writeFileSync(join(folder, 'key'), key.private);
  reset = await rawServer((socket) => socket.resetAndDestroy());
  well = await sshServer({
    authorized: [key.public],
    exec: (accept) => {
      const channel = accept();
      channel.on('error', () => {}).resume();
      channel.on('end', () => {
        channel.write(probeOutput({ totalKb: 16_000_000, availableKb: 8_000_000 }));
        channel.exit(0);
        channel.end();
      });
    },
  });
});
afterAll(async () => {
  await Promise.all([well.close(), reset.close()]);
  rmSync(folder, { recursive: true });
});

const inventory = (...lines: string[]) => writeFileSync(join(folder, 'hosts.ini'), `${lines.join('\n')}\n`);
const line = (name: string, { port }: TestServer) => `${name} ansible_host=127.0.0.1 ansible_port=${port}`;
const words = (...more: string[]) => [
  ...['exporter', '-i', join(folder, 'hosts.ini'), '--interval', '1', '--private-key', join(folder, 'key')],
  ...['--known-hosts', join(folder, 'known_hosts'), '--accept-new-host-keys', '--listen', ':0', ...more],
];

/** Runs the exporter until `use` is done with it. */
async function exporting<T>(use: (url: string, complaint: (wanted: RegExp) => Promise<void>) => Promise<T>) {
  const controller = new AbortController();
  let written = '';
  let wake = () => {};
  const complaint = async (wanted: RegExp) => {
    while (!wanted.test(written)) await new Promise<void>((resolve) => (wake = resolve));
  };
  const running = crawlwatch(words(), {
    cwd: folder,
    signal: controller.signal,
    onComplaint: (text) => {
      written += text;
      wake();
    },
  });
  const used = await Promise.race([
    running.then(({ stderr }) => expect.fail(`it has ended: ${stderr}`)),
    complaint(/http:/).then(() => use(/http:\/\/[^/]+/.exec(written)?.[0] ?? '', complaint)),
  ]).finally(() => controller.abort());
  return { ...(await running), used };
}

const metricsAt = async (url: string): Promise<string | null> => {
  const answer = await fetch(`${url}/metrics`);
  const text = await answer.text();
  return answer.status === 503 ? null : text;
};

/** Scrapes until it has this. */
async function scraped(url: string, wanted: RegExp): Promise<string> {
  for (;;) {
    const text = await metricsAt(url);
    if (text !== null && wanted.test(text)) return text;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const timeIn = (text: string) => Number(/^crawlwatch_last_check_timestamp_seconds (\S+)$/m.exec(text)?.[1]);

describe('crawlwatch exporter', () => {
  it('serves one check after another, and ends with 0 when it is interrupted', async () => {
    inventory(line('web1', well), line('web2', reset));
    const ran = await exporting(async (url) => {
      const first = await scraped(url, /./);
      const next = await scraped(
        url,
        new RegExp(`^crawlwatch_last_check_timestamp_seconds (?!${timeIn(first)}$)`, 'm'),
      );
      return { url, first, next };
    });
    expect(ran).toMatchObject({ exitCode: 0, stdout: '' });
    const { url, first, next } = ran.used;
    const target = url.replace('http://', '');
    expect(ran.stderr).toBe(
      `crawlwatch: metrics at ${url}/metrics once the first check is done; for prometheus.yml: scrape_configs: [{job_name: crawlwatch, static_configs: [{targets: ['${target}']}]}]\n`,
    );
    for (const text of [first, next]) {
      expect(text).toContain('crawlwatch_check_success 1\n');
      expect(text).toContain('crawlwatch_status{id="web1",name="web1"} 0\n');
      expect(text).toContain('crawlwatch_reason{id="web2",name="web2",code="ConnectionReset"} 1\n');
      expect(text).toMatch(/^crawlwatch_status_since_timestamp_seconds\{id="web2",name="web2"\} \d+/m);
    }
    expect(timeIn(next)).toBeGreaterThan(timeIn(first));
    expect(well.open).toBe(0);
  });

  it('goes on serving the last check where a later one can not be made, says so, and recovers', async () => {
    inventory(line('web1', well));
    const ran = await exporting(async (url, complaint) => {
      await scraped(url, /./);
      inventory('[web');
      await complaint(/could not be made/);
      const stale = await scraped(url, /^crawlwatch_check_success 0$/m);
      const later = await metricsAt(url);
      inventory(line('web1', well), line('web2', reset));
      return { stale, later, fresh: await scraped(url, /^crawlwatch_check_success 1$/m) };
    });
    const { stale, later, fresh } = ran.used;
    expect(stale).toContain('crawlwatch_status{id="web1",name="web1"} 0\n');
    expect(later).toBe(stale);
    expect(timeIn(fresh)).toBeGreaterThan(timeIn(stale));
    expect(fresh).toContain('name="web2"');
    expect(ran.stderr.match(/could not be made/g)).toHaveLength(1);
  });

  it('does not wait for hosts when it is interrupted', async () => {
    const silent = await rawServer(() => {});
    inventory(line('web1', silent));
    const ran = await exporting(async (url) => ({
      metrics: await metricsAt(url),
      healthy: (await fetch(`${url}/-/healthy`)).status,
    }));
    await silent.close();
    expect(ran).toMatchObject({ exitCode: 0, used: { metrics: null, healthy: 200 } });
  });

  it('warns where others than this machine can read it', async () => {
    const controller = new AbortController();
    const ran = await crawlwatch(['exporter', '--local', '--listen', '0.0.0.0:0'], {
      signal: controller.signal,
      onComplaint: (text) => text.includes('anyone') && controller.abort(),
    });
    expect(ran.stderr).toMatch(
      /^crawlwatch: metrics at .*\ncrawlwatch: 0\.0\.0\.0:\d+ is not this machine alone: anyone/,
    );
    expect(ran.exitCode).toBe(0);
  });

  it.each([
    [['--listen', '9469'], /^crawlwatch: --listen: got "9469"; allowed: HOST:PORT, .*\n$/],
    [['--every', '0'], /^crawlwatch: --every: got "0"; allowed: seconds from 1 to 86400\n$/],
    [['--from', '-'], /^crawlwatch: --from -: standard input can be read only once; .*\n$/],
    [['-i', 'none.ini', '--listen', ':0'], /^crawlwatch: -i: can't read .*none\.ini: no such file[^\n]*\n$/],
    [['web1'], /too many arguments.* Hosts are named by --host or -i\.\n$/],
  ])('says why it can not begin, and ends with 3: %j', async (given, says) => {
    const ran = await crawlwatch(['exporter', ...given], { cwd: folder });
    expect(ran.stderr).toMatch(says);
    expect(ran).toMatchObject({ exitCode: 3, stdout: '' });
  });
});
