import type { Disk } from '../model.ts';

const LINE = /^(\d{1,9}) (\d{1,19}) (\d{1,19}) (\d{1,19}) (\d{1,20}) (\d{1,20}) (ro|rw) (\/.{0,2047})$/;

export type ParsedDisk =
  | { readonly kind: 'disk'; readonly disk: Disk }
  /** Well written, but no file system can be so. */
  | { readonly kind: 'impossible'; readonly note: string }
  | { readonly kind: 'unreadable' };

/** Reads `BLOCKSIZE BLOCKS FREE AVAILABLE INODES INODES-FREE ro|rw MOUNT`, what statfs(2) says. */
export function parseDisk(line: string): ParsedDisk {
  const [, size, ...figures] = LINE.exec(line) ?? [];
  const mount = decodeMount(figures.pop() ?? '');
  const readOnly = figures.pop() === 'ro';
  if (size === undefined) return { kind: 'unreadable' };
  const [blocks = 0, free = 0, available = 0, inodes = 0, inodesFree = 0] = figures.map(Number);
  const totalBytes = Number(size) * blocks;
  const used = blocks - free;
  if (
    totalBytes === 0 ||
    !Number.isSafeInteger(totalBytes) ||
    free > blocks ||
    available > free ||
    inodesFree > inodes
  ) {
    return { kind: 'impossible', note: `${mount} gives impossible figures and is left out.` };
  }
  return {
    kind: 'disk',
    disk: {
      mount,
      totalBytes,
      availableBytes: Number(size) * available,
      usedPercent: percent(used, used + available),
      inodesUsedPercent: inodes === 0 ? null : percent(inodes - inodesFree, inodes),
      readOnly,
    },
  };
}

/** One decimal: what df rounds up to a whole. A disk with neither used nor usable space is full. */
const percent = (part: number, whole: number) => (whole === 0 ? 100 : Math.round((part / whole) * 1000) / 10);

/**
 * A mount point with the kernel's octal escapes undone, the script's for UTF-8 as well. What would be a control
 * character, or isn't UTF-8, stays escaped.
 */
export function decodeMount(escaped: string): string {
  return escaped.replace(/(?:\\[0-3][0-7]{2})+/g, (run) => {
    const bytes = run
      .split('\\')
      .slice(1)
      .map((octal) => Number.parseInt(octal, 8));
    const text = new TextDecoder().decode(new Uint8Array(bytes));
    return /[\p{C}\p{Zl}\p{Zp}\uFFFD]/u.test(text) ? run : text;
  });
}
