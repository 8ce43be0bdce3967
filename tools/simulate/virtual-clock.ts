/** Time that leaps from one timer to the next, so that five minutes of a fleet take seconds, the same each time. */
import { type Clock, install } from '@sinonjs/fake-timers';

export class VirtualClock {
  readonly #timers: Clock;
  /** What ends the sleeps that wait for a signal: hundreds wait for the same one, which gets one listener for all. */
  readonly #sleepers = new WeakMap<AbortSignal, Set<() => void>>();

  /** Takes the place of the process's timers until {@link uninstall}; its intervals and immediates stay real. */
  constructor(start: Date) {
    this.#timers = install({ now: start, toFake: ['setTimeout', 'clearTimeout'], ignoreMissingTimers: true });
  }

  get nowMs(): number {
    return this.#timers.now;
  }

  readonly now = (): Date => new Date(this.nowMs);

  /** Resolves so many milliseconds later, or as soon as the signal fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleepers = signal === undefined ? null : this.#sleepersOf(signal);
      const wake = () => {
        this.#timers.clearTimeout(timer);
        sleepers?.delete(wake);
        resolve();
      };
      const timer = this.#timers.setTimeout(wake, Math.round(ms));
      sleepers?.add(wake);
    });
  }

  #sleepersOf(signal: AbortSignal): Set<() => void> {
    const known = this.#sleepers.get(signal);
    if (known !== undefined) return known;
    const sleepers = new Set<() => void>();
    this.#sleepers.set(signal, sleepers);
    const wakeAll = () => {
      for (const wake of [...sleepers]) wake();
    };
    signal.addEventListener('abort', wakeAll, { once: true });
    return sleepers;
  }

  /** Lets time pass until the work is done. @throws where it waits for something that no timer will bring */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const end = () => {
      isDone = true;
    };
    work.then(end, end);
    for (;;) {
      // All that follows of itself from what has happened, before time goes on.
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone) return work;
      if (this.#timers.countTimers() === 0) {
        throw new Error('the simulation waits for something that no timer will bring');
      }
      this.#timers.next();
      // Timers of the same moment fire together, as one turn of a real event loop would have it.
      this.#timers.tick(0);
    }
  }

  uninstall(): void {
    this.#timers.uninstall();
  }
}
