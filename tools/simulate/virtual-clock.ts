/** Time that leaps from one timer to the next, so that five minutes of a fleet take seconds, the same each time. */

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

export class VirtualClock {
  nowMs: number;
  #order = 0;
  readonly #timers: Timer[] = [];
  readonly #cancelled = new Set<number>();

  constructor(start: Date) {
    this.nowMs = start.getTime();
  }

  readonly now = (): Date => new Date(this.nowMs);

  /** Resolves so many milliseconds later, or as soon as the signal fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const handle = this.#add(ms, resolve);
      signal?.addEventListener(
        'abort',
        () => {
          this.#cancelled.add(handle);
          resolve();
        },
        { once: true },
      );
    });
  }

  /** Puts itself in the place of the process's timers. @returns what puts them back */
  install(): () => void {
    const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
    const set = (fire: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => this.#add(ms, () => fire(...args));
    const clear = (handle: unknown) => {
      if (typeof handle === 'number') this.#cancelled.add(handle);
    };
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    return () => Object.assign(globalThis, { setTimeout: realSet, clearTimeout: realClear });
  }

  /** Lets time pass until the work is done. @throws where it waits for something that no timer will bring */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = () => {
      done = true;
    };
    work.then(end, end);
    for (;;) {
      // All that follows of itself from what has happened, before time goes on.
      await new Promise((resolve) => setImmediate(resolve));
      if (done) return work;
      const timer = this.#next();
      if (timer === undefined) throw new Error('the simulation waits for something that no timer will bring');
      this.nowMs = Math.max(this.nowMs, timer.at);
      timer.fire();
      // Timers of the same moment fire together, as one turn of a real event loop would have it.
      while (this.#timers[0] !== undefined && this.#timers[0].at <= this.nowMs) this.#next()?.fire();
    }
  }

  #add(ms: number, fire: () => void): number {
    const order = this.#order;
    this.#order += 1;
    push(this.#timers, { at: this.nowMs + Math.max(0, ms), order, fire });
    return order;
  }

  #next(): Timer | undefined {
    for (;;) {
      const timer = pop(this.#timers);
      if (timer === undefined || !this.#cancelled.delete(timer.order)) return timer;
    }
  }
}

const before = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** A binary heap: ten thousand hosts have ten thousand timers at once. */
function push(heap: Timer[], timer: Timer): void {
  let at = heap.length;
  heap.push(timer);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !before(timer, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = timer;
}

function pop(heap: Timer[]): Timer | undefined {
  const [top] = heap;
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const [left, right] = [heap[child], heap[child + 1]];
    if (left === undefined) break;
    if (right !== undefined && before(right, left)) child += 1;
    const least = heap[child];
    if (least === undefined || !before(least, last)) break;
    heap[at] = least;
    at = child;
  }
  heap[at] = last;
  return top;
}
