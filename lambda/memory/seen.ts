/** What one answer leaves for the next one to be compared with: kills, waits for memory, and which mounts were writable. Pure. */
import type { InstanceState, Seen, Vitals } from '../model/index.ts';
import { shortBoot } from '../model/index.ts';

const ROOT = '/';
const MOUNTS_KEPT = 64;
/** Percent of ten seconds in which all tasks waited for memory: from here on the next check has to know the totals. */
const WAITED_LONG = 2.5;
const MICROS = 1_000_000;

type Before = Pick<InstanceState, 'seen' | 'reasons'>;

/** @returns what was seen before, where the host gave no boot id: nothing could be compared with it */
export function seenAfter(before: Before, vitals: Vitals): Seen | null {
  if (vitals.bootId === null) return before.seen;
  const writable = writableAfter(before, vitals);
  const waited = waitedBy(vitals);
  const swap = swapAfter(before.seen, vitals);
  const boot = shortBoot(vitals.bootId);
  const isBare = writable === undefined && waited === null && swap === null;
  // The same object for most hosts in most checks.
  if (isBare && isPlain(before.seen) && before.seen.boot === boot && before.seen.oomKills === vitals.oomKills) {
    return before.seen;
  }
  return {
    boot,
    oomKills: vitals.oomKills,
    ...(writable !== undefined && { writable }),
    ...(waited !== null && { waited }),
    ...(swap !== null && { swap }),
  };
}

const isPlain = (seen: Seen | null): seen is Seen =>
  seen !== null && seen.writable === undefined && seen.waited === undefined && seen.swap === undefined;

const isSameBoot = (seen: Seen, { bootId }: Pick<Vitals, 'bootId'>): boolean =>
  bootId !== null && shortBoot(bootId) === seen.boot;

/** Kills since then, where the boot is the same and both counters are known. */
export function newOomKills(seen: Seen | null, vitals: Pick<Vitals, 'bootId' | 'oomKills'>): number {
  if (seen === null || seen.oomKills === null || vitals.oomKills === null || !isSameBoot(seen, vitals)) return 0;
  return Math.max(0, vitals.oomKills - seen.oomKills);
}

function waitedBy({ memoryPressure: pressure, uptimeSeconds }: Vitals): NonNullable<Seen['waited']> | null {
  if (pressure === null || pressure.fullAvg10 < WAITED_LONG || uptimeSeconds === null) return null;
  const { fullTotalMicros } = pressure;
  return fullTotalMicros === undefined ? null : { upSeconds: uptimeSeconds, fullMicros: fullTotalMicros };
}

/**
 * Percent of the time since the last check in which every task waited for memory; null where that isn't known. By the
 * host's own clock, so that ours and the way there don't matter.
 */
export function waitedSince(seen: Seen | null, vitals: Vitals): number | null {
  const total = vitals.memoryPressure?.fullTotalMicros;
  if (seen?.waited === undefined || total === undefined || !isSameBoot(seen, vitals)) return null;
  const seconds = (vitals.uptimeSeconds ?? 0) - seen.waited.upSeconds;
  const waited = total - seen.waited.fullMicros;
  return seconds < 1 || waited < 0 ? null : Math.min(100, (waited / MICROS / seconds) * 100);
}

/** Bytes free of swap on disk; null: there is none, the host doesn't say, or it is compressed memory (zram). */
export function freeSwap({ swap: { totalBytes, freeBytes, zram } }: Pick<Vitals, 'swap'>): number | null {
  return totalBytes === null || totalBytes === 0 || zram !== undefined ? null : freeBytes;
}

/** A share of memory above which nobody asks how fast swap fills: the forecast's own limit is below. */
const MUCH_MEMORY = 0.4;
/** The rate is that of an hour at most, and of so many seconds at least: over less it is that of one page fault. */
const SWAP_SECONDS = { least: 240, most: 3600 };

/** The reading with which later ones are compared: the earliest of the past hour since which swap has only filled. */
function swapAfter(seen: Seen | null, vitals: Vitals): NonNullable<Seen['swap']> | null {
  const free = freeSwap(vitals);
  const { memory, uptimeSeconds } = vitals;
  if (free === null || uptimeSeconds === null || memory.availableBytes > MUCH_MEMORY * memory.totalBytes) return null;
  const before = seen !== null && isSameBoot(seen, vitals) ? seen.swap : undefined;
  const age = before === undefined ? 0 : uptimeSeconds - before.upSeconds;
  const isKept = before !== undefined && age >= 0 && age < SWAP_SECONDS.most && free <= before.freeBytes;
  return isKept ? before : { upSeconds: uptimeSeconds, freeBytes: free };
}

/** Bytes of swap that fill in an hour, by the host's own clock; null where that isn't known. */
export function swapFilling(seen: Seen | null, vitals: Vitals): number | null {
  const free = freeSwap(vitals);
  if (free === null || seen?.swap === undefined || !isSameBoot(seen, vitals)) return null;
  const seconds = (vitals.uptimeSeconds ?? 0) - seen.swap.upSeconds;
  const isComparable = seconds >= SWAP_SECONDS.least && seconds <= 2 * SWAP_SECONDS.most;
  return isComparable ? ((seen.swap.freeBytes - free) / seconds) * 3600 : null;
}

/** Whether a mount that is read-only now was writable in an earlier check of this boot. */
export const wasWritable = (before: Before, vitals: Pick<Vitals, 'bootId'>, mount: string): boolean =>
  writableBefore(before, vitals).includes(hashOf(mount));

function writableBefore({ seen, reasons }: Before, vitals: Pick<Vitals, 'bootId'>): readonly string[] {
  if (seen === null || !isSameBoot(seen, vitals)) return [];
  // A version that didn't remember mounts called every root that was read-only a fault.
  return seen.writable ?? (reasons.includes('ReadOnlyFilesystem') ? [] : [hashOf(ROOT)]);
}

/** Undefined: the root alone. What turned read-only stays known as writable until it is, or is no longer mounted. */
function writableAfter(before: Before, vitals: Vitals): readonly string[] | undefined {
  const known = writableBefore(before, vitals);
  const unread = vitals.unreadDisks ?? [];
  // A host that could start no process lists no disks at all.
  const isListed = vitals.disks.length + unread.length > 0;
  const mounts = [...vitals.disks.filter(({ readOnly }) => readOnly), ...unread].map(({ mount }) => hashOf(mount));
  const now = vitals.disks.filter(({ readOnly }) => !readOnly).map(({ mount }) => hashOf(mount));
  const kept = isListed ? known.filter((hash) => mounts.includes(hash)) : known;
  const isUsual = vitals.disks.length === 1 && now[0] === hashOf(ROOT) && kept.length === 0;
  return isUsual ? undefined : [...new Set([...now, ...kept])].slice(0, MOUNTS_KEPT);
}

/** FNV-1a in 30 bits: names of mounts are long, and only compared. */
function hashOf(mount: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < mount.length; at++) hash = Math.imul(hash ^ mount.charCodeAt(at), 0x01000193);
  return (hash >>> 2).toString(36);
}
