/** Questions on a terminal, one after another: a line for an answer, shown or hidden. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandIo } from './io.ts';

/** Long enough for a signal to oneself. */
const SIGNAL_MS = 200;

export interface Questions {
  /** @param hidden what is typed is not shown @returns null where the input ends, or at Ctrl-C */
  ask(prompt: string, how?: { readonly hidden?: boolean }): Promise<string | null>;
  /** Prints something that belongs to a question. */
  say(line: string): void;
}

/** @returns null where nobody can be asked: standard input or the error stream is no terminal */
export function questionsOn(io: CommandIo): Questions | null {
  const { stdin, stderr, signal } = io;
  if (stdin.isTTY !== true || stderr.isTTY !== true) return null;
  const typed = new TypedLines(io);
  return {
    async ask(prompt, { hidden = false } = {}) {
      if (signal.aborted) return null;
      stderr.write(prompt);
      if (!hidden) return typed.line();
      stdin.setRawMode?.(true);
      try {
        return await typed.hiddenLine();
      } finally {
        stdin.setRawMode?.(false);
        stderr.write('\n');
      }
    },
    say: (line) => void stderr.write(`${line}\n`),
  };
}

/** What is typed, kept from one question to the next: ending its iterator would close standard input. */
class TypedLines {
  readonly #io: CommandIo;
  #chunks: AsyncIterator<string | Uint8Array> | null = null;
  #decoder = new TextDecoder();
  #pending = '';
  /** The read that a Ctrl-C left unanswered. */
  #reading: Promise<IteratorResult<string | Uint8Array>> | null = null;

  constructor(io: CommandIo) {
    this.#io = io;
  }

  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#pending.indexOf('\n');
      if (end >= 0) {
        const line = this.#pending.slice(0, end).replace(/\r$/, '');
        this.#pending = this.#pending.slice(end + 1);
        return line;
      }
      if (!(await this.#more())) return null;
    }
  }

  /** As the terminal's driver does for other lines: erases a character or the line, ends the input, interrupts. */
  async hiddenLine(): Promise<string | null> {
    const typed: string[] = [];
    for (;;) {
      for (const char of this.#pending) {
        this.#pending = this.#pending.slice(char.length);
        switch (char) {
          case '\r':
          case '\n':
            return typed.join('');
          case '\u0003':
            process.kill(process.pid, 'SIGINT');
            // The signal comes with the next turn of the loop: what follows must know of it.
            await Promise.race([untilAborted(new Promise(() => {}), this.#io.signal), sleep(SIGNAL_MS)]);
            return null;
          case '\u0004':
            if (typed.length === 0) return null;
            break;
          case '\u007f':
          case '\b':
            typed.pop();
            break;
          case '\u0015':
            typed.length = 0;
            break;
          default:
            typed.push(char);
        }
      }
      if (!(await this.#more())) return null;
    }
  }

  /** False at the end of the input, or at Ctrl-C. */
  async #more(): Promise<boolean> {
    const { stdin, signal } = this.#io;
    if (signal.aborted) return false;
    this.#chunks ??= stdin[Symbol.asyncIterator]();
    this.#reading ??= this.#chunks.next();
    const next = await untilAborted(this.#reading, signal);
    if (next === null) return false;
    this.#reading = null;
    if (next.done === true) return false;
    this.#pending += typeof next.value === 'string' ? next.value : this.#decoder.decode(next.value, { stream: true });
    return true;
  }
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let stop = () => {};
  const aborted = new Promise<null>((resolve) => {
    stop = () => resolve(null);
    signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', stop));
}
