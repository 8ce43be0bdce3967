/** The largest processes, which are read from the shortest files that say it, whose names are read, and when it is printed. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { SENT_SCRIPT } from '../../lambda/probe/script.ts';
import { directory, hostMissing, SHELLS, TOOLS, toolbox, withPath } from '../support/probe-host.ts';
import { manyMounts, replay } from '../support/probe-replay.ts';
import { type Machine, runProbe } from '../support/probe-shell.ts';
import { straceMissing } from '../support/strace.ts';

if (hostMissing !== null) throw new Error(hostMissing);

const own = directory();
afterAll(own.done);

/** A host of these processes alone, the first of which waits for the script's end. */
const ALONE = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-c'] as const;
/** Starts each with some memory of its own, the first with the most, and says after the script what status says of it. */
const FROZEN = `
  size=6
  for link in "$1"/*; do
    "$link" -c 'printf -v x "%\${0}s" && kill -STOP $$' $((size))000000 &
    until grep -q '^State:.T' /proc/$!/status; do :; done
    pids="$pids $!" size=$((size - 1))
  done
  shift
  "$@"
  for pid in $pids; do printf '== %s\\n' $pid && cat /proc/$pid/status /proc/$pid/stat; done`;

/** The lines that a process is to have, from what the kernel says of it. */
function linesOf(part: string): string[] {
  const [pid = ''] = part.split('\n', 1);
  const word = (key: string) => new RegExp(`^${key}:\\s+(.*?)(?: kB)?$`, 'm').exec(part)?.[1] ?? 'none';
  // The shell reads a line, so it finds no start where the name breaks it.
  const [stat = ''] = new RegExp(`^${pid} \\(.*$`, 'm').exec(part) ?? [];
  const started = stat.slice(stat.lastIndexOf(')')).split(' ')[20]?.slice(0, -2) ?? '-';
  const lines = [
    `proc ${pid} ${word('VmRSS')} ${word('Name')}`,
    `born ${pid} ${started} ${word('PPid')} ${word('RssAnon')}`,
  ];
  return lines.map((line) => line.replace(/[^ -~]/g, '?'));
}

describe('the largest processes', () => {
  it.each([
    ['the largest has a plain name', ['0plain', '1a) S 1', '2a)\nS 1 2 3 4', '3back\\slash', '4x(y)z)']],
    ['only the last have plain ones', ['0a b', '1\\n', '2a)\nb', '3plain', '4é']],
    ['all have', ['0a', '1b', '2c', '3d', '4e']],
  ])('are what status says of them where %s', (_, names) => {
    const links = `${own.path}/${names[0]}`;
    mkdirSync(links);
    for (const name of names) symlinkSync('/usr/bin/bash', `${links}/${name}`);
    for (const [shell, command] of Object.entries(SHELLS)) {
      const [start, ...args] = ALONE;
      const { stdout } = spawnSync(start, [...args, FROZEN, 'sh', links, ...command, '-s'], {
        input: SENT_SCRIPT,
        encoding: 'latin1',
      });
      const [report = '', ...parts] = stdout.split(/^== /m);
      expect(parts, stdout).toHaveLength(5);
      const printed = report.split('\n').filter((line) => /^(proc|born) /.test(line));
      expect(printed, shell).toEqual(parts.flatMap(linesOf));
    }
  });

  const stat = (pid: number, name: string, parent: number) =>
    `${pid} (${name}) S ${parent}${' 9'.repeat(17)} ${pid}00 9 9\n`;
  const status = (name: string, parent: number, rss: number, anon: number | null) =>
    `Name:\t${name}\nPPid:\t${parent}\nVmRSS:\t${rss} kB\n${anon === null ? 'VmData:\t9 kB' : `RssAnon:\t${anon} kB`}\n`;
  const reportOf = async (processes: Machine) => {
    const { script, done } = replay({ ...manyMounts(1, 0), ...processes });
    const outputs = await Promise.all(Object.values(SHELLS).map((shell) => runProbe({ shell, script })));
    done();
    const lines = outputs.map(({ output }) => output.split('\n').filter((line) => /^(proc|born) /.test(line)));
    for (const other of lines) expect(other).toEqual(lines[0]);
    return lines[0] ?? [];
  };
  /** Two others, of which status says what the shorter files don't. */
  const OTHERS: Machine = {
    '/proc/12/statm': '900 800 300 0 0 0 0\n',
    '/proc/12/stat': stat(12, 'short', 7),
    '/proc/12/status': status('long', 6, 111, 11),
    '/proc/13/statm': '900 700 300 0 0 0 0\n',
    '/proc/13/stat': stat(13, 'a b', 7),
    '/proc/13/status': status('a b', 6, 110, 10),
  };
  const FROM_STATUS = ['proc 12 111 long', 'born 12 12 6 11', 'proc 13 110 a b', 'born 13 13 6 10'];

  it('are read from statm and stat once status says the same, but for names that it escapes', async () => {
    const processes = {
      ...OTHERS,
      '/proc/11/statm': '9000 1000 250 0 0 0 0\n',
      '/proc/11/stat': stat(11, 'first', 1),
      '/proc/11/status': status('first', 1, 4000, 3000),
    };
    expect(await reportOf(processes)).toEqual([
      ...['proc 11 4000 first', 'born 11 11 1 3000', 'proc 12 3200 short', 'born 12 12 7 2000'],
      ...['proc 13 110 a b', 'born 13 13 6 10'],
    ]);
  });

  it.each<[string, statm: string, name: string, parent: number, rss: number, anon: number | null]>([
    ['pages have 64 KiB', '9000 1000 250', 'first', 1, 64_000, 48_000],
    ['statm does not know what is shared', '9000 1000 0', 'first', 1, 4000, 3000],
    ['the kernel is one before 4.5', '9000 1000 250', 'first', 1, 4000, null],
    ['it has another name', '9000 1000 250', 'other', 1, 4000, 3000],
    ['it has another parent', '9000 1000 250', 'first', 2, 4000, 3000],
  ])('are read from status where %s', async (_, statm, name, parent, rss, anon) => {
    const processes = {
      ...OTHERS,
      '/proc/11/statm': `${statm} 0 0 0 0\n`,
      '/proc/11/stat': stat(11, 'first', 1),
      '/proc/11/status': status(name, parent, rss, anon),
    };
    expect(await reportOf(processes)).toEqual([
      ...[`proc 11 ${rss} ${name}`, `born 11 11 ${parent} ${anon ?? '-'}`],
      ...FROM_STATUS,
    ]);
  });
});

describe('the processes of the probe itself', () => {
  it('are none but its shell, although stat runs while they are looked at', () => {
    const path = toolbox(`${own.path}/slow`, { ...TOOLS.GNU, stat: `${own.path}/slow-stat` });
    writeFileSync(`${own.path}/slow-stat`, '#!/bin/dash\n/usr/bin/sleep 0.2\nexec /usr/bin/stat "$@"\n', {
      mode: 0o755,
    });
    for (const name of ['dash', 'busybox ash']) {
      const [start, ...args] = ALONE;
      const { stdout } = spawnSync(start, [...args, '"$@"; :', 'sh', ...SHELLS[name]!, '-s'], {
        input: withPath(path),
        encoding: 'utf8',
      });
      expect(stdout, name).toMatch(/^disk .* \/$/m);
      const names = stdout.match(/(?<=^proc \d+ \d+ ).*$/gm)?.sort();
      expect(names, name).toEqual([SHELLS[name]![0], 'sh'].sort());
    }
  });
});

/** What the script prints, and strace's lines of these calls. */
function trace(calls: string, shell: readonly string[], script: string, args: readonly string[] = []) {
  const log = `${own.path}/trace`;
  const { stdout } = spawnSync(
    'strace',
    ['-f', '-qq', '-e', `trace=${calls}`, '-o', log, ...shell, '-s', '--', ...args],
    { input: script, encoding: 'utf8' },
  );
  return { stdout, lines: readFileSync(log, 'utf8').split('\n') };
}

// Skipped where strace can't be used (test/support/strace.ts); continuous integration installs it.
describe.skipIf(straceMissing !== null)('the names of processes', () => {
  const unit = (load: string) => `LoadState=${load}\nActiveState=${load === 'loaded' ? 'active' : 'inactive'}\n`;

  it.each<[string, systemctl: string, mounts: number, args: readonly string[], read: number]>([
    ['are not read where the root alone is asked', '', 1, [], 0],
    ['nor for units that systemctl knows', unit('loaded'), 1, ['crawler-3.service'], 0],
    ['are read for one that it does not', unit('not-found'), 1, ['crawler-3.service'], 5],
    ['and to find a query that hangs, where more than the root is asked', '', 2, [], 5],
    ['and once for both', unit('not-found'), 2, ['crawler-3.service'], 5],
  ])('%s', (_, systemctl, mounts, args, read) => {
    const { script, done } = replay({ ...manyMounts(mounts, 5), systemctl });
    for (const name of ['dash', 'busybox ash']) {
      const { stdout, lines } = trace('open,openat', SHELLS[name]!, script, args);
      expect(
        lines.filter((line) => /"\d+\/comm"/.test(line)),
        name,
      ).toHaveLength(read);
      const state = systemctl.includes('not-found') ? 'running -' : 'active -';
      if (args.length > 0) expect(stdout, name).toContain(`\nunit crawler-3.service ${state}\n`);
    }
    done();
  });
});

describe('what is printed', () => {
  // As above.
  it.skipIf(straceMissing !== null)('is printed at once, but where memory is scarce a process after the other', () => {
    const meminfo = (available: number) => `MemTotal: 8000000 kB\nMemFree: 1 kB\nMemAvailable: ${available} kB\n`;
    // Memory first; processes; disks.
    for (const [available, writes] of [
      [4_000_000, 3],
      [700_000, 3 + 5],
    ] as const) {
      const { script, done } = replay({ ...manyMounts(1, 9), '/proc/meminfo': meminfo(available) });
      for (const name of ['dash', 'busybox ash']) {
        const { stdout, lines } = trace('write', SHELLS[name]!, script);
        expect(stdout.match(/^proc /gm), name).toHaveLength(5);
        const ours = lines.filter((line) => /write\(1, "(\\ncrawlwatch|os|proc|vm|part|disk 4096 )/.test(line));
        expect(ours, name).toHaveLength(writes);
      }
      done();
    }
  });

  it('has been printed as far as memory where a file on a disk does not answer', async () => {
    const { script, done } = replay({ ...manyMounts(1, 5), '/etc/os-release': 'ID=x\n' });
    const file = /done ?<(\S*\/etc\/os-release)/.exec(script)?.[1] ?? '';
    rmSync(file);
    execFileSync('mkfifo', [file]);
    for (const [name, shell] of Object.entries(SHELLS)) {
      const [command = '', ...args] = shell;
      const child = spawn(command, [...args, '-s'], { stdio: ['pipe', 'pipe', 'ignore'] });
      child.stdin.end(script);
      let printed = '';
      // bash writes a line after the other.
      for await (const data of child.stdout) {
        printed += data;
        if (printed.includes('mem')) break;
      }
      expect(printed, name).toMatch(/^\ncrawlwatch 1\nmem MemTotal=8000000 .*\n$/);
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    }
    done();
  });
});
