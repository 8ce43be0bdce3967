/** Recorded machines of many mounts and processes for the real script, and what running it on them costs. */
import { spawnSync } from 'node:child_process';
import { type Machine, replay } from './probe-shell.ts';

export { replay };

const MEMINFO = 'MemTotal: 8000000 kB\nMemFree: 1000000 kB\nMemAvailable: 4000000 kB\n';

/** Answers for one path a call, as a recording's stat does, without looking anything up. */
const SAME_FOR_ALL = `#!/bin/dash\necho "\${3%%\\%*}4096 700000 500000 490000 600000 590000"\n`;

const longName = (i: number) => `/srv/containers/storage/${String(i).padStart(32, '0')}/volumes/of-a-crawler/data`;

/** So many file systems, below a container's long paths unless they are named otherwise, and so many processes. */
export function manyMounts(mounts: number, processes: number, nameOf = longName): Machine {
  const lines = ['28 1 259:1 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p1 rw'];
  for (let i = 1; i < mounts; i++) {
    lines.push(`${100 + i} 28 8:${i} / ${nameOf(i)} rw,relatime shared:${i} - xfs /dev/sd${i} rw,attr2`);
  }
  const machine: Record<string, string> = {
    '/proc/meminfo': MEMINFO,
    '/proc/self/mountinfo': `${lines.join('\n')}\n`,
    '/bin/stat': SAME_FOR_ALL,
  };
  for (let pid = 1; pid <= processes; pid++) {
    machine[`/proc/${pid}/statm`] = `${pid * 7} ${(pid * 7919) % 5003} 1 1 0 1 0\n`;
    machine[`/proc/${pid}/comm`] = `crawler-${pid}\n`;
    machine[`/proc/${pid}/status`] = `Name:\tcrawler-${pid}\nVmRSS:\t${pid * 4} kB\n`;
  }
  return machine;
}

/** The CPU seconds of a script and of all that it starts: the least of a few runs, since others share the machine. */
export function cpuSeconds(shell: readonly string[], script: string, runs = 3): number {
  const measured = Array.from({ length: runs }, () => {
    const timed = 'TIMEFORMAT="%U %S"; time "$@" -s >/dev/null';
    const { stderr } = spawnSync('bash', ['-c', timed, 'bash', ...shell], { input: script, encoding: 'utf8' });
    const [user = Number.NaN, system = Number.NaN] = stderr.trim().split(' ').map(Number);
    return user + system;
  });
  return Math.min(...measured);
}
