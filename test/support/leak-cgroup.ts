/** A cgroup that may have only so much memory, of version 1 or 2: whichever this machine has. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = '/sys/fs/cgroup';
const PREFIX = 'crawlwatch-leak-';

/** How a version calls its files; `kills` has a line `oom_kill N` in both. */
interface Version {
  readonly root: string;
  readonly limit: string;
  readonly usage: string;
  readonly kills: string;
  /** So that what is over the limit isn't swapped. Absent where the kernel doesn't count swap. */
  readonly swap: readonly [file: string, value: (bytes: number) => number];
}

const V1: Version = {
  root: `${ROOT}/memory`,
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  kills: 'memory.oom_control',
  swap: ['memory.memsw.limit_in_bytes', (bytes) => bytes],
};
const V2: Version = {
  root: ROOT,
  limit: 'memory.max',
  usage: 'memory.current',
  kills: 'memory.events',
  swap: ['memory.swap.max', () => 0],
};

export interface MemoryCgroup {
  readonly path: string;
  readonly usage: string;
  readonly kills: string;
  oomKills(): number;
  /** Once all in it have ended. */
  remove(): Promise<void>;
}

/** @throws where this machine does not allow one, with why. */
export function newMemoryCgroup(limitBytes: number): MemoryCgroup {
  const version = existsSync(`${V1.root}/${V1.limit}`) ? V1 : V2;
  if (version === V2) allowMemory();
  sweep(version);
  const path = `${version.root}/${PREFIX}${process.pid}-${Date.now()}`;
  mkdirSync(path);
  writeFileSync(`${path}/${version.limit}`, String(limitBytes));
  const [swap, value] = version.swap;
  if (existsSync(`${path}/${swap}`)) writeFileSync(`${path}/${swap}`, String(value(limitBytes)));
  return {
    path,
    usage: version.usage,
    kills: version.kills,
    oomKills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(`${path}/${version.kills}`, 'utf8'))?.[1]),
    async remove() {
      // The kernel takes a moment to bury the last of them.
      for (let left = 200; existsSync(path); left--) {
        try {
          rmdirSync(path);
        } catch (error) {
          if (left === 0) throw error;
          await sleep(50);
        }
      }
    },
  };
}

function allowMemory(): void {
  const words = (name: string) => readFileSync(`${ROOT}/${name}`, 'utf8').split(/\s+/);
  if (!words('cgroup.controllers').includes('memory')) throw new Error('its cgroups do not limit memory');
  if (!words('cgroup.subtree_control').includes('memory')) writeFileSync(`${ROOT}/cgroup.subtree_control`, '+memory');
}

/** Those that a run left behind which was cut short, once they are empty. */
function sweep({ root }: Version): void {
  for (const name of readdirSync(root).filter((each) => each.startsWith(PREFIX))) {
    try {
      rmdirSync(`${root}/${name}`);
    } catch {
      // Still in use: another run's.
    }
  }
}

/** Why no cgroup and no namespace can be had here; null where they can. */
export async function cgroupMissing(): Promise<string | null> {
  try {
    await newMemoryCgroup(64 * 1024 ** 2).remove();
    return null;
  } catch (error) {
    return `no cgroup with a memory limit can be made here: ${error instanceof Error ? error.message : String(error)}`;
  }
}
