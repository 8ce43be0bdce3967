/** The exporter, scraped by Debian's Prometheus, over a real sshd; and the alerts of docs/prometheus. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sshd, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { type BuiltProgram, builtProgram, finish } from '../bin/built-program.ts';
import { type Prometheus, prometheusMissing, startPrometheus } from '../support/prometheus.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);
if (prometheusMissing !== null)
  process.stderr.write(`\nSKIPPED, a scrape by Prometheus itself: ${prometheusMissing}\n\n`);

const ROOT = join(import.meta.dirname, '..', '..');
const RULES = join(ROOT, 'docs', 'prometheus', 'rules.yml');

describe.skipIf(prometheusMissing !== null)('the alerts of docs/prometheus/rules.yml', () => {
  it.each([
    ['are taken by promtool', ['check', 'rules', RULES], 'SUCCESS: 10 rules found'],
    [
      'fire each on its trouble, and not while all is well',
      ['test', 'rules', join(ROOT, 'test', 'fixtures', 'prometheus', 'rules.test.yml')],
      'SUCCESS',
    ],
  ])('%s', (_, words, says) => {
    const { status, stdout, stderr } = spawnSync('promtool', words, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(says);
  });
});

describe.skipIf(prometheusMissing !== null)('Prometheus', () => {
  let program: BuiltProgram;
  let sshd: Sshd;
  let exporter: ChildProcess;
  let ended: ReturnType<typeof finish>;
  let prometheus: Prometheus;
  let jobs = '';

  beforeAll(async () => {
    program = builtProgram();
    sshd = await startSshd();
    const host = `ansible_host=127.0.0.1 ansible_port=${sshd.port} ansible_user=${sshd.user}`;
    const inventory = join(program.home, 'hosts.ini');
    writeFileSync(inventory, `web1 ${host} ansible_ssh_private_key_file=${sshd.privateKeyPath}\n`);
    const login = ['--known-hosts', join(program.home, 'known_hosts'), '--accept-new-host-keys'];
    exporter = program.start(['exporter', '-i', inventory, ...login, '--listen', ':0', '--every', '1']);
    ended = finish(exporter);
    let line = '';
    while (!line.includes('\n')) line += (await once(exporter.stderr as NodeJS.EventEmitter, 'data')).join('');
    // As the line on stderr has it: that is what a person copies.
    jobs = /for prometheus\.yml: (.*)/.exec(line)?.[1] ?? '';
    const config = ['global: {scrape_interval: 1s, evaluation_interval: 1s}', `rule_files: [${RULES}]`, jobs, ''];
    prometheus = await startPrometheus(config.join('\n'));
  });
  afterAll(async () => {
    exporter?.kill('SIGKILL');
    await prometheus?.close();
    await sshd?.close();
    program?.remove();
  });

  it('scrapes what the host itself has', async () => {
    expect(jobs).toMatch(/^scrape_configs: /);
    const [total] = await prometheus.until('crawlwatch_memory_total_bytes');
    const kib = /^MemTotal: +(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    expect(total).toMatchObject({
      metric: { job: 'crawlwatch', instance: expect.stringMatching(/^127\.0\.0\.1:\d+$/), id: 'web1', name: 'web1' },
      value: Number(kib) * 1024,
    });
    expect(await prometheus.query('crawlwatch_probe_success')).toMatchObject([{ value: 1 }]);
    expect(await prometheus.query('crawlwatch_check_success')).toMatchObject([{ value: 1 }]);
    expect(await prometheus.query('sum(crawlwatch_hosts)')).toMatchObject([{ value: 1 }]);
    expect((await prometheus.query('crawlwatch_disk_used_ratio{mount="/"}'))[0]?.value).toBeGreaterThan(0);
    const processes = await prometheus.query('crawlwatch_process_resident_bytes');
    expect(processes.length).toBeGreaterThan(0);
    expect(processes.length).toBeLessThanOrEqual(5);
    expect(processes.filter(({ metric }) => 'pid' in metric)).toEqual([]);
  });

  it('knows type and meaning of each metric, and has no complaint about the target', async () => {
    const metadata =
      await prometheus.get<Record<string, { readonly type: string; readonly help: string }[]>>('/api/v1/metadata');
    expect(metadata.crawlwatch_oom_kills_total).toMatchObject([
      { type: 'counter', help: expect.stringMatching(/killed/) },
    ]);
    const { activeTargets } = await prometheus.get<{ readonly activeTargets: readonly unknown[] }>('/api/v1/targets');
    expect(activeTargets).toMatchObject([{ health: 'up', lastError: '' }]);
  });

  it('scrapes one check after another, each with its time', async () => {
    await prometheus.until('changes(crawlwatch_last_check_timestamp_seconds[1m]) >= 2');
    expect(
      (await prometheus.query('time() - crawlwatch_last_check_timestamp_seconds'))[0]?.value,
    ).toBeGreaterThanOrEqual(0);
  });

  it('sees a host go, keeps no figure of it, and lets its alert wait', async () => {
    await sshd.close();
    // A check that was logging in just then may have found its key's file gone; the next one finds no sshd.
    const refused = '{code="ConnectionRefused"}';
    const [reason] = await prometheus.until(`crawlwatch_reason${refused} and on (id) crawlwatch_probe_success == 0`);
    expect(reason?.metric).toMatchObject({ name: 'web1', code: 'ConnectionRefused' });
    expect(await prometheus.query('crawlwatch_memory_total_bytes')).toEqual([]);
    const [alert] = await prometheus.until('ALERTS{alertname="CrawlwatchHostCritical",code="ConnectionRefused"}');
    expect(alert?.metric).toMatchObject({
      alertstate: 'pending',
      name: 'web1',
      code: 'ConnectionRefused',
      severity: 'critical',
    });
  });

  it('finds the exporter gone once that gets SIGTERM, which ends it with 0', async () => {
    exporter.kill('SIGTERM');
    expect(await ended).toMatchObject({ exitCode: 0, stdout: '' });
    await prometheus.until('up == 0');
  });
});
