/** What one probe reads of a host. Bytes are bytes; a figure that the host doesn't have is null, never 0. */

export interface Disk {
  readonly mount: string;
  readonly totalBytes: number;
  /** What a user other than root can still write. */
  readonly availableBytes: number;
  /** df's sum: used / (used + available to non-root) x 100. */
  readonly usedPercent: number;
  /** Null where the file system counts none. */
  readonly inodesUsedPercent: number | null;
  /** No mount of its device can be written. */
  readonly readOnly: boolean;
  /** Meant to be read-only (squashfs, `ro` in fstab), or nothing says otherwise; absent: it should be writable. */
  readonly readOnlyByDesign?: true;
  /** Left out of reasons, forecasts and metrics, by `disk.ignore` or the tag `crawlwatch:limits`. */
  readonly ignored?: true;
}

/** A disk of which only its mount is known. */
export interface UnreadDisk {
  readonly mount: string;
  /** e.g. `permission denied`. */
  readonly why: string;
}

/** Share of time in which tasks waited for memory (PSI). */
export interface MemoryPressure {
  /** Percent of the last ten seconds in which some task waited, and in which all did at once. */
  readonly someAvg10: number;
  readonly fullAvg10: number;
  /** Microseconds since boot; absent where the probe didn't say. */
  readonly someTotalMicros?: number;
  readonly fullTotalMicros?: number;
}

export interface Swap {
  readonly totalBytes: number | null;
  readonly freeBytes: number | null;
  /** Swap in compressed memory: what is used of it still takes memory. Absent: there is none. */
  readonly zram?: { readonly totalBytes: number; readonly usedBytes: number };
  /** Swap that is held back in compressed memory: what it was, and what it takes there. Absent: there is none. */
  readonly zswap?: { readonly storedBytes: number; readonly poolBytes: number };
}

/** One of the largest processes. Never its command line, which may hold secrets. */
export interface VitalProcess {
  readonly pid: number;
  readonly name: string;
  readonly residentBytes: number;
  /** When it began, in seconds after the boot; absent: not known. With the pid it names one process. */
  readonly startedSeconds?: number;
  /** Who started it; absent: not known. */
  readonly parentPid?: number;
  /** Of what is resident, what is in no file and in no shared memory (RssAnon); absent before Linux 4.5. */
  readonly anonBytes?: number;
}

export interface Vitals {
  readonly memory: {
    readonly totalBytes: number;
    /** ZFS's ARC above its minimum included: the kernel counts it as used. */
    readonly availableBytes: number;
    readonly freeBytes: number | null;
    /** Total less available. */
    readonly usedBytes: number;
    /** Kernels before 3.14 have no MemAvailable: it was estimated. */
    readonly estimated?: boolean;
    /** In tmpfs and shared memory (Shmem of /proc/meminfo, proc(5)); absent: the kernel doesn't say. */
    readonly sharedBytes?: number;
  };
  readonly swap: Swap;
  readonly disks: readonly Disk[];
  /** Disks that could not be read; absent: there are none. In JSON they are among `disks`, with null for each figure. */
  readonly unreadDisks?: readonly UnreadDisk[];
  /** Kills since boot, the whole machine's; null before Linux 4.13. */
  readonly oomKills: number | null;
  /** Null where the kernel has no PSI. */
  readonly memoryPressure: MemoryPressure | null;
  /** The five largest, the largest first. */
  readonly processes: readonly VitalProcess[];
  /** `state` is systemd's ActiveState, or `running`/`absent` by process name; null when it is not known. */
  readonly worker: { readonly unit: string; readonly state: string | null; readonly restarts: number | null } | null;
  /** Whether sshd answers on the host itself; null when not asked or no way to tell. */
  readonly sshd: boolean | null;
  readonly uptimeSeconds: number | null;
  readonly bootId: string | null;
  readonly load1: number | null;
  /** Kernel release and distribution, e.g. `6.1.0-18-amd64 debian 12`; null when the host doesn't say. */
  readonly system?: string | null;
}

/** What the `seen` tag keeps of a boot id. */
export const shortBoot = (bootId: string): string => bootId.slice(0, 8);

/** The fullest mount that can be written and isn't ignored; null where none is known. */
export function fullestDisk<D extends Pick<Disk, 'usedPercent' | 'readOnly' | 'ignored'>>(
  disks: readonly D[],
): D | null {
  return disks
    .filter((disk) => !disk.readOnly && disk.ignored !== true)
    .reduce<D | null>((worst, disk) => (worst === null || disk.usedPercent > worst.usedPercent ? disk : worst), null);
}
