import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assess } from '../../lambda/judge/assess.ts';
import { parseCutShort } from '../../lambda/probe/cut-short.ts';
import { parseVitals } from '../../lambda/probe/parse-vitals.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';
import {
  directory,
  hostMissing,
  mountDisk,
  runAndCount,
  SHELLS,
  TOOLS,
  toolbox,
  withPath,
} from '../support/probe-host.ts';
import { sshInstance } from '../support/probe-run.ts';
import { runProbe } from '../support/probe-shell.ts';
import { straceMissing } from '../support/strace.ts';

if (hostMissing !== null) throw new Error(hostMissing);
if (straceMissing !== null)
  process.stderr.write(`\n!!!! calls of a dying host's probe are not counted: ${straceMissing}\n`);

/** What a shell is to be run by for these of its calls to be written to a file; nothing where strace can't be used. */
const traced = (calls: string, log: string): readonly string[] =>
  straceMissing === null ? ['strace', '-f', '-qq', '-e', `trace=${calls}`, '-o', log] : [];
const FORKS = 'fork,vfork,clone,clone3';

describe('a host that can start no process', () => {
  const own = directory();
  afterAll(own.done);

  /** Root is exempt from the limit. 0: not one process; 2: the shell and the first of those that it needs. */
  const exhausted = (processes: number) =>
    ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'prlimit', `--nproc=${processes}`] as const;

  // bash tries a fork five times within 15 seconds. The script tries one once, whatever its shell does of it.
  it.each<[shell: string, processes: number, refused: RegExp]>([
    ['dash', 0, /^1$/],
    ['dash', 1, /^1$/],
    ['busybox ash', 0, /^1$/],
    ['busybox ash', 1, /^1$/],
    ['bash', 0, /^5$/],
    // Two of its shells may try at the same time.
    ['bash', 2, /^([5-9]|10)$/],
  ])('prints its memory under %s with room for %d, and is judged exhausted', async (shell, processes, refused) => {
    const log = `${own.path}/forks`;
    const result = await runProbe({ shell: [...traced(FORKS, log), ...exhausted(processes), ...SHELLS[shell]!] });
    expect(result.code).toBe(0);
    if (straceMissing === null) expect(String(readFileSync(log, 'utf8').match(/EAGAIN/g)?.length)).toMatch(refused);
    const outcome = parseVitals(result.output, null);
    expect(outcome).toMatchObject({ kind: 'vitals', couldFork: false });
    const { status, reasons, recommendation } = assess(sshInstance('127.0.0.1', 22), outcome, parseSettings());
    expect(status).toBe('CRITICAL');
    expect(reasons.map(({ code }) => code)).toContain('MemoryExhaustedResponsive');
    expect(recommendation).toBe('restart-worker');
  });

  it('has printed its memory when a deadline cuts off a shell that tries again and again', () => {
    const [command, ...args] = [...exhausted(0), 'bash', '-s'];
    const script = withPath('/usr/bin:/bin');
    const { stdout } = spawnSync(command ?? '', args, { input: script, timeout: 3000, encoding: 'utf8' });
    const cut = { kind: 'failed', reason: 'CommandTimeout', text: '', output: stdout } as const;
    expect(parseCutShort(cut, null, parseSettings())).toMatchObject({
      reason: 'CommandTimeout',
      notes: [expect.stringMatching(/^It had said: memory /)],
    });
  });
});

describe('a mount that does not answer', () => {
  const own = directory();
  const undo: (() => void)[] = [own.done];
  afterAll(() => {
    for (const step of undo.reverse()) step();
  });

  it('is not asked when it is a FUSE file system, and nothing is left running', async () => {
    const mount = `${own.path}/fuse`;
    mkdirSync(mount);
    // Mounted, and no process serves it: any request to it waits for ever.
    const device = openSync('/dev/fuse', 'r+');
    const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other';
    const stdio = ['ignore', 'inherit', 'inherit', device] as const;
    expect(spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'dead', mount], { stdio: [...stdio] }).status).toBe(
      0,
    );
    undo.push(
      () => void spawnSync('umount', ['-l', mount]),
      () => closeSync(device),
    );
    expect(spawnSync('stat', ['-f', mount], { timeout: 500 }).signal).toBe('SIGTERM');

    for (const shell of Object.values(SHELLS)) {
      const { output, strays } = await runAndCount({ shell });
      expect(strays).toEqual([]);
      const outcome = parseVitals(output, null);
      expect(outcome).toMatchObject({ kind: 'vitals', couldFork: true, notes: [] });
      expect(output).toMatch(/^disk .* \/$/m);
    }
    if (straceMissing !== null) return;
    for (const [name, shell] of Object.entries(SHELLS)) {
      const log = `${own.path}/named`;
      await runProbe({ shell: [...traced('%file', log), ...shell] });
      const calls = readFileSync(log, 'utf8');
      expect(calls, name).toContain('statfs("/"');
      expect(calls, name).not.toContain(mount);
    }
  });

  describe('and is a local disk', () => {
    const path = `${own.path}/tools`;
    const log = `${own.path}/asked`;
    beforeAll(() => {
      for (const name of ['slow', 'sound']) undo.push(mountDisk(`${own.path}/${name}.image`, `${own.path}/${name}`, 8));
      const { stat: real, ...others } = TOOLS.GNU!;
      toolbox(path, others);
      const slow = `case "$* " in *${own.path}/slow\\ *) trap '' TERM; exec /usr/bin/sleep 60 ;; esac; exec ${real} "$@"`;
      writeFileSync(`${path}/stat`, `#!/bin/sh\necho "$*" >>${log}\n${slow}\n`, { mode: 0o755 });
    });

    it.each(Object.entries(SHELLS))('is named under %s, and the others are read', async (_, shell) => {
      writeFileSync(log, '');
      const { output, strays, ms } = await runAndCount({ shell, script: withPath(path) });
      expect(parseVitals(output, null)).toMatchObject({ notes: [`${own.path}/slow did not answer in time.`] });
      expect(output).toContain(`${own.path}/sound\n`);
      // Alone it is asked once, and given two of the twelve seconds that all disks have.
      expect(readFileSync(log, 'utf8').match(/^-f -c disk .*\/slow$/gm)).toHaveLength(1);
      expect(ms).toBeLessThan(10_000);
      expect(strays).toEqual([]);
    });
  });
});
