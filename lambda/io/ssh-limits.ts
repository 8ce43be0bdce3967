/** The time that one attempt may take: a host's deadline, and within it what each phase is given. */
import type { Phase } from './ssh-failures.ts';

/** Milliseconds for each part of an attempt; null: as long as the deadline. */
export interface PhaseLimits {
  /** Name and TCP connection. */
  readonly connectMs: number | null;
  readonly bannerMs: number | null;
  /** Key exchange and authentication. */
  readonly loginMs: number | null;
  readonly commandMs: number | null;
}

export const NO_PHASE_LIMITS: PhaseLimits = { connectMs: null, bannerMs: null, loginMs: null, commandMs: null };

const PART: Readonly<Record<Phase, keyof PhaseLimits>> = {
  resolve: 'connectMs',
  connect: 'connectMs',
  banner: 'bannerMs',
  kex: 'loginMs',
  login: 'loginMs',
  command: 'commandMs',
};

/** One timer for an attempt; it is moved only where a phase has a limit of its own. */
export class Limits {
  #timer: NodeJS.Timeout | undefined;
  #part: keyof PhaseLimits | undefined;
  #expired: (afterMs: number) => void = () => {};

  /**
   * @param began when the host's turn began, by `performance.now()`.
   * @param deadlineMs the host's whole deadline, from then.
   */
  constructor(
    readonly began: number,
    readonly deadlineMs: number,
    private readonly phases: PhaseLimits,
  ) {}

  leftMs(): number {
    return Math.max(0, this.began + this.deadlineMs - performance.now());
  }

  /** `expired` is told how long was given: the phase's own limit, or the deadline. */
  start(phase: Phase, expired: (afterMs: number) => void): void {
    this.#expired = expired;
    this.#part = undefined;
    this.enter(phase);
  }

  enter(phase: Phase): void {
    const part = PART[phase];
    if (part === this.#part) return;
    const before = this.#part === undefined ? null : this.phases[this.#part];
    this.#part = part;
    const own = this.phases[part];
    // The deadline's timer runs on where neither this phase nor the last had one of its own.
    if (this.#timer !== undefined && own === null && before === null) return;
    clearTimeout(this.#timer);
    const left = this.leftMs();
    const isOwn = own !== null && own < left;
    const afterMs = isOwn ? own : this.deadlineMs;
    // What had arrived while this process was busy is read before the host is blamed for being late.
    this.#timer = setTimeout(() => setImmediate(() => this.#timer && this.#expired(afterMs)), isOwn ? own : left);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
