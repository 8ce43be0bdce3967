import { gib } from '../kit/index.ts';
import type { Swap, Vitals } from '../model/index.ts';
import { type Fields, type Pairs, pairsOf } from './parse-report.ts';

/** A PiB. The largest EC2 instance has 32 TiB: more comes from a lie or a broken kernel. */
const MOST_MEMORY_KIB = 2 ** 40;
/** Share of all memory from which it is worth a line. */
const NOTEWORTHY = 0.1;

/** What the estimate of available memory is made from: with any of it odd there is none. */
const ESTIMATED_FROM = ['MemFree', 'Active(file)', 'Inactive(file)', 'SReclaimable', 'min_free'];
const KNOWN = new Set([
  ...['MemTotal', 'MemAvailable', ...ESTIMATED_FROM, 'Active', 'Inactive', 'Shmem', 'SwapTotal', 'SwapFree'],
  ...['HugePages_Total', 'Hugepagesize', 'Zswap', 'Zswapped'],
]);

type Memory = Vitals['memory'];

export type ParsedMemory =
  | { readonly kind: 'memory'; readonly memory: Memory; readonly swap: Swap; readonly notes: readonly string[] }
  /** What is total or available isn't known, and so nothing is: a sentence. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Memory and swap, in bytes. Only what is total and available is vital: any other odd figure costs itself alone. */
export function parseMemory(fields: Fields): ParsedMemory {
  const lines = fields.all('mem');
  if (lines.length > 1) return unknown('is there twice');
  const pairs = pairsOf(lines[0] ?? '');
  const { figures, odd } = pairs;
  const total = figures.get('MemTotal');
  if (odd.has('MemTotal')) return unknown('gives no MemTotal that can be read');
  if (total === undefined) return unknown('has no MemTotal');
  if (total === 0 || total > MOST_MEMORY_KIB) return unknown('gives a size of memory that no machine has');
  const given = figures.get('MemAvailable');
  if (odd.has('MemAvailable')) return unknown('gives no MemAvailable that can be read');
  if (given !== undefined && given > total) return unknown('gives more available memory than there is');
  const free = freeMemory(fields, pairs, total);
  const available = given ?? estimate(pairs, free);
  if (available === null) return unknown('has no MemAvailable, and nothing that it could be estimated from');

  const notes: string[] = [];
  const reclaimable = parseArc(fields, total - (free ?? 0));
  const all = Math.min(total, available + reclaimable);
  if (all > available) {
    notes.push(`Available memory includes ${gib((all - available) * 1024)} of ZFS's ARC, which it gives back.`);
  }
  noteShares(fields, pairs, total, notes);
  if (given === undefined) notes.push('Available memory is estimated: this kernel does not report it.');
  const memory: Memory = {
    totalBytes: total * 1024,
    availableBytes: all * 1024,
    freeBytes: free === null ? null : free * 1024,
    usedBytes: (total - all) * 1024,
    ...sharedMemory(pairs, total),
    ...(given === undefined && { estimated: true }),
  };
  return { kind: 'memory', memory, swap: parseSwap(fields, pairs, total, notes), notes };
}

const unknown = (what: string): ParsedMemory => ({ kind: 'unknown', why: `The report's line \`mem\` ${what}.` });

/** A figure that can't be is left out. */
function sharedMemory({ figures }: Pairs, total: number): Pick<Memory, 'sharedBytes'> {
  const shared = figures.get('Shmem');
  return shared === undefined || shared > total ? {} : { sharedBytes: shared * 1024 };
}

function freeMemory(fields: Fields, { figures, odd }: Pairs, total: number): number | null {
  const free = figures.get('MemFree');
  if (odd.has('MemFree')) return fields.unknown('mem', 'Free memory', 'gives no MemFree that can be read');
  if (free === undefined) return fields.unknown('mem', 'Free memory', 'has no MemFree');
  return free > total ? fields.unknown('mem', 'Free memory', 'gives more free memory than there is') : free;
}

/**
 * What kernels before 3.14 don't report, as procps-ng's free(1) works it out from the kernel's own later formula
 * (https://git.kernel.org/linus/34e431b0ae39): half of the page cache and of the reclaimable slab, or all but the low
 * watermark of it, can go without swapping. Kernels before 2.6.28 don't even list the page cache apart: free alone.
 * Null where a word can't be read: it may be one of these, or the kernel's own figure.
 */
function estimate({ figures, odd, isGarbled }: Pairs, free: number | null): number | null {
  const isDoubtful = isGarbled || [...figures.keys(), ...odd].some((name) => !KNOWN.has(name));
  const total = figures.get('MemTotal') ?? 0;
  if (free === null || isDoubtful || ESTIMATED_FROM.some((name) => odd.has(name))) return null;
  const watermark = Math.floor(((figures.get('min_free') ?? 0) * 5) / 4);
  const active = figures.get('Active(file)');
  const inactive = figures.get('Inactive(file)');
  if (active === undefined || inactive === undefined) return free;
  const cache = active + inactive;
  const slab = figures.get('SReclaimable') ?? 0;
  const freeable = (size: number) => size - Math.min(Math.floor(size / 2), watermark);
  return Math.min(total, Math.max(0, free - watermark + freeable(cache) + freeable(slab)));
}

/**
 * KiB that ZFS's cache gives back when programs need them: its size above its minimum (`SIZE MIN`, bytes). The kernel
 * counts them as used (openzfs 10255). A container may see the ARC of its machine beside memory of its own: what can't
 * fit into what is used here, beside the largest process, isn't counted.
 */
function parseArc(fields: Fields, usedKib: number): number {
  const figure = "The size of ZFS's ARC";
  const line = fields.one('arc', figure);
  if (line === null) return 0;
  const noArc = (what?: string) => fields.unknown('arc', figure, what) ?? 0;
  const [, size, least] = /^(\d{1,15}) (\d{1,15})$/.exec(line) ?? [];
  if (size === undefined) return noArc();
  const largest = Math.max(0, ...fields.all('proc').map((text) => Number(/^\d+ (\d{1,12}) /.exec(text)?.[1] ?? 0)));
  if (Number(size) / 1024 > usedKib - largest) {
    return noArc("gives more than fits beside the processes: it may be another machine's");
  }
  return Math.floor(Math.max(0, Number(size) - Number(least)) / 1024);
}

function parseSwap(fields: Fields, pairs: Pairs, memoryKib: number, notes: string[]): Swap {
  const { total, free } = sizesOf(fields, pairs);
  const zram = parseZram(fields, total, notes);
  const zswap = parseZswap(fields, pairs, memoryKib, notes);
  return {
    totalBytes: bytes(total),
    freeBytes: bytes(free),
    ...(zram !== null && { zram }),
    ...(zswap !== null && { zswap }),
  };
}

function sizesOf(fields: Fields, { figures, odd }: Pairs): { readonly total?: number; readonly free?: number } {
  const [total, free] = [figures.get('SwapTotal'), figures.get('SwapFree')];
  const nothing = (what: string) => fields.unknown('mem', 'Swap', what) ?? {};
  if (odd.has('SwapTotal')) return nothing('gives no SwapTotal that can be read');
  if ((total ?? 0) > MOST_MEMORY_KIB) return nothing('gives a size of swap that no machine has');
  // lxcfs gives a container's own limit as the total, and what is free on the machine.
  if ((free ?? 0) > (total ?? 0)) return nothing('gives more free swap than there is');
  if (odd.has('SwapFree')) fields.unknown('mem', 'Free swap', 'gives no SwapFree that can be read');
  return { ...(total !== undefined && { total }), ...(free !== undefined && { free }) };
}

/** `TOTAL USED` in KiB, of all swap on zram. */
function parseZram(fields: Fields, swapKib: number | undefined, notes: string[]): NonNullable<Swap['zram']> | null {
  const figure = 'Swap on zram';
  const line = fields.one('zram', figure);
  if (line === null) return null;
  const [, total, used] = (/^(\d{1,15}) (\d{1,15})$/.exec(line) ?? []).map(Number);
  if (total === undefined || used === undefined) return fields.unknown('zram', figure);
  if (total > MOST_MEMORY_KIB || used > total || total > (swapKib ?? total)) {
    return fields.unknown('zram', figure, 'gives more than there is');
  }
  const zram = { totalBytes: total * 1024, usedBytes: used * 1024 };
  const subject = swapKib === undefined || swapKib === total ? 'Swap' : `${gib(zram.totalBytes)} of the swap`;
  notes.push(`${subject} is zram, which is memory, compressed; ${usedText(zram)}.`);
  return zram;
}

/** `1.2 of 2.0 GiB used`. */
const usedText = ({ totalBytes, usedBytes }: NonNullable<Swap['zram']>): string =>
  `${gib(usedBytes)} of ${gib(totalBytes)} used`;

function parseZswap(
  fields: Fields,
  { figures, odd }: Pairs,
  memoryKib: number,
  notes: string[],
): NonNullable<Swap['zswap']> | null {
  const figure = 'What zswap holds';
  if (odd.has('Zswap') || odd.has('Zswapped')) {
    return fields.unknown('mem', figure, 'gives no Zswap or Zswapped that can be read');
  }
  const [pool, stored] = [figures.get('Zswap'), figures.get('Zswapped')];
  if (pool === undefined || stored === undefined) return null;
  if (pool > memoryKib || stored > MOST_MEMORY_KIB) {
    return fields.unknown('mem', figure, 'gives more than there is memory');
  }
  const zswap = { storedBytes: stored * 1024, poolBytes: pool * 1024 };
  notes.push(`zswap holds ${gib(zswap.storedBytes)} of swap in ${gib(zswap.poolBytes)} of memory.`);
  return zswap;
}

/** What takes much memory and belongs to no process: it explains a figure that would otherwise surprise. */
function noteShares(fields: Fields, { figures, odd, isGarbled }: Pairs, totalKib: number, notes: string[]): void {
  const note = (size: number, text: string) => {
    const share = size / totalKib;
    if (share >= NOTEWORTHY && share <= 1) notes.push(`${Math.round(share * 100)}% of memory is ${text}.`);
  };
  note(figures.get('Shmem') ?? 0, 'in tmpfs and shared memory');
  note((figures.get('HugePages_Total') ?? 0) * (figures.get('Hugepagesize') ?? 0), 'set aside for huge pages');
  if (odd.has('Shmem')) fields.unknown('mem', 'Shared memory', 'gives no Shmem that can be read');
  if (odd.has('HugePages_Total') || odd.has('Hugepagesize')) {
    fields.unknown('mem', 'What is set aside for huge pages', 'gives no figure of them that can be read');
  }
  if (isGarbled) fields.unknown('mem', 'A figure of memory', 'holds a word that is no figure');
}

const bytes = (kib: number | undefined) => (kib === undefined ? null : kib * 1024);
