/**
 * A host whose memory is a cgroup's: its own sshd and /proc in mount and pid namespaces, and a worker on it that really
 * leaks. Its clock is set: so a slow machine makes the story take longer, and changes nothing of it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Sshd, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { cgroupMissing, newMemoryCgroup } from './leak-cgroup.ts';

const SCRIPT = join(import.meta.dirname, 'leak-host.sh');
const WORKER = join(import.meta.dirname, 'leak-worker.pl');
export const UNIT = 'leaky.service';

/** Why there can be no such host here; null where there can. */
export async function leakMissing(): Promise<string | null> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes root on Linux to limit memory';
  if (sshdMissing !== null) return sshdMissing;
  for (const tool of ['perl', 'setsid']) if (!existsSync(`/usr/bin/${tool}`)) return `no ${tool}`;
  const unshare = spawnSync('unshare', ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'true']);
  if (unshare.status !== 0) return `unshare is not allowed: ${unshare.stderr ?? unshare.error?.message}`.trim();
  return cgroupMissing();
}

export interface LeakOptions {
  readonly limitMib: number;
  /** What the worker holds from its start. */
  readonly baseMib: number;
  readonly leakKibPerMinute: number;
}

export interface LeakyHost {
  readonly sshd: Sshd;
  /** Times that the kernel killed in the cgroup. */
  oomKills(): number;
  /** Of the worker, as its host counts it; null while it is down. */
  workerPid(): number | null;
  /** Sets the host's clock, and waits until the worker has leaked what it leaks by then, or is dead. */
  tell(minute: number): Promise<void>;
  close(): Promise<void>;
}

/** @throws where it does not start; nothing of it is left then. */
export async function startLeakyHost({ limitMib, baseMib, leakKibPerMinute }: LeakOptions): Promise<LeakyHost> {
  const cgroup = newMemoryCgroup(limitMib * 1024 ** 2);
  const directory = mkdtempSync(join(tmpdir(), 'crawlwatch-leak-'));
  const own = (name: string) => join(directory, name);
  const put = (name: string, text: string) => {
    writeFileSync(own(`${name}.written`), text);
    renameSync(own(`${name}.written`), own(name));
  };
  const read = (name: string) => (existsSync(own(name)) ? readFileSync(own(name), 'utf8').trim() : null);
  const tidy = async (sshd?: Sshd) => {
    // Its death takes the namespaces' pid 1 with it, and that one all the others.
    sshd?.process.kill('SIGKILL');
    await sshd?.close();
    await cgroup.remove();
    rmSync(directory, { recursive: true, force: true });
  };
  put(
    'facts',
    [
      `cgroup=${cgroup.path} usage=${cgroup.usage} kills=${cgroup.kills} limit_kb=${limitMib * 1024}`,
      `worker='perl ${WORKER} ${directory} ${baseMib} ${leakKibPerMinute}'`,
      '',
    ].join('\n'),
  );
  put('clock', '0\n');
  put('unit.ended', 'inactive\n');
  mkdirSync(own('bin'));
  writeFileSync(own('bin/systemctl'), `#!/bin/sh\nexec sh ${SCRIPT} ${directory} systemctl "$@"\n`, { mode: 0o755 });
  try {
    const sshd = await startSshd({
      under: ['sh', SCRIPT, directory, 'enter'],
      config: [`ForceCommand sh ${SCRIPT} ${directory} login`],
    });
    return {
      sshd,
      oomKills: cgroup.oomKills,
      workerPid: () => Number(read('unit.pid')) || null,
      async tell(minute) {
        put('clock', `${minute}\n`);
        while (read('reached') !== String(minute) && read('unit.pid') !== null) await sleep(20);
      },
      close: () => tidy(sshd),
    };
  } catch (error) {
    await tidy();
    throw error;
  }
}
