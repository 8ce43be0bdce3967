/**
 * What the probe takes on a sound host under dash and busybox: one process, stat, which is not waited for by a clock. What
 * does not end at once is left to the way that has one.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parseVitals } from '../../lambda/probe/parse-vitals.ts';
import { directory, hostMissing, runAndCount, SHELLS } from '../support/probe-host.ts';
import { manyMounts, replay } from '../support/probe-replay.ts';
import { type Machine, runProbe } from '../support/probe-shell.ts';
import { straceMissing } from '../support/strace.ts';

if (hostMissing !== null) throw new Error(hostMissing);

const own = directory();
afterAll(own.done);

/** They say at once where they can't fork. */
const QUICK = ['dash', 'busybox ash'] as const;
const shortName = (i: number) => `/disk${i}`;

/** As a stat does that takes several paths. */
const ANSWERS = `#!/bin/dash
word=\${3%%\\%*}
shift 3
for path; do echo "\${word}4096 700000 500000 490000 600000 590000"; done
`;
const machineOf = (mounts: number, stat = ANSWERS): Machine => ({
  ...manyMounts(mounts, 5, shortName),
  '/bin/stat': stat,
});

/** The processes that the script starts, and those of them that are programs. */
function started(shell: readonly string[], script: string, args: readonly string[] = []) {
  const log = `${own.path}/trace`;
  const calls = 'trace=execve,fork,vfork,clone,clone3';
  const { stdout } = spawnSync('strace', ['-f', '-qq', '-e', calls, '-o', log, ...shell, '-s', '--', ...args], {
    input: script,
    encoding: 'utf8',
  });
  const lines = readFileSync(log, 'utf8').split('\n');
  const programs = lines.flatMap((line) => /execve\("(?:[^"]*\/)?([^"/]+)".* = 0$/.exec(line)?.[1] ?? []).slice(1);
  // A call that another's line interrupts is ended by a line of its own.
  const forks = lines.filter((line) => /\b(?:v?fork|clone3?)(?:\(| resumed>).* = \d+$/.test(line)).length;
  return { stdout, forks, programs };
}

// Skipped where strace can't be used (test/support/strace.ts); continuous integration installs it.
describe.skipIf(straceMissing !== null)('the processes of a probe', () => {
  // One that looks again whether stat has ended starts another each time; the quickest of some runs needs none.
  const fewest = (shell: readonly string[], script: string) => {
    let best = started(shell, script);
    for (let run = 1; run < 40 && best.forks > 1; run += 1) {
      const next = started(shell, script);
      if (next.forks < best.forks) best = next;
    }
    return best;
  };

  it.each(QUICK)('are one under %s, for one disk and for many', (name) => {
    for (const mounts of [1, 32]) {
      const { script, done } = replay(machineOf(mounts));
      const { stdout, forks, programs } = fewest(SHELLS[name]!, script);
      done();
      expect({ forks, programs }).toEqual({ forks: 1, programs: ['stat'] });
      expect(parseVitals(stdout, null)).toMatchObject({ kind: 'vitals', couldFork: true });
      expect(stdout).not.toMatch(/^(unread|unasked|late) /m);
    }
  });

  it.each([
    ['memory is scarce', { '/proc/meminfo': 'MemTotal: 8000000 kB\nMemFree: 1 kB\nMemAvailable: 700000 kB\n' }],
    ['the kernel does not say what is available', { '/proc/meminfo': 'MemTotal: 8000000 kB\nMemFree: 1 kB\n' }],
    ['a query of an earlier probe hangs', { '/proc/7/comm': 'stat\n', '/proc/7/stat': '7 (stat) D 1 1\n' }],
  ])('are those that follow a clock where %s', (_, files) => {
    for (const name of QUICK) {
      const log = `${own.path}/asked`;
      const stat = `#!/bin/dash\necho "$3" >>${log}\n${ANSWERS}`;
      const { script, done } = replay({ ...machineOf(2, stat), '/proc/7/statm': '9 9 0 0 0 0 0\n', ...files });
      const { stdout, forks } = started(SHELLS[name]!, script);
      done();
      expect(forks, name).toBeGreaterThan(3);
      expect(readFileSync(log, 'utf8'), name).not.toContain('also');
      expect(stdout, name).toMatch(/^part \d+\ndisk /m);
      rmSync(log);
    }
  });
});

describe('what a quick stat says', () => {
  const report = async (machine: Machine, args: readonly string[] = []) => {
    const { script, done } = replay(machine);
    const outputs = await Promise.all(Object.values(SHELLS).map((shell) => runProbe({ shell, script, args })));
    done();
    const [first = '', ...others] = outputs.map(({ output }) => output);
    for (const other of others) expect(other).toBe(first);
    return first;
  };

  it('is what one asked for each mount says', async () => {
    const sound = await report(machineOf(5));
    expect(sound.match(/^disk /gm)).toHaveLength(5);
    expect(await report(manyMounts(5, 5, shortName))).toBe(sound);
  });

  it.each([
    ['fails after all figures', `${ANSWERS}[ $# = 1 ]\n`],
    ['gives too few', ANSWERS.replace('for path; do', 'for path; do [ $path = /disk3 ] && [ $# != 1 ] ||')],
    ['gives too many', ANSWERS.replace('shift 3\n', `shift 3\n[ $# = 1 ] || echo "\${word}1 1 1 1 1 1"\n`)],
    [
      'can not be asked for several',
      `#!/bin/dash\n[ $# = 4 ] && echo "\${3%%\\%*}4096 700000 500000 490000 600000 590000"\n`,
    ],
  ])('counts for nothing where it %s', async (_, stat) => {
    expect(await report(machineOf(5, stat))).toBe(await report(machineOf(5)));
  });

  it('comes after what systemctl says', async () => {
    const systemctl = 'LoadState=loaded\nActiveState=active\nNRestarts=2\n';
    expect(await report({ ...machineOf(2), systemctl }, ['a.service'])).toMatch(
      /^part \d+\nunit a.service active 2\nunits systemd\ndisk .*\ndisk .*\nend \d+$/m,
    );
  });
});

describe('a stat that does not end at once', () => {
  it('is asked again with a clock where it is only slow', async () => {
    const { script, done } = replay(machineOf(3, ANSWERS.replace('word=', '/usr/bin/sleep 0.5\nword=')));
    for (const [name, shell] of Object.entries(SHELLS)) {
      const { output, strays } = await runAndCount({ shell, script });
      expect(strays, name).toEqual([]);
      expect(output.match(/^disk /gm), name).toHaveLength(3);
      expect(output, name).not.toMatch(/^(late|unread|unasked|fork) /m);
    }
    done();
  });

  it('is ended where the host has room for it alone', async () => {
    const { script, done } = replay(machineOf(3, "#!/bin/dash\ntrap '' TERM HUP\nexec /usr/bin/sleep 90\n"));
    const crowded = ['setpriv', '--reuid=65533', '--regid=65534', '--clear-groups', 'prlimit', '--nproc=2'];
    for (const name of QUICK) {
      const { output, strays, code } = await runAndCount({ shell: [...crowded, ...SHELLS[name]!], script });
      expect({ strays, code }, name).toEqual({ strays: [], code: 0 });
      expect(output, name).toMatch(
        /^proc (.|\n)*^part \d+\nmount rw \/\nmount rw \/disk1\nmount rw \/disk2\nfork 0\nend \d+$/m,
      );
    }
    done();
  });

  it('leaves the processes to be printed first where not even that can be started', async () => {
    const none = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'prlimit', '--nproc=0'];
    for (const name of QUICK) {
      const { output } = await runProbe({ shell: [...none, ...SHELLS[name]!] });
      expect(output, name).toMatch(/^mem (.|\n)*^proc (.|\n)*^part \d+\nmount (.|\n)*^fork 0\nend \d+$/m);
    }
  });

  it('is late where not even KILL ends it, and does not hold up the end', async () => {
    const mount = `${own.path}/dead`;
    mkdirSync(mount);
    const server = await serveUntilStatfs(mount);
    const { script, done } = replay({
      ...machineOf(1, '#!/bin/dash\nexec /usr/bin/stat "$@"\n'),
      '/proc/self/mountinfo': `28 1 8:1 / / rw - ext4 /dev/sda rw\n29 28 8:2 / ${mount} rw - ext4 /dev/sdb rw\n`,
    });
    for (const [name, shell] of Object.entries(SHELLS)) {
      const { output, code, ms } = await runProbe({ shell, script });
      expect(code, name).toBe(0);
      expect(ms, name).toBeLessThan(15_000);
      expect(output, name).toContain(`\nlate ${mount}\n`);
      expect(output, name).toMatch(/^disk .* rw \/$/m);
    }
    server.kill('SIGKILL');
    await once(server, 'exit');
    spawnSync('umount', ['-l', mount]);
    done();
  });
});

/** A FUSE file system whose server takes each request and answers the first alone: what waits for another can't be killed. */
async function serveUntilStatfs(mount: string): Promise<ChildProcess> {
  const device = openSync('/dev/fuse', 'r+');
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other';
  const mounted = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'dead', mount], {
    stdio: ['ignore', 'inherit', 'inherit', device],
  });
  expect(mounted.status).toBe(0);
  const code = `
    const { readSync, writeSync } = require('node:fs');
    const asked = Buffer.alloc(1 << 18);
    readSync(3, asked);
    const answer = Buffer.alloc(80);
    answer.writeUInt32LE(80, 0);
    asked.copy(answer, 8, 8, 16);
    answer.writeUInt32LE(7, 16);
    answer.writeUInt32LE(31, 20);
    answer.writeUInt32LE(4096, 36);
    writeSync(3, answer);
    process.stdout.write('ready');
    for (;;) readSync(3, asked);`;
  const server = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit', device] });
  closeSync(device);
  await once(server.stdout!, 'data');
  return server;
}
