/**
 * The lines of a report by their first word. The first thing wrong is kept as `fault`, so that a reader can go on to
 * the end and look once.
 */
export class Fields {
  readonly #lines = new Map<string, string[]>();
  #fault: string | null = null;

  constructor(lines: readonly string[]) {
    for (const line of lines) {
      const space = line.indexOf(' ');
      const key = space === -1 ? line : line.slice(0, space);
      const known = this.#lines.get(key);
      const rest = space === -1 ? '' : line.slice(space + 1);
      if (known === undefined) this.#lines.set(key, [rest]);
      else known.push(rest);
    }
  }

  /** A sentence about the first thing wrong; null while nothing is. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Notes what is wrong with a line; `key` is the reader's own word, never the host's. */
  fail(key: string, what = 'can not be read'): null {
    this.#fault ??= `The report's line \`${key}\` ${what}.`;
    return null;
  }

  /** Every line of that name. */
  all(key: string): readonly string[] {
    return this.#lines.get(key) ?? [];
  }

  /** The one line of that name; null where there is none. Two contradict each other. */
  one(key: string): string | null {
    const [line, second] = this.all(key);
    if (second !== undefined) return this.fail(key, 'is there twice');
    return line ?? null;
  }

  /** A whole number, at most fifteen digits: exact in a double. */
  whole(key: string): number | null {
    return this.#number(key, /^\d{1,15}$/);
  }

  /** A decimal as the kernel prints it, never negative. */
  decimal(key: string): number | null {
    return this.#number(key, /^\d{1,12}(\.\d{1,9})?$/);
  }

  /** `NAME=NUMBER ...`; a name given twice is wrong. */
  pairs(key: string): ReadonlyMap<string, number> {
    const pairs = new Map<string, number>();
    for (const pair of (this.one(key) ?? '').split(' ').filter((word) => word !== '')) {
      const match = /^([^=]+)=(\d{1,15})$/.exec(pair);
      const name = match?.[1];
      if (name === undefined) this.fail(key);
      else if (pairs.has(name)) this.fail(key, 'gives a figure twice');
      else pairs.set(name, Number(match?.[2]));
    }
    return pairs;
  }

  #number(key: string, pattern: RegExp): number | null {
    const text = this.one(key);
    if (text === null) return null;
    return pattern.test(text) ? Number(text) : this.fail(key);
  }
}
