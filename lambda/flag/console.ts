/**
 * What an instance's console tells of the OOM killer. The guest wrote it: whatever it holds is data, and a guest that
 * lies can only have itself rebooted. Pure.
 */

const LINES_KEPT = 5;
const LINE_MAX = 200;
/** A console that says more than this ahead of now is from an earlier life, or wrong. */
const CLOCK_SLACK_MS = 5 * 60_000;

/** As Linux has printed it from 2.6 to 6.x: mm/oom_kill.c and mm/memcontrol.c. */
const OOM_KILLER =
  /invoked oom-killer|oom-kill:|Out of memory: Kill(ed)? process|Memory cgroup out of memory|Killed process \d+ \(/i;
/** One for each victim, in every version, as the counter `oom_kill` of /proc/vmstat counts them. */
const VICTIM = /Killed process \d+ \(/;
/** printk's seconds since boot. */
const UPTIME = /^\[\s*(\d{1,9})\.\d{1,9}\]/;
/** cloud-init prints the date beside the uptime in each stage of each boot (cloudinit/cmd/main.py). */
const CLOUD_INIT =
  /Cloud-init v\. .{0,120} at (\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4})\. .{0,120}?Up (\d{1,9}(?:\.\d+)?) seconds/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal sequences begin with one
const ANSI = /\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\r\n]*(\x07|\x1b\\)|[@-Z\\^_])/g;

export interface ConsoleReading {
  /** The OOM killer's last lines, at most five of at most 200 printable ASCII characters. */
  readonly lines: readonly string[];
  /** Victims in the latest boot that the console shows; older ones may have scrolled out of its 64 KiB. */
  readonly kills: number;
  /** The last of them fell no earlier than this; null where that is not known. */
  readonly lastKillNotBefore: Date | null;
}

/** @param launchedAt No boot is earlier; exact boot times are known only from cloud-init's lines. */
export function readConsole(text: string, launchedAt: Date | null, now: Date): ConsoleReading {
  const all = text.replace(ANSI, '').split(/[\r\n]+/);
  let bootedAt: number | null = null;
  let kills = 0;
  let uptime = 0;
  let lastKill: number | null = null;
  for (const line of all) {
    const seconds = Number(UPTIME.exec(line)?.[1] ?? uptime);
    if (seconds < uptime || line.includes('Linux version ')) {
      bootedAt = lastKill = null;
      kills = 0;
    }
    uptime = seconds;
    const [, date = '', up] = CLOUD_INIT.exec(line) ?? [];
    if (up !== undefined && !Number.isNaN(Date.parse(date))) bootedAt = Date.parse(date) - Number(up) * 1000;
    if (VICTIM.test(line)) {
      kills += 1;
      lastKill = UPTIME.test(line) ? seconds * 1000 : null;
    }
  }
  const booted = bootedAt ?? launchedAt?.getTime() ?? null;
  const notBefore = booted === null || lastKill === null ? null : booted + lastKill;
  const possible = notBefore !== null && notBefore <= now.getTime() + CLOCK_SLACK_MS;
  return { lines: oomLines(all), kills, lastKillNotBefore: possible ? new Date(notBefore) : null };
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
