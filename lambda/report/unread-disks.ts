/** JSON lists every disk under `disks`; one that could not be read has null for each figure and `unread`, which says why. */
import type { Disk, InstanceReport, UnreadDisk, Vitals } from '../model/index.ts';

export interface WrittenUnreadDisk {
  readonly mount: string;
  readonly totalBytes: null;
  readonly availableBytes: null;
  readonly usedPercent: null;
  readonly inodesUsedPercent: null;
  readonly readOnly: null;
  readonly unread: string;
}

export type WrittenDisk = Disk | WrittenUnreadDisk;

/** As it is written. */
export function writtenInstance(instance: InstanceReport): object {
  const { vitals } = instance;
  if (vitals?.unreadDisks === undefined) return instance;
  const { unreadDisks, ...read } = vitals;
  return { ...instance, vitals: { ...read, disks: [...read.disks, ...unreadDisks.map(written)] } };
}

const written = ({ mount, why }: UnreadDisk): WrittenUnreadDisk => ({
  mount,
  totalBytes: null,
  availableBytes: null,
  usedPercent: null,
  inodesUsedPercent: null,
  readOnly: null,
  unread: why,
});

/** As it was before it was written. */
export function readDisks(all: readonly WrittenDisk[]): Pick<Vitals, 'disks' | 'unreadDisks'> {
  const disks = all.filter((disk): disk is Disk => !('unread' in disk));
  const unreadDisks = all.flatMap((disk) => ('unread' in disk ? [{ mount: disk.mount, why: disk.unread }] : []));
  return { disks, ...(unreadDisks.length > 0 && { unreadDisks }) };
}
