import type { Vitals } from '../model/index.ts';
import type { Fields } from './parse-report.ts';

/** A PiB. The largest EC2 instance has 32 TiB: more comes from a lie or a broken kernel. */
const MOST_MEMORY_KIB = 2 ** 40;
/** Share of all memory from which it is worth a line. */
const NOTEWORTHY = 0.1;

type Memory = Pick<Vitals, 'memory' | 'swap'>;

/** Memory and swap from the line `mem`, in bytes. Null, with the fault noted, where they are missing or impossible. */
export function parseMemory(fields: Fields): Memory | null {
  const kib = fields.pairs('mem');
  const total = kib.get('MemTotal');
  const free = kib.get('MemFree');
  if (total === undefined || free === undefined) return fields.fail('mem', 'has no MemTotal or no MemFree');
  if (total === 0 || total > MOST_MEMORY_KIB) return fields.fail('mem', 'gives a size of memory that no machine has');
  if (free > total) return fields.fail('mem', 'gives more free memory than there is');
  const given = kib.get('MemAvailable');
  if (given !== undefined && given > total) return fields.fail('mem', 'gives more available memory than there is');
  const available = given ?? Math.min(total, estimateAvailable(kib, free));
  const swapTotal = kib.get('SwapTotal');
  const swapFree = kib.get('SwapFree');
  if ((swapFree ?? 0) > (swapTotal ?? 0)) return fields.fail('mem', 'gives more free swap than there is');
  if ((swapTotal ?? 0) > MOST_MEMORY_KIB) return fields.fail('mem', 'gives a size of swap that no machine has');
  return {
    memory: {
      totalBytes: total * 1024,
      availableBytes: available * 1024,
      freeBytes: free * 1024,
      usedBytes: (total - available) * 1024,
      ...(given === undefined && { estimated: true }),
    },
    swap: { totalBytes: bytes(swapTotal), freeBytes: bytes(swapFree) },
  };
}

/**
 * What kernels before 3.14 don't report, as procps-ng's free(1) works it out from the kernel's own later formula
 * (https://git.kernel.org/linus/34e431b0ae39): half of the page cache and of the reclaimable slab, or all but the low
 * watermark of it, can go without swapping. Kernels before 2.6.28 don't even list the page cache apart: free alone.
 */
function estimateAvailable(kib: ReadonlyMap<string, number>, free: number): number {
  const watermark = Math.floor(((kib.get('min_free') ?? 0) * 5) / 4);
  const active = kib.get('Active(file)');
  const inactive = kib.get('Inactive(file)');
  if (active === undefined || inactive === undefined) return free;
  const cache = active + inactive;
  const slab = kib.get('SReclaimable') ?? 0;
  const freeable = (size: number) => size - Math.min(Math.floor(size / 2), watermark);
  return Math.max(0, free - watermark + freeable(cache) + freeable(slab));
}

/** What takes much memory and belongs to no process: it explains a figure that would otherwise surprise. */
export function memoryNotes(fields: Fields, memory: Vitals['memory']): string[] {
  const kib = fields.pairs('mem');
  const huge = (kib.get('HugePages_Total') ?? 0) * (kib.get('Hugepagesize') ?? 0);
  const notes: string[] = [];
  const note = (size: number, text: string) => {
    const share = (size * 1024) / memory.totalBytes;
    if (share >= NOTEWORTHY && share <= 1) notes.push(`${Math.round(share * 100)}% of memory is ${text}.`);
  };
  note(kib.get('Shmem') ?? 0, 'in tmpfs and shared memory');
  note(huge, 'set aside for huge pages');
  if (memory.estimated) notes.push('Available memory is estimated: this kernel does not report it.');
  return notes;
}

const bytes = (kib: number | undefined) => (kib === undefined ? null : kib * 1024);
