/** The time that one attempt may take: a host's deadline, and within it what the connection is given. */

/** One timer for an attempt; it is moved only where connecting has a limit of its own. */
export class Limits {
  #timer: NodeJS.Timeout | undefined;
  #isConnecting = false;
  #expired: (afterMs: number) => void = () => {};

  /**
   * @param began when the host's turn began, by `performance.now()`
   * @param deadlineMs the host's whole deadline, from then
   * @param connectMs for its name and the TCP connection; null: as long as the deadline
   */
  constructor(
    readonly began: number,
    readonly deadlineMs: number,
    private readonly connectMs: number | null,
  ) {}

  /** Whole milliseconds, as timers want them. */
  leftMs(): number {
    return Math.max(0, Math.ceil(this.began + this.deadlineMs - performance.now()));
  }

  /**
   * Starts the timer, in place of one that runs.
   * @param expired gets the time that was given: the limit of the connection, or the deadline
   */
  start(work: 'connecting' | 'all', expired: (afterMs: number) => void): void {
    this.#expired = expired;
    this.#isConnecting = work === 'connecting';
    this.#arm();
  }

  /** From here on the deadline alone counts. */
  connected(): void {
    if (!this.#isConnecting) return;
    this.#isConnecting = false;
    if (this.connectMs !== null) this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    this.stop();
    const left = this.leftMs();
    const connect = this.#isConnecting && this.connectMs !== null ? this.connectMs : Number.POSITIVE_INFINITY;
    const afterMs = connect < left ? connect : this.deadlineMs;
    // What had arrived while this process was busy is read before the host is blamed for being late.
    const timer = setTimeout(
      () => setImmediate(() => this.#timer === timer && this.#expired(afterMs)),
      Math.min(connect, left),
    );
    this.#timer = timer;
  }
}
