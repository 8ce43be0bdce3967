/** How the forks of a run are shared between the fast path, which has a number of its own, and processes of ssh. */

/** Processes at the same time, each with three pipes. */
const PROCESSES_MAX = 100;

export class Forks {
  /** Hosts that the fast path may ask at the same time. */
  readonly fast: number;
  #fastLeft: number;
  #used = 0;
  readonly #waiting: (() => void)[] = [];

  /**
   * @param all hosts asked at the same time, of both kinds together
   * @param direct hosts of the fast path
   * @param through hosts that go through ssh from the start
   */
  constructor(
    private readonly all: number,
    direct: number,
    through: number,
  ) {
    const share = through === 0 ? 0 : Math.min(through, Math.max(1, Math.round((all * through) / (direct + through))));
    // One fork for both: ssh has its turn after the fast path.
    this.fast = direct === 0 ? 0 : Math.max(1, all - share);
    this.#fastLeft = direct;
  }

  /** A host of the fast path is done: where none waits for its place, ssh may have it. */
  fastReplied(): void {
    this.#fastLeft--;
    this.#next();
  }

  fastEnded(): void {
    this.#fastLeft = 0;
    this.#next();
  }

  /** Waits for a free place, and holds it while `work` lasts. */
  async use(work: () => Promise<void>): Promise<void> {
    if (this.#isFull()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#used++;
    try {
      await work();
    } finally {
      this.#used--;
      this.#next();
    }
  }

  /** The fast path uses as many places as it has hosts left, up to its number. */
  #isFull(): boolean {
    const free = this.all - Math.min(this.fast, this.#fastLeft);
    return this.#used >= Math.min(free, PROCESSES_MAX);
  }

  #next(): void {
    while (this.#waiting.length > 0 && !this.#isFull()) {
      this.#used++;
      this.#waiting.shift()?.();
    }
  }
}
