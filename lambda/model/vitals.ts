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
  readonly readOnly: boolean;
}

export interface Vitals {
  readonly memory: {
    readonly totalBytes: number;
    readonly availableBytes: number;
    readonly freeBytes: number;
    /** Total less available. */
    readonly usedBytes: number;
    /** Kernels before 3.14 have no MemAvailable: it was estimated. */
    readonly estimated?: boolean;
  };
  readonly swap: { readonly totalBytes: number | null; readonly freeBytes: number | null };
  readonly disks: readonly Disk[];
  /** Kills since boot, the whole machine's; null before Linux 4.13. */
  readonly oomKills: number | null;
  /** Percent of the last ten seconds; null where the kernel has no PSI. */
  readonly memoryPressure: { readonly someAvg10: number; readonly fullAvg10: number } | null;
  readonly processes: readonly { readonly pid: number; readonly name: string; readonly residentBytes: number }[];
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

/** The fullest mount that can be written; null where none is known. */
export function fullestDisk<D extends { readonly usedPercent: number; readonly readOnly: boolean }>(
  disks: readonly D[],
): D | null {
  return disks
    .filter((disk) => !disk.readOnly)
    .reduce<D | null>((worst, disk) => (worst === null || disk.usedPercent > worst.usedPercent ? disk : worst), null);
}
