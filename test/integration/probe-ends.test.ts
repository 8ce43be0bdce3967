import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseVitals } from '../../lambda/probe/parse-vitals.ts';
import { SENT_SCRIPT } from '../../lambda/probe/script.ts';
import {
  directory,
  hostMissing,
  leftRunning,
  mountDisk,
  processesMarked,
  SHELLS,
  TOOLS,
  toolbox,
  withPath,
} from '../support/probe-host.ts';
import { manyMounts, replay } from '../support/probe-replay.ts';
import { runProbe } from '../support/probe-shell.ts';
import { signalIfThere } from '../support/signals.ts';

if (hostMissing !== null) throw new Error(hostMissing);

/** A stat that ignores all but KILL for the mounts whose names match, and answers for the others. */
const deafStat = (pattern: string) => `#!/bin/dash
case $4 in ${pattern}) trap '' HUP INT TERM PIPE USR1 USR2; exec /usr/bin/sleep 90 ;; esac
echo "\${3%%\\%*}4096 700000 500000 490000 600000 590000"
`;

const shortName = (i: number) => `/disk${i}`;

interface Session {
  readonly child: ChildProcess;
  readonly mark: string;
  readonly output: () => string;
}

/** The script in a session of its own, as sshd and the SSM agent start it. */
function begin(shell: readonly string[], script: string): Session {
  const mark = randomUUID();
  const [command = 'sh', ...before] = shell;
  const env = { ...process.env, CRAWLWATCH_TEST: mark };
  const child = spawn(command, [...before, '-s'], { env, detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data;
  });
  child.stdin.on('error', () => {}).end(script);
  return { child, mark, output: () => output };
}

/** All that it prints by itself, once nothing of it runs. */
async function untilGone(shell: readonly string[], script: string): Promise<string> {
  const session = begin(shell, script);
  await once(session.child, 'close');
  expect(await leftRunning(session.mark)).toEqual([]);
  return session.output();
}

/** What can happen to a session. */
const ENDS: Readonly<Record<string, (session: Session) => unknown>> = {
  'its shell is killed': ({ child }) => child.kill('SIGKILL'),
  'its shell hangs up': ({ child }) => child.kill('SIGHUP'),
  'its shell is terminated': ({ child }) => child.kill('SIGTERM'),
  'all of it is killed': ({ child }) => signalAll(child, 'SIGKILL'),
  'all of it hangs up': ({ child }) => signalAll(child, 'SIGHUP'),
  'all of it is terminated': ({ child }) => signalAll(child, 'SIGTERM'),
  'nothing reads it any more': ({ child }) => child.stdout?.destroy(),
};

const signalAll = (child: ChildProcess, signal: NodeJS.Signals): void =>
  signalIfThere(-(child.pid ?? Number.NaN), signal);

describe('a session that ends early', () => {
  const machine = manyMounts(5, 5, shortName);
  const hung = replay({ ...machine, '/bin/stat': deafStat('/disk2') });
  const sound = replay(manyMounts(40, 300));
  afterAll(() => {
    hung.done();
    sound.done();
  });

  // Before, while and after it waits for a stat that does not end.
  const moments = [5, 40, 150, 1200];
  // They wait more than they work.
  const TOGETHER = 20;
  it.each(Object.keys(ENDS))('leaves nothing running where %s', async (how) => {
    const runs = Object.entries(SHELLS).flatMap(([name, shell]) =>
      [hung.script, sound.script].flatMap((script) => moments.map((ms) => ({ name, shell, script, ms }))),
    );
    for (let at = 0; at < runs.length; at += TOGETHER) {
      const some = runs.slice(at, at + TOGETHER).map(async ({ name, shell, script, ms }) => {
        const session = begin(shell, script);
        await sleep(ms);
        ENDS[how]?.(session);
        const left = await leftRunning(session.mark);
        return { name, ms, left, forked: !session.output().includes('fork 0') };
      });
      for (const ended of await Promise.all(some)) expect(ended).toMatchObject({ left: [], forked: true });
    }
  });

  it('leaves nothing running where what it waits for is killed under it', async () => {
    for (const [name, shell] of Object.entries(SHELLS)) {
      const session = begin(shell, hung.script);
      await sleep(300);
      for (const { pid, command } of processesMarked(session.mark)) {
        if (/^\S*(sleep 1|stat) /.test(command)) signalIfThere(Number(pid), 'SIGKILL');
      }
      await once(session.child, 'exit');
      expect(await leftRunning(session.mark), name).toEqual([]);
      expect(session.output(), name).toMatch(/^end \d+$/m);
      expect(session.output(), name).not.toContain('fork 0');
    }
  });
});

describe('a probe that ends by itself on a busy host', () => {
  // A child that is not its program yet may let go of the signal that is to end it.
  it('has ended all that it started', async () => {
    const { script, done } = replay(manyMounts(2, 40));
    const left: string[] = [];
    for (let round = 0; round < 12; round++) {
      const sessions = Object.values(SHELLS).flatMap((shell) => [begin(shell, script), begin(shell, script)]);
      await Promise.all(sessions.map(({ child }) => once(child, 'close')));
      for (const { mark, output } of sessions) {
        left.push(...(await leftRunning(mark)));
        expect(output()).toMatch(/\ndisk .*\ndisk .*\nend \d+\n$/);
      }
    }
    expect(left).toEqual([]);
    done();
  });
});

describe('mounts that never answer', () => {
  it.each([
    ['the first', ['/'], '/'],
    ['one of five', ['/disk3'], '/disk3'],
    ['two of five', ['/disk2', '/disk4'], '/disk[24]'],
    ['the last and the first', ['/', '/disk4'], '/|/disk4'],
  ])('cost themselves alone: %s', async (_, deaf, pattern) => {
    const { script, done } = replay({ ...manyMounts(5, 5, shortName), '/bin/stat': deafStat(pattern) });
    const outputs = await Promise.all(Object.values(SHELLS).map((shell) => untilGone(shell, script)));
    for (const output of outputs) {
      expect(output.match(/(?<=^late ).*$/gm)).toEqual(deaf);
      expect(output.match(/^disk /gm)).toHaveLength(5 - deaf.length);
      expect(output).not.toMatch(/^(unasked|unread) /m);
      expect(parseVitals(output, null)).toMatchObject({ kind: 'vitals', couldFork: true });
    }
    done();
  });

  it('are given up after the third, since each leaves a process behind that not even KILL may end', async () => {
    const { script, done } = replay({ ...manyMounts(5, 5, shortName), '/bin/stat': deafStat('*') });
    const outputs = await Promise.all(Object.values(SHELLS).map((shell) => untilGone(shell, script)));
    for (const output of outputs) {
      expect(output).toMatch(/^late \/\nlate \/disk1\nlate \/disk2\nunasked 2\nend /m);
      expect(parseVitals(output, null)).toMatchObject({ kind: 'vitals', couldFork: true });
    }
    done();
  });

  it('end a systemctl that hangs, and what is asked after it is answered', async () => {
    const deaf = "#!/bin/dash\ntrap '' TERM HUP\nexec /usr/bin/sleep 90\n";
    const { script, done } = replay({ ...manyMounts(3, 3), '/bin/systemctl': deaf });
    await Promise.all(
      Object.entries(SHELLS).map(async ([name, shell]) => {
        const { output, ms } = await runProbe({ shell, script, args: ['a.service'] });
        expect(ms, name).toBeLessThan(15_000);
        expect(output.match(/^disk /gm), name).toHaveLength(3);
        expect(output, name).not.toContain('fork 0');
      }),
    );
    done();
  });
});

describe('many real disks', () => {
  const own = directory();
  const undo: (() => void)[] = [own.done];
  afterAll(() => {
    for (const step of undo.reverse()) step();
  });
  const names = Array.from({ length: 9 }, (_, i) => `${own.path}/disk ${i}`);
  const disks = (output: string) => output.match(/^disk .* rw .*crawlwatch-probe-.*$/gm) ?? [];
  const { stat, ...others } = TOOLS.GNU!;
  const counting = `${own.path}/tools`;
  const log = `${own.path}/log`;
  const calls = (rest: string) =>
    writeFileSync(`${counting}/stat`, `#!/bin/dash\necho "\${3%% *} $#" >>${log}\n${rest}\nexec ${stat} "$@"\n`, {
      mode: 0o755,
    });
  beforeAll(() => {
    for (const name of names) undo.push(mountDisk(`${name}.image`, name, 8));
    toolbox(counting, others);
  });

  const shells = Object.entries(SHELLS);
  it.each(shells)('are asked at once under %s, and one by one where one hangs', async (name, shell) => {
    calls('');
    writeFileSync(log, '');
    const plain = await runProbe({ shell, script: withPath(counting) });
    expect(disks(plain.output)).toHaveLength(9);
    // Whether stat takes several paths, then all of them. Shells that ask quickly ask for all of them at once; where that
    // gets too little CPU it is ended, maybe before it has counted itself, and they go on like the others.
    const asked = readFileSync(log, 'utf8').trim().replaceAll('\n', ', ');
    const isQuick = name === 'dash' || name === 'busybox ash';
    expect(asked).toMatch(isQuick ? /^(also \d\d|(also \d\d, )?x 5, also \d\d)$/ : /^x 5, also \d\d$/);

    calls(`case "$*" in *'/disk 4'*) trap '' TERM; exec /usr/bin/sleep 90 ;; esac`);
    const slow = await runProbe({ shell, script: withPath(counting) });
    expect(slow.output).toMatch(/^late \/.*disk\\0404$/m);
    expect(disks(slow.output)).toEqual(disks(plain.output).filter((line) => !line.endsWith('4')));

    calls(`case "$*" in *'/disk 5'*) echo "stat: cannot read: Permission denied" >&2; exit 1 ;; esac`);
    const denied = await runProbe({ shell, script: withPath(counting) });
    expect(denied.output).toMatch(/^unread denied \/.*disk\\0405$/m);
    expect(disks(denied.output)).toEqual(disks(plain.output).filter((line) => !line.endsWith('5')));
  });
});

describe('the script as it is sent', () => {
  it('says of the same machine the same under every shell', async () => {
    const { script, done } = replay(manyMounts(45, 20));
    const outputs = await Promise.all(Object.values(SHELLS).map((shell) => runProbe({ shell, script })));
    expect(new Set(outputs.map(({ output }) => output)).size).toBe(1);
    expect(SENT_SCRIPT.length).toBeLessThan(24_000);
    done();
  });
});
