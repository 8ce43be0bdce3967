import type { Disk } from '../model/index.ts';

const MOUNT = String.raw`(?:\/[!-~]{0,2047}|0x(?:[0-9a-f]{2}){1,1024})`;
const LINE = new RegExp(`^(\\d{1,9}) (\\S+) (\\S+) (\\S+) (\\S+) (\\S+) (ro|rd|rw) (${MOUNT})$`);
const ENDS_IN_MOUNT = new RegExp(` (${MOUNT})$`);
const WHOLE = new RegExp(`^${MOUNT}$`);

export type ParsedDisk =
  /** `note`: what is odd about its inodes, which are then not known. */
  | { readonly kind: 'disk'; readonly disk: Disk; readonly note: string | null }
  | { readonly kind: 'unread'; readonly mount: string; readonly why: string }
  /** Not even its mount can be read. */
  | { readonly kind: 'unreadable' };

/**
 * Reads `BLOCKSIZE BLOCKS FREE AVAILABLE INODES INODES-FREE rw|ro|rd MOUNT`, what statfs(2) says. Counts of what is left
 * go below zero where root has used what is reserved, and are printed so or as 2^64 less that (node_exporter 1672).
 */
export function parseDisk(line: string): ParsedDisk {
  const [, size, ...words] = LINE.exec(line) ?? [];
  if (size === undefined) {
    const mount = ENDS_IN_MOUNT.exec(line)?.[1];
    return mount === undefined
      ? { kind: 'unreadable' }
      : { kind: 'unread', mount: decodeMount(mount), why: 'its line can not be read' };
  }
  const mount = decodeMount(words.pop() ?? '');
  const state = words.pop();
  const [blocks = null, free = null, available = null, inodes = null, inodesFree = null] = words.map(countOf);
  if (blocks === null || free === null || available === null) return impossible(mount);
  const [freeBlocks, availableBlocks] = [Math.max(0, free), Math.max(0, available)];
  const totalBytes = Number(size) * blocks;
  const used = blocks - freeBlocks;
  const isPossible = totalBytes > 0 && Number.isSafeInteger(totalBytes) && used >= 0 && availableBlocks <= freeBlocks;
  if (!isPossible) return impossible(mount);
  const inodesUsed = inodesUsedOf(inodes, inodesFree);
  return {
    kind: 'disk',
    disk: {
      mount,
      totalBytes,
      availableBytes: Number(size) * availableBlocks,
      usedPercent: percent(used, used + availableBlocks),
      inodesUsedPercent: inodesUsed === 'odd' ? null : inodesUsed,
      readOnly: state !== 'rw',
      ...(state === 'rd' && { readOnlyByDesign: true }),
    },
    note: inodesUsed === 'odd' ? `The inodes of ${mount} are not known: their figures are impossible.` : null,
  };
}

const impossible = (mount: string): ParsedDisk => ({ kind: 'unread', mount, why: 'its figures are impossible' });

/** A count as stat(1) prints it; -1 for any below zero, of which those from 2^63 are a form. Null: it is none. */
function countOf(text: string): number | null {
  if (!/^-?\d{1,20}$/.test(text)) return null;
  const count = BigInt(text);
  if (count >= 2n ** 64n || count < -(2n ** 63n)) return null;
  return count < 0n || count >= 2n ** 63n ? -1 : Number(count);
}

/** Percent used; null where the file system counts none. */
function inodesUsedOf(inodes: number | null, free: number | null): number | null | 'odd' {
  if (inodes === null || free === null || (inodes > 0 && free > inodes)) return 'odd';
  return inodes <= 0 ? null : percent(inodes - Math.max(0, free), inodes);
}

/** One decimal: what df rounds up to a whole. A disk with neither used nor usable space is full. */
const percent = (part: number, whole: number) => (whole === 0 ? 100 : Math.round((part / whole) * 1000) / 10);

/** A mount as the script prints it, decoded; null where it is none. */
export const parseMount = (printed: string): string | null => (WHOLE.test(printed) ? decodeMount(printed) : null);

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
