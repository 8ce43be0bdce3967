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

if (hostMissing !== null) throw new Error(hostMissing);

describe('a host that can start no process', () => {
  /** Root is exempt from the limit. 0: not one process; 2: the shell and the first of those that it needs. */
  const exhausted = (processes: number) =>
    ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'prlimit', `--nproc=${processes}`] as const;

  it.each<[shell: string, processes: number, seconds: number]>([
    ['dash', 0, 3],
    ['dash', 1, 3],
    ['busybox ash', 0, 3],
    ['busybox ash', 1, 3],
    ['bash', 0, 20],
    ['bash', 2, 20],
  ])('prints its memory under %s with room for %d, and is judged exhausted', async (shell, processes, seconds) => {
    const result = await runProbe({ shell: [...exhausted(processes), ...SHELLS[shell]!] });
    expect(result.code).toBe(0);
    expect(result.ms).toBeLessThan(seconds * 1000);
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
      const { output, strays, ms } = await runAndCount({ shell });
      expect(ms).toBeLessThan(3000);
      expect(strays).toEqual([]);
      const outcome = parseVitals(output, null);
      expect(outcome).toMatchObject({ kind: 'vitals', couldFork: true, notes: [] });
      expect(output).toMatch(/^disk .* \/$/m);
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
