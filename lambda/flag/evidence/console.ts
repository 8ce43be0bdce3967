/**
 * What an instance's console says of the OOM killer and of boots. The guest wrote it: whatever it holds is data, and a guest
 * that lies can only have itself rebooted. Pure.
 */

import type { ConsoleOutput } from '../../model/index.ts';
import type { Weighed } from './weighed.ts';

/** LOG_LINE_MAX of the kernel's printk. */
const KERNEL_LINE_MAX = 1_024;
const LINES_KEPT = 5;
const LINE_MAX = 200;
/** A console that says more than this ahead of what is possible is from an earlier life, or wrong. */
const CLOCK_SLACK_MS = 60_000;
/** So many victims since the last answer are direct evidence, whichever they were. */
const KILLS_OF_ANYTHING = 3;
/** The kernel keeps 15 characters of a process's name (TASK_COMM_LEN). */
const COMM_MAX = 15;

/** As Linux has printed it from 2.6 to 6.x: mm/oom_kill.c and mm/memcontrol.c. */
const OOM_KILLER =
  /invoked oom-killer|oom-kill:|Out of memory.{0,40}: Kill(ed)? process|Memory cgroup out of memory|Killed process \d+ \(/i;
/** One for each victim, in every version. */
const VICTIM = /Killed process (\d+) \((.{1,64}?)\)/;
/** 2.6 to 4.x name the victim first, with the reason, and say that it was killed in a line of its own. */
const SENTENCED =
  /(Memory cgroup out of memory|Out of memory(?: \(oom_kill_allocating_task\))?): Kill process (\d+) \(/;
/** From 5.0 on, a line ahead of each kill: what was short of memory, and in which cgroup the victim was. */
const CONSTRAINT = /oom-kill:constraint=(\w+),.*?(?:task_memcg=([^,]{0,300}),)?task=.{1,64}?,pid=(\d+)/;
/** printk's seconds since boot. */
const UPTIME = /^\[\s*(\d{1,9}\.\d{1,9})\]/;
/** cloud-init prints the date beside the uptime in each stage of each boot (cloudinit/cmd/main.py). */
const CLOUD_INIT =
  /Cloud-init v\. .{0,120} at (\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4})\. .{0,120}?Up (\d{1,9}(?:\.\d+)?) seconds/;
/** The kernel reads the clock once in each boot (drivers/rtc/class.c). */
const RTC = /setting system clock to (\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d) UTC/;
/** agetty's, once a boot is done. */
const LOGIN_PROMPT = /^\S{1,64} login:\s*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal sequences begin with one
const ANSI = /\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\r\n]*(\x07|\x1b\\)|[@-Z\\^_])/g;

interface Kill {
  readonly victim: string;
  /** `cgroup`: a limit within the machine was hit, not the machine's memory. */
  readonly scope: 'global' | 'cgroup' | 'unknown';
  /** The cgroup that the victim was in, as the kernel names it. */
  readonly cgroup: string | null;
  /** Milliseconds since its boot; null where the line has no time. */
  readonly upMs: number | null;
}

export interface ConsoleReading {
  /** The OOM killer's last lines, at most five of at most 200 printable ASCII characters. */
  readonly lines: readonly string[];
  /** Kills of the boot at the console's end; older ones may have scrolled out of its 64 KiB. */
  readonly kills: readonly Kill[];
  /** When that boot was, by its own lines; null where they don't say. */
  readonly bootedAt: Date | null;
  /** It shows a login prompt, after which nothing was killed. */
  readonly isUp: boolean;
}

export function readConsole(text: string): ConsoleReading {
  // The kernel prints no longer ones; patterns take time with what a guest makes up.
  const all = text
    .replace(ANSI, '')
    .split(/[\r\n]+/)
    .map((line) => line.slice(0, KERNEL_LINE_MAX));
  let bootedAt: number | null = null;
  let kills: Kill[] = [];
  let isUp = false;
  let up = 0;
  let sentence: { readonly pid: string; readonly scope: Kill['scope'] } | null = null;
  let constraint: { readonly pid: string; readonly isGlobal: boolean; readonly cgroup: string | null } | null = null;
  const begin = () => {
    bootedAt = sentence = constraint = null;
    kills = [];
    isUp = false;
  };
  for (const line of all) {
    const stamp = UPTIME.exec(line)?.[1];
    const seconds = Number(stamp ?? up);
    // Processors may print out of order by a little.
    if (seconds < up - 1 || line.includes('Linux version ')) begin();
    up = seconds;
    const [, date = '', upSeconds] = CLOUD_INIT.exec(line) ?? [];
    if (upSeconds !== undefined && !Number.isNaN(Date.parse(date))) {
      const at = Date.parse(date) - Number(upSeconds) * 1000;
      // The kernel of a quiet boot prints nothing: then this line alone shows that it is another.
      if (bootedAt !== null && Math.abs(at - bootedAt) > CLOCK_SLACK_MS) begin();
      bootedAt = at;
    }
    const [, day, time] = RTC.exec(line) ?? [];
    if (day !== undefined && stamp !== undefined) bootedAt ??= Date.parse(`${day}T${time}Z`) - seconds * 1000;
    if (LOGIN_PROMPT.test(line)) {
      // A prompt comes at the end of a boot: what was killed ahead of it may have been in the boot before.
      kills = [];
      isUp = true;
    }
    const [, why, condemned] = SENTENCED.exec(line) ?? [];
    if (condemned !== undefined) sentence = { pid: condemned, scope: /cgroup/.test(why ?? '') ? 'cgroup' : 'global' };
    const [, what, cgroup, chosen] = CONSTRAINT.exec(line) ?? [];
    if (chosen !== undefined)
      constraint = { pid: chosen, isGlobal: what === 'CONSTRAINT_NONE', cgroup: cgroup ?? null };
    const [, pid, victim] = VICTIM.exec(line) ?? [];
    if (pid === undefined || victim === undefined) continue;
    isUp = false;
    const own = constraint?.pid === pid ? constraint : null;
    const scope = /Memory cgroup/i.test(line)
      ? 'cgroup'
      : own !== null && !own.isGlobal
        ? 'cgroup'
        : /Out of memory/i.test(line)
          ? 'global'
          : sentence?.pid === pid
            ? sentence.scope
            : 'unknown';
    kills.push({ victim, scope, cgroup: own?.cgroup ?? null, upMs: stamp === undefined ? null : seconds * 1000 });
  }
  return { lines: oomLines(all), kills, bootedAt: bootedAt === null ? null : new Date(bootedAt), isUp };
}

function oomLines(lines: readonly string[]): string[] {
  return lines
    .filter((line) => OOM_KILLER.test(line))
    .slice(-LINES_KEPT)
    .map((line) =>
      line
        .replace(/[^ -~]+/g, ' ')
        .trim()
        .slice(0, LINE_MAX),
    );
}

export interface ConsoleOptions {
  readonly lastAnswer: Date;
  /** When the boot began in which it last answered; null where that is not known. */
  readonly bootedAt: Date | null;
  /** No boot is earlier. */
  readonly launchedAt: Date | null;
  /** The systemd unit of the worker, or its process's name; null where none is known. */
  readonly worker: string | null;
  /** The host itself was reached. */
  readonly reached: boolean;
  readonly now: Date;
}

/**
 * A kill counts where the kernel's own clock puts it after the last answer, in the boot of that answer, and EC2 took the
 * console since. A kill without a time, and one whose boot isn't known, count for nothing.
 */
export function weighConsole(console: ConsoleOutput | null, options: ConsoleOptions): Weighed {
  if (console === null) return {};
  const { lastAnswer, launchedAt, now } = options;
  const { lines, kills, bootedAt, isUp } = readConsole(console.text);
  const notes = lines.map((line) => `Console: ${line}`);
  const takenAt = console.at;
  if (takenAt === null || takenAt <= lastAnswer) return { notes };
  if (isUp && bootedAt !== null && bootedAt > lastAnswer && bootedAt <= now) {
    return { against: ['it has booted since its last answer, and its console shows a login prompt'], notes };
  }
  const booted = bootedAt ?? options.bootedAt ?? launchedAt;
  const latest = Math.min(now.getTime(), takenAt.getTime()) + CLOCK_SLACK_MS;
  const since = kills.filter(({ upMs, scope }) => {
    if (booted === null || upMs === null || scope !== 'global') return false;
    const at = booted.getTime() + upMs;
    return at > lastAnswer.getTime() && at <= latest;
  });
  if (since.length === 0) return { notes };
  // Cut off, a host that is well may lose a process to its memory, too.
  const flagsOnly = options.reached ? {} : { flagsOnly: true };
  const vital = since.find((kill) => isSshd(kill) || isWorker(kill, options.worker));
  if (vital !== undefined) {
    return {
      direct: [`an OOM kill of ${isSshd(vital) ? 'sshd' : 'its worker'} in its console since its last answer`],
      ...flagsOnly,
      notes,
    };
  }
  const text = `${since.length === 1 ? 'an OOM kill' : `${since.length} OOM kills`} in its console since its last answer`;
  return since.length >= KILLS_OF_ANYTHING
    ? { direct: [text], ...flagsOnly, notes }
    : { circumstantial: [text], notes };
}

/** OpenSSH 9.8 and later call the process of a connection `sshd-session`. */
const isSshd = ({ victim }: Kill): boolean => /^sshd(-|$)/.test(victim);

/**
 * By the unit's cgroup, which the kernel names from 5.0 on: a unit's processes have other names than the unit (the `ruby` of
 * sidekiq.service). Else by the name alone, which a process may give itself (`sidekiq 7.1.2 a`).
 */
function isWorker({ victim, cgroup }: Kill, worker: string | null): boolean {
  if (worker === null) return false;
  if (cgroup?.split('/').includes(worker)) return true;
  const name = worker.replace(/\.service$/, '').slice(0, COMM_MAX);
  return victim === name || victim.startsWith(`${name} `);
}
