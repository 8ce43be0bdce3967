import type { Disk } from '../model/index.ts';

const LINE =
  /^(\d{1,9}) (\d{1,19}) (\d{1,19}) (\d{1,19}) (\d{1,20}) (\d{1,20}) (ro|rw) (\/.{0,2047}|0x(?:[0-9a-f]{2}){1,1024})$/;

export type ParsedDisk =
  | { readonly kind: 'disk'; readonly disk: Disk }
  /** Well formed, but no file system can have these figures. */
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
 * A mount point as the script prints it: with the kernel's octal escapes and, where it isn't ASCII, in hex on top of
 * that. What would be a control character, or isn't UTF-8, stays escaped.
 */
export function decodeMount(printed: string): string {
  const hex = /^0x((?:[0-9a-f]{2})*)$/.exec(printed)?.[1];
  const mount = hex === undefined ? printed : (readable(hex.match(/../g) ?? [], 16) ?? printed);
  return mount.replace(/(?:\\[0-3][0-7]{2})+/g, (run) => readable(run.split('\\').slice(1), 8) ?? run);
}

/** Bytes, given as digits, as text; null unless they are UTF-8 without control or invisible characters. */
function readable(digits: readonly string[], base: number): string | null {
  const text = new TextDecoder().decode(Uint8Array.from(digits, (byte) => Number.parseInt(byte, base)));
  return /[\p{C}\p{Zl}\p{Zp}\uFFFD]/u.test(text) ? null : text;
}
