/**
 * Hosts that are well, were well and are nobody's news: all there is to say of them is known once they are judged. Of a
 * large fleet they are most, and what a check keeps of each decides how much memory it takes. Pure.
 */
import { newOomKills, type Transition } from '../memory/index.ts';
import { type Assessment, fullestDisk, type Vitals } from '../model/index.ts';

export function isSettled({ assessment, outcome, kind, before, after }: Transition): boolean {
  return (
    outcome.kind === 'vitals' &&
    kind === null &&
    assessment.status === 'OK' &&
    assessment.reasons.length === 0 &&
    after.events.length === 0 &&
    before.flag === null &&
    before.incident === null &&
    after.incident === null &&
    before.failures === 0 &&
    newOomKills(before.seen, outcome.vitals) === 0
  );
}

/** What the rest of a check needs of one that {@link isSettled}: what it remembers, and the figures that become metrics. */
export function settled(t: Transition): Transition {
  const { instance, outcome, durationMs, kind, letter, before, after, isOver } = t;
  if (outcome.kind === 'failed') return t;
  const figures = { kind: 'vitals', vitals: new Figures(outcome.vitals), couldFork: true, notes: NOTHING } as const;
  return { instance, assessment: WELL, outcome: figures, durationMs, kind, letter, before, after, isOver };
}

const WELL: Assessment = {
  status: 'OK',
  reasons: [],
  notes: [],
  recommendation: 'none',
  forecast: { memoryMinutes: null, diskMinutes: null },
};
const NO_SWAP: Vitals['swap'] = { totalBytes: null, freeBytes: null };
const NOTHING: readonly never[] = [];

/**
 * Memory and the fullest disk, put together when they are looked at. No text of the host's is among them: V8 would keep all
 * that it sent for the sake of a part.
 */
class Figures implements Vitals {
  readonly #totalBytes: number;
  readonly #availableBytes: number;
  readonly #usedBytes: number;
  readonly #diskUsedPercent: number | null;
  readonly swap = NO_SWAP;
  readonly oomKills = null;
  readonly memoryPressure = null;
  readonly processes = NOTHING;
  readonly worker = null;
  readonly sshd = null;
  readonly uptimeSeconds = null;
  readonly bootId = null;
  readonly load1 = null;

  constructor({ memory, disks }: Vitals) {
    this.#totalBytes = memory.totalBytes;
    this.#availableBytes = memory.availableBytes;
    this.#usedBytes = memory.usedBytes;
    this.#diskUsedPercent = fullestDisk(disks)?.usedPercent ?? null;
  }

  get memory(): Vitals['memory'] {
    const [totalBytes, availableBytes, usedBytes] = [this.#totalBytes, this.#availableBytes, this.#usedBytes];
    return { totalBytes, availableBytes, usedBytes, freeBytes: null };
  }

  get disks(): Vitals['disks'] {
    return this.#diskUsedPercent === null ? NOTHING : [{ ...DISK, usedPercent: this.#diskUsedPercent }];
  }
}

const DISK: Vitals['disks'][number] = {
  mount: '',
  totalBytes: 0,
  availableBytes: 0,
  usedPercent: 0,
  inodesUsedPercent: null,
  readOnly: false,
};
