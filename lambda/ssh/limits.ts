/** The time that one attempt may take: a host's deadline, and within it what each phase is given. */
import type { Phase } from './failures.ts';

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

/** From the settings `timeouts`, in seconds. */
export function phaseLimits(timeouts: {
  readonly connectSeconds: number | null;
  readonly bannerSeconds: number | null;
  readonly loginSeconds: number | null;
  readonly commandSeconds: number | null;
}): PhaseLimits {
  const ms = (seconds: number | null) => (seconds === null ? null : seconds * 1000);
  return {
    connectMs: ms(timeouts.connectSeconds),
    bannerMs: ms(timeouts.bannerSeconds),
    loginMs: ms(timeouts.loginSeconds),
    commandMs: ms(timeouts.commandSeconds),
  };
}

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
  #part: keyof PhaseLimits | null = null;
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

  /** Whole milliseconds, as timers want them. */
  leftMs(): number {
    return Math.max(0, Math.ceil(this.began + this.deadlineMs - performance.now()));
  }

  /**
   * `expired` is told how long was given: the phase's own limit, or the deadline.
   * @param phase null: no phase, only the deadline counts.
   */
  start(phase: Phase | null, expired: (afterMs: number) => void): void {
    this.stop();
    this.#expired = expired;
    this.#part = phase === null ? null : PART[phase];
    this.#arm();
  }

  enter(phase: Phase): void {
    const part = PART[phase];
    if (part === this.#part) return;
    const isSame = this.#own() === null && this.phases[part] === null;
    this.#part = part;
    // The deadline's timer runs on where neither this phase nor the last has a limit of its own.
    if (!isSame) this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #own(): number | null {
    return this.#part === null ? null : this.phases[this.#part];
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const own = this.#own() ?? Number.POSITIVE_INFINITY;
    const left = this.leftMs();
    const afterMs = own < left ? own : this.deadlineMs;
    // What had arrived while this process was busy is read before the host is blamed for being late.
    const timer = setTimeout(
      () => setImmediate(() => this.#timer === timer && this.#expired(afterMs)),
      Math.min(own, left),
    );
    this.#timer = timer;
  }
}
