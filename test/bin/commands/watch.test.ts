import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
let available = 8_000_000;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crawlwatch-watch-'));
  writeFileSync(join(folder, 'key'), key.private);
  reset = await rawServer((socket) => socket.resetAndDestroy());
  well = await sshServer({
    authorized: [key.public],
    exec: (accept) => {
      const channel = accept();
      channel.on('error', () => {}).resume();
      channel.on('end', () => {
        channel.write(probeOutput({ totalKb: 16_000_000, availableKb: available }));
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
const words = () => [
  ...['watch', '-i', join(folder, 'hosts.ini'), '--every', '1', '--private-key', join(folder, 'key')],
  ...['--known-hosts', join(folder, 'known_hosts'), '--accept-new-host-keys'],
];

const nothing = () => {};
/** Watches until each pattern has been written in turn, and calls what belongs to it then. */
async function watched(
  turns: readonly (readonly [RegExp, () => void])[],
  more: readonly string[] = [],
  columns?: number,
  onComplaint: () => void = nothing,
) {
  const controller = new AbortController();
  const left = [...turns];
  const ran = await crawlwatch([...words(), ...more], {
    cwd: folder,
    signal: controller.signal,
    onComplaint,
    ...(columns === undefined ? {} : { columns }),
    onWrite: (text) => {
      const [turn] = left;
      if (turn?.[0].test(text) !== true) return;
      left.shift();
      turn[1]();
      if (left.length === 0) controller.abort();
    },
  });
  return { ...ran, left };
}
describe('a watch that cannot begin', () => {
  it.each([
    [['--every', '0'], '--every: got "0"; allowed: seconds from 1 to 86400'],
    [['--every', 'soon'], '--every: got "soon"; allowed: seconds from 1 to 86400'],
    [['--record', 'none/file'], "--record: can't write FOLDER/none/file: ENOENT"],
    [['--from', '-'], '--from -: standard input can be read only once; give watch a file'],
    [['-i', 'none.ini'], /^-i: can't read .*none\.ini: no such file/],
  ])('says why and ends: %j', async (given, says) => {
    const ran = await crawlwatch(['watch', ...given], { cwd: folder });
    const complaint = ran.stderr
      .replace(/^crawlwatch: /, '')
      .replaceAll(folder, 'FOLDER')
      .trimEnd();
    if (typeof says === 'string') expect(complaint).toBe(says);
    else expect(complaint).toMatch(says);
    expect(ran).toMatchObject({ exitCode: 3, stdout: '' });
  });
});

describe('a watch without a terminal', () => {
  it('writes the counts once, then only what changes, and the counts at its end, each with the time', async () => {
    available = 8_000_000;
    inventory(line('web1', well), line('web2', reset));
    const ran = await watched([
      [/ web2 new: CRITICAL: ConnectionReset/, () => inventory(line('web1', well))],
      [/ web2 is no longer listed/, () => inventory('[web')],
    ]);
    expect(ran.left).toEqual([]);
    const time = '\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}Z';
    expect(ran.stdout).toMatch(
      new RegExp(
        [
          `^${time} 2 hosts: 1 CRITICAL, 1 OK`,
          `${time} web2 new: .*`,
          `${time} web2 is no longer listed .*`,
          `${time} ended after 2 checks; 1 host: 1 OK\n$`,
        ].join('\n'),
      ),
    );
  });

  it('goes on after a check that could not be made, and reports it once', async () => {
    available = 8_000_000;
    inventory(line('web1', well));
    const repair = () => {
      available = 800_000;
      inventory(line('web1', well));
    };
    const turns = [
      [/ 1 host: 1 OK/, () => inventory('[web')],
      [/ web1 OK -> CRITICAL: MemoryLow/, nothing],
    ] as const;
    const ran = await watched(turns, [], undefined, repair);
    expect(ran.left).toEqual([]);
    expect(ran.stderr).toMatch(/^crawlwatch: [\d:]{8} UTC: this check could not be made: .*hosts\.ini:1: /);
    expect(ran.exitCode).toBe(2);
  });

  it('records what backtest reads, and leaves no connection open', async () => {
    available = 8_000_000;
    inventory(line('web1', well));
    const ran = await watched(
      [
        [/ 1 host: 1 OK/, () => (available = 1_600_000)],
        [/ OK -> WARNING/, () => (available = 8_000_000)],
        [/ WARNING -> OK after /, nothing],
      ],
      ['--record', 'watch.ndjson'],
    );
    expect(ran.left).toEqual([]);
    expect(well.open).toBe(0);
    const lines = readFileSync(join(folder, 'watch.ndjson'), 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(3);
    expect(JSON.parse(lines[0]!)).toMatchObject({ version: 1, source: 'inventory', name: 'web1', status: 'OK' });
    const replayed = await crawlwatch(['backtest', 'watch.ndjson', '--alarms'], { cwd: folder });
    expect(replayed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(replayed.stdout.trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('a watch on a terminal', () => {
  it('redraws in place, hides the cursor and shows it again', async () => {
    available = 8_000_000;
    inventory(line('web1', well), line('web2', reset));
    const ran = await watched(
      [
        [/next at /, () => (available = 1_600_000)],
        [/-> .*WARNING/, nothing],
      ],
      [],
      100,
    );
    expect(ran.left).toEqual([]);
    expect(ran.stdout.startsWith('\u001b[?25l\r')).toBe(true);
    expect(ran.stdout.endsWith('\u001b[?25h')).toBe(true);
    expect(ran.stdout.split('\u001b[?25l')).toHaveLength(2);
    expect(ran.stdout).toContain('ended after ');
    // Each picture goes back by as many rows as the one before it had; the terminal wraps the next step, which is whole.
    const wrapped = / {2}next: \S.{95,}\n/;
    expect(ran.stdout).toMatch(wrapped);
    const heights = ran.writes.slice(0, -1).map((text) => text.split('\n').length - 1 + (wrapped.test(text) ? 1 : 0));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the cursor's way up is what is looked at
    const backs = ran.writes.slice(1, -1).map((text) => Number(/^\r\u001b\[(\d+)A/.exec(text)?.[1]));
    expect(backs).toEqual(heights.slice(0, -1));
    expect(process.listenerCount('SIGCONT')).toBe(0);
  });
});
