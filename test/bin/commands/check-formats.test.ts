import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeOutput } from '../../support/probe-output.ts';
import { keyPair, rawServer, type TestServer } from '../../support/ssh-server.ts';
import { crawlwatch } from '../command-line.ts';

let folder = '';
let reset: TestServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crawlwatch-formats-'));
  reset = await rawServer((socket) => socket.resetAndDestroy());
  writeFileSync(join(folder, 'well'), probeOutput({ totalKb: 16_000_000, availableKb: 8_000_000 }));
  writeFileSync(join(folder, 'low'), probeOutput({ totalKb: 16_000_000, availableKb: 1_600_000 }));
  writeFileSync(join(folder, 'known_hosts'), '');
  writeFileSync(join(folder, 'key'), keyPair().private);
});
afterAll(async () => {
  await reset.close();
  rmSync(folder, { recursive: true });
});
const from = (name: string) => ['check', '--from', join(folder, name)];
const login = () => ['--private-key', join(folder, 'key'), '--known-hosts', join(folder, 'known_hosts')];
const hung = () => ['check', '--host', `127.0.0.1:${reset.port}`, ...login()];

describe('--quiet', () => {
  it.each(['table', 'line', 'json', 'ndjson', 'prometheus', 'nagios'])(
    'prints nothing as %s where all is well',
    async (format) => {
      const ran = await crawlwatch([...from('well'), '--quiet', '-o', format]);
      expect(ran).toEqual({ exitCode: 0, stdout: '', stderr: '', writes: [] });
    },
  );

  it('prints what is not OK, and in lines and tables nothing else', async () => {
    const table = await crawlwatch([...from('low'), '-q']);
    expect(table.stdout).toMatch(/^low {3}WARNING {2}MemoryLow/m);
    expect(table).toMatchObject({ exitCode: 1, stderr: '' });
    expect((await crawlwatch([...from('low'), '-q', '-o', 'line'])).stdout).toMatch(/^low \| WARNING \| .*\n$/);
    expect(JSON.parse((await crawlwatch([...from('low'), '-q', '-o', 'json'])).stdout)).toMatchObject({
      summary: { checked: 1, warning: 1 },
      instances: [{ name: 'low' }],
    });
  });

  it('is not quiet about a host that hangs', async () => {
    const ran = await crawlwatch([...hung(), '-q', '-o', 'line']);
    expect(ran.stdout).toMatch(/^127\.0\.0\.1 \| CRITICAL \| /);
    expect(ran.exitCode).toBe(2);
  });
});

describe('-o nagios', () => {
  it.each<[string, () => string[], number, RegExp]>([
    ['a hang', hung, 2, /^CRITICAL - 127\.0\.0\.1: ConnectionReset: .* \| time=[\d.]+s;;;0\n$/],
    [
      'several hosts',
      () => [...hung(), '--host', `127.0.0.2:${reset.port}`],
      2,
      /^CRITICAL - 2 of 2 hosts not OK \(2 CRITICAL\): 127\.0\.0\.1 ConnectionReset, .*\nCRITICAL 127\.0\.0\.1: .*\nCRITICAL 127\.0\.0\.2: .*\n$/,
    ],
    ['a wrong flag', () => ['check', '--local', '--forks', '0'], 3, /^UNKNOWN - crawlwatch: --forks: got 0; .*\n$/],
    ['a missing file', () => from('none'), 3, /^UNKNOWN - .*no such file\n$/],
    ['a low host', () => from('low'), 1, /^WARNING - low: MemoryLow: .* \| mem=90%;88;94;0;100 .*\n$/],
    [
      'a well host',
      () => from('well'),
      0,
      /^OK - well: 7\.6 GiB of 15\.3 GiB memory used, \/ 50 % used \| mem=50%;88;94;0;100 .*\n$/,
    ],
  ])('reports %s like a plugin, by one line and the exit code', async (_, words, exitCode, line) => {
    const ran = await crawlwatch([...words(), '-o', 'nagios']);
    expect(ran.stdout).toMatch(line);
    expect(ran).toMatchObject({ exitCode, stderr: '' });
  });
});

describe('-o prometheus', () => {
  it('prints the metrics and nothing else', async () => {
    const ran = await crawlwatch([...from('low'), '-o', 'prometheus']);
    expect(ran.stdout).toContain('crawlwatch_status{id="low",name="low"} 1\n');
    expect(ran.stdout.split('\n').filter((line) => !/^(# (HELP|TYPE) |$)?crawlwatch_|^$/.test(line))).toEqual([]);
    expect(ran).toMatchObject({ exitCode: 1, stderr: '' });
  });
});

describe('a terminal', () => {
  it.each([
    [{ LANG: 'C.UTF-8' }, '█'],
    [{ LANG: 'C.UTF-8', LC_ALL: 'C' }, '#'],
    [{}, '#'],
  ])('with %j has bars in its own encoding', async (env, block) => {
    const ran = await crawlwatch(from('low'), { columns: 100, env });
    expect(ran.stdout).toContain(`${block.repeat(9)}`);
  });
});
