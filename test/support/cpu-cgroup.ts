/** A cgroup that gets only so much of one CPU, of version 1 or 2: whichever this machine has. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = '/sys/fs/cgroup';
const PREFIX = 'crawlwatch-starved-';
/** The kernel's usual period. */
const PERIOD_US = 100_000;

export interface CpuCgroup {
  /** Writing a process id to it moves that process in. */
  readonly procs: string;
  /** The processes in it, zombies too. */
  members(): number[];
  /** Once all in it have ended. */
  remove(): Promise<void>;
}

/** @throws where this machine does not allow one, with why. */
export function newCpuCgroup(percent: number): CpuCgroup {
  const quota = String((PERIOD_US * percent) / 100);
  const first = existsSync(`${ROOT}/cpu/cpu.cfs_quota_us`);
  const root = first ? `${ROOT}/cpu` : ROOT;
  if (!first) allowCpu();
  sweep(root);
  const path = `${root}/${PREFIX}${process.pid}-${Date.now()}-${percent}`;
  mkdirSync(path);
  if (first) {
    writeFileSync(`${path}/cpu.cfs_period_us`, String(PERIOD_US));
    writeFileSync(`${path}/cpu.cfs_quota_us`, quota);
  } else {
    writeFileSync(`${path}/cpu.max`, `${quota} ${PERIOD_US}`);
  }
  return {
    procs: `${path}/cgroup.procs`,
    members: () => readFileSync(`${path}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number),
    async remove() {
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

function allowCpu(): void {
  const words = (name: string) => readFileSync(`${ROOT}/${name}`, 'utf8').split(/\s+/);
  if (!words('cgroup.controllers').includes('cpu')) throw new Error('its cgroups do not limit CPU');
  if (!words('cgroup.subtree_control').includes('cpu')) writeFileSync(`${ROOT}/cgroup.subtree_control`, '+cpu');
}

/** Removes those that a run left behind which was cut short, once they are empty. */
function sweep(root: string): void {
  for (const name of readdirSync(root).filter((each) => each.startsWith(PREFIX))) {
    try {
      rmdirSync(`${root}/${name}`);
    } catch {
      // Still in use: another run's.
    }
  }
}

/** Why no such cgroup can be had here; null where it can. */
export async function cpuCgroupMissing(): Promise<string | null> {
  try {
    await newCpuCgroup(50).remove();
    return null;
  } catch (error) {
    return `no cgroup with a CPU quota can be made here: ${error instanceof Error ? error.message : String(error)}`;
  }
}
