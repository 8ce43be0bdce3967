import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../../lambda/model/index.ts';
import { sshdMissing, startSshd } from '../../../sandbox/sshd.ts';
import { keyPair, rawServer, type TestServer } from '../../support/ssh-server.ts';
import { crawlwatch } from '../command-line.ts';

let folder = '';
let keyPath = '';
const servers: TestServer[] = [];
const server = async (...given: Parameters<typeof rawServer>) => {
  const started = await rawServer(...given);
  servers.push(started);
  return started;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crawlwatch-check-'));
  keyPath = join(folder, 'key');
  writeFileSync(keyPath, keyPair().private, { mode: 0o600 });
  writeFileSync(join(folder, 'known_hosts'), '');
});
afterAll(async () => {
  await Promise.all(servers.map((one) => one.close()));
  rmSync(folder, { recursive: true });
});
const login = () => ['--private-key', keyPath, '--known-hosts', join(folder, 'known_hosts')];

describe('a check of hosts that do not answer', () => {
  it('reports a reset as CRITICAL, exit code 2, a line each on stdout and nothing on stderr', async () => {
    const reset = await server((socket) => socket.resetAndDestroy());
    const ran = await crawlwatch(['check', '--host', `127.0.0.1:${reset.port}`, ...login(), '-o', 'line']);
    expect(ran.stdout).toMatch(/^127\.0\.0\.1 \| CRITICAL \| ConnectionReset: .*\n$/);
    expect(ran).toMatchObject({ exitCode: 2, stderr: '' });
  });

  it('reports what is inconclusive as UNKNOWN, exit code 3', async () => {
    const web = await server((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const ran = await crawlwatch(['check', '--host', `127.0.0.1:${web.port}`, ...login(), '-o', 'ndjson']);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      version: 1,
      checkedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      source: 'hosts',
      status: 'UNKNOWN',
      reasons: [{ code: 'ProtocolError' }],
      vitals: null,
    });
    expect(ran.exitCode).toBe(3);
  });

  it('prints those that have answered before those that hang, and all that is known when interrupted', async () => {
    const silent = await server(() => {});
    const reset = await server((socket) => socket.resetAndDestroy());
    const controller = new AbortController();
    const words = ['check', '--host', `127.0.0.1:${silent.port}`, `127.0.0.1:${reset.port}`, ...login()];
    const ran = await crawlwatch([...words, '-o', 'line', '--timeout', '300'], {
      signal: controller.signal,
      onWrite: () => controller.abort(),
    });
    expect(ran.writes.map((line) => line.split(' | ').slice(0, 2))).toEqual([
      [`127.0.0.1:${reset.port}`, 'CRITICAL'],
      [`127.0.0.1:${silent.port}`, 'UNKNOWN'],
    ]);
    await expect.poll(() => silent.open).toBe(0);
  });

  it('writes the JSON of a thousand hosts while they finish, and of fewer at the end, with the same content', async () => {
    const reset = await server((socket) => socket.resetAndDestroy());
    const inventory = join(folder, 'many.ini');
    writeFileSync(inventory, `h[0001:1001] ansible_host=127.0.0.1 ansible_port=${reset.port}\n`);
    const words = ['check', '-i', inventory, ...login(), '-o', 'json'];
    const [all, few] = [await crawlwatch(words), await crawlwatch([...words, '-l', 'h00*'])];
    const [report, part] = [all, few].map(({ stdout }) => JSON.parse(stdout) as Report);
    expect(report?.summary).toEqual({ checked: 1001, ok: 0, warning: 0, critical: 1001, unknown: 0 });
    expect(new Set(report?.instances.map(({ id }) => id)).size).toBe(1001);
    expect(Object.keys(report ?? {}).toSorted()).toEqual(Object.keys(part ?? {}).toSorted());
    expect(Object.keys(report?.instances[0] ?? {})).toEqual(Object.keys(part?.instances[0] ?? {}));
    expect(part?.instances.map(({ id }) => id)).toEqual(
      Array.from({ length: 99 }, (_, n) => `h00${String(n + 1).padStart(2, '0')}`),
    );
    expect([all.writes.length > 1001, few.writes.length]).toEqual([true, 1]);
    expect([all.exitCode, few.exitCode]).toEqual([2, 2]);
  });

  it('says with -v which way each host is reached', async () => {
    const reset = await server((socket) => socket.resetAndDestroy());
    const at = `127.0.0.1:${reset.port}`;
    const inventory = join(folder, 'ways.ini');
    writeFileSync(
      inventory,
      `direct ansible_host=127.0.0.1 ansible_port=${reset.port}\n` +
        `jumped ansible_host=127.0.0.1 ansible_port=${reset.port} ansible_ssh_common_args='-J me@${at}'\n` +
        "odd ansible_host=127.0.0.1 ansible_ssh_common_args='-o Sorcery=yes'\n",
    );
    const ran = await crawlwatch(['check', '-i', inventory, '-u', 'crawler', ...login(), '-o', 'line', '-v']);
    expect(ran.stderr).toContain(`crawlwatch: direct: crawler@${at}, directly\n`);
    expect(ran.stderr).toContain(`crawlwatch: jumped: crawler@${at}, through me@${at}\n`);
    expect(ran.stderr).toMatch(/^crawlwatch: odd: odd was not asked: .*Sorcery/im);
  });

  it('escapes whatever a host sends', async () => {
    const evil = await server((socket) => socket.end('\u001b]0;owned\u0007\u001b[2J\r\n'));
    const at = `127.0.0.1:${evil.port}`;
    for (const format of ['table', 'line', 'json', 'ndjson']) {
      const ran = await crawlwatch(['check', '--host', at, ...login(), '-o', format]);
      expect(ran.stdout).toContain('owned');
      expect(ran.stdout).not.toMatch(/[^\P{Cc}\n]/u);
    }
  });

  it('has colours on a terminal, unless NO_COLOR is set', async () => {
    const reset = await server((socket) => socket.resetAndDestroy());
    const words = ['check', '--host', `127.0.0.1:${reset.port}`, ...login()];
    const coloured = '\u001b[31mCRITICAL\u001b[0m';
    expect((await crawlwatch(words, { columns: 80 })).stdout).toContain(coloured);
    expect((await crawlwatch(words, { columns: 80, env: { NO_COLOR: '1' } })).stdout).not.toContain('\u001b');
    expect((await crawlwatch(words, { columns: 80, env: { TERM: 'dumb' } })).stdout).not.toContain('\u001b');
    expect((await crawlwatch(words)).stdout).not.toContain('\u001b');
  });

  it('has colours on a pipe where FORCE_COLOR is set, and nowhere with --no-color', async () => {
    const reset = await server((socket) => socket.resetAndDestroy());
    const words = ['check', '--host', `127.0.0.1:${reset.port}`, ...login()];
    const hasColours = async (given: readonly string[], options: Parameters<typeof crawlwatch>[1]) =>
      (await crawlwatch(given, options)).stdout.includes('\u001b[31mCRITICAL\u001b[0m');
    const forced = { FORCE_COLOR: '1' };
    expect(await hasColours(words, { env: forced })).toBe(true);
    expect(await hasColours(words, { env: { ...forced, NO_COLOR: '1' } })).toBe(false);
    expect(await hasColours(words, { columns: 80, env: { FORCE_COLOR: '0' } })).toBe(false);
    for (const given of [
      [...words, '--no-color'],
      ['--no-color', ...words],
    ]) {
      expect(await hasColours(given, { columns: 80 })).toBe(false);
      expect(await hasColours(given, { env: forced })).toBe(false);
    }
    expect((await crawlwatch([...words, '--json'], { env: forced })).stdout).not.toContain('\u001b');
  });
});

describe('a check of saved output', () => {
  it('reports UNKNOWN for what is no output of the probe', async () => {
    const ran = await crawlwatch(['check', '--from', '-', '-o', 'line'], { stdin: 'hello\n' });
    expect(ran.stdout).toMatch(/^stdin \| UNKNOWN \| Unparsable: /);
    expect(ran.exitCode).toBe(3);
  });

  it('does not read a flood to its end', async () => {
    const ran = await crawlwatch(['check', '--from', '-', '-o', 'line'], { stdin: 'x'.repeat(1_000_000) });
    expect(ran.stdout).toMatch(/^stdin \| UNKNOWN \| Unparsable: /);
  });
});

// The figures to compare with are Linux's own: elsewhere there is no /proc.
describe.runIf(existsSync('/proc/meminfo'))('a check of this machine', () => {
  const meminfo = (key: string) =>
    Number(new RegExp(`^${key}: +(\\d+) kB`, 'm').exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;

  it('agrees with /proc/meminfo and the file system: totals exactly, the rest within 2 %', async () => {
    // Other programs take and free memory meanwhile.
    const before = meminfo('MemAvailable');
    const ran = await crawlwatch(['check', '--local', '-o', 'json']);
    const report = JSON.parse(ran.stdout) as Report;
    expect(report).toMatchObject({ version: 1, source: 'local', summary: { checked: 1 } });
    const vitals = report.instances[0]?.vitals;
    expect(vitals?.memory.totalBytes).toBe(meminfo('MemTotal'));
    const available = vitals?.memory.availableBytes ?? 0;
    const [low, high] = [before, meminfo('MemAvailable')].toSorted((a, b) => a - b) as [number, number];
    const off = Math.max(low - available, available - high);
    expect(off / meminfo('MemTotal')).toBeLessThan(0.02);
    const root = statfsSync('/');
    const disk = vitals?.disks.find(({ mount }) => mount === '/');
    expect(disk?.totalBytes).toBe(root.blocks * root.bsize);
    const free = disk?.availableBytes ?? 0;
    expect(Math.abs(free - root.bavail * root.bsize) / (root.blocks * root.bsize)).toBeLessThan(0.02);
  });

  it('reads what the probe printed from a file as well', async () => {
    const { stdout: script } = await crawlwatch(['probe']);
    const output = execFileSync('sh', [], { input: script, encoding: 'utf8' });
    const ran = await crawlwatch(['check', '--from', '-', '-o', 'json'], { stdin: output });
    expect(JSON.parse(ran.stdout)).toMatchObject({
      source: 'file',
      instances: [{ name: 'stdin', transport: 'file', vitals: { memory: { totalBytes: meminfo('MemTotal') } } }],
    });
  });
});

// Skipped where there is no sshd (package openssh-server); continuous integration installs it.
describe.runIf(sshdMissing === null)('a check of ten addresses of one sshd', () => {
  it('prints ten lines; the one that resets is CRITICAL and costs no other its result', async () => {
    const addresses = Array.from({ length: 9 }, (_, i) => `127.0.0.${i + 1}`);
    const sshd = await startSshd({ addresses, config: ['MaxStartups 100'] });
    const reset = await server((socket) => socket.resetAndDestroy(), '127.0.0.10');
    try {
      const known = join(folder, 'ten');
      const inventory = join(folder, 'ten.ini');
      const line = sshd.hostKeys.ed25519?.split(' ').slice(0, 2).join(' ');
      writeFileSync(known, addresses.map((address) => `[${address}]:${sshd.port} ${line}\n`).join(''));
      const reset9 = `ficrawler9 ansible_host=127.0.0.10 ansible_port=${reset.port}`;
      writeFileSync(inventory, `[crawlers]\n127.0.0.[1:9] ansible_port=${sshd.port}\n${reset9}\n`);
      const keys = ['-u', sshd.user, '--private-key', sshd.privateKeyPath, '--known-hosts', known];
      const ran = await crawlwatch(['check', '-i', inventory, ...keys, '-o', 'line']);
      const lines = ran.stdout.trimEnd().split('\n');
      expect(lines).toHaveLength(10);
      expect(
        lines.filter((one) => /^127\.0\.0\.\d \| [A-Z]+ \| Total Memory: \d+ \(\d+ gb\) \/ Used /.test(one)),
      ).toHaveLength(9);
      expect(lines.find((one) => one.startsWith('ficrawler9'))).toMatch(/^ficrawler9 \| CRITICAL \| ConnectionReset: /);
      expect(ran.exitCode).toBe(2);

      const fresh = join(folder, 'fresh');
      const one = ['check', '--host', `127.0.0.1:${sshd.port}`, '-u', sshd.user, '--private-key', sshd.privateKeyPath];
      const accepting = [...one, '--known-hosts', fresh, '--accept-new-host-keys', '-o', 'json'];
      expect(JSON.parse((await crawlwatch(accepting)).stdout).instances[0].vitals).not.toBeNull();
      expect(readFileSync(fresh, 'utf8')).toMatch(new RegExp(`^\\[127\\.0\\.0\\.1\\]:${sshd.port} ssh-`));
      const remembered = [...one, '--known-hosts', fresh, '-o', 'json'];
      expect(JSON.parse((await crawlwatch(remembered)).stdout).instances[0].vitals).not.toBeNull();
    } finally {
      await sshd.close();
    }
  });
});
