/**
 * The probe's report: found in what a host sent, and taken apart by its lines' first words. It begins with the line
 * `crawlwatch 1` and ends with the line `end BYTES`, which counts all before itself; banners around it are ignored.
 */

/** The script keeps under 2,400 bytes, which fit what SSM's ListCommandInvocations returns. */
const LONGEST_REPORT = 4096;
const VERSION = '1';

export type FoundReport =
  | {
      readonly kind: 'report';
      readonly lines: readonly string[];
      /** It ends at the line `part BYTES`: the host got no further than where it first needed another process. */
      readonly partial: boolean;
    }
  /** `why` is a sentence. It quotes nothing that the host sent. */
  | { readonly kind: 'none'; readonly why: string };

/**
 * Reads the first whole report. One pass: every character is looked at a fixed number of times and no more than one
 * report is held, whatever the length of the output. Carriage returns don't count.
 */
export function findReport(output: string): FoundReport {
  let why = output === '' ? 'The host sent nothing.' : 'The output holds no report of the probe.';
  let lines: string[] | null = null;
  let bytes = 0;
  let part = false;
  for (let at = 0; at < output.length; ) {
    const newline = output.indexOf('\n', at);
    const next = newline === -1 ? output.length : newline;
    // A line that no report can hold isn't copied.
    const line = next - at > LONGEST_REPORT ? null : output.slice(at, next).replaceAll('\r', '');
    at = next + 1;
    if (line?.startsWith('crawlwatch ')) {
      const version = line.slice('crawlwatch '.length);
      lines = version === VERSION ? [] : null;
      bytes = line.length + 1;
      part = false;
      why = lines === null ? `The report is not of version ${VERSION}.` : why;
      continue;
    }
    if (lines === null) continue;
    if (line?.startsWith('end ')) {
      const announced = line.slice('end '.length);
      if (announced === String(bytes)) return { kind: 'report', lines, partial: false };
      why = 'The report is cut or mixed with other output: its length is not the one that its last line gives.';
      lines = null;
    } else if (line === null || !/^[ -~]*$/.test(line)) {
      why = 'The report is garbled: it holds what the probe never prints.';
      lines = null;
    } else if (bytes + line.length >= LONGEST_REPORT) {
      why = 'The report is longer than any that the probe prints.';
      lines = null;
    } else {
      // True only while nothing follows it.
      part = line === `part ${bytes}` && newline !== -1;
      lines.push(line);
      bytes += line.length + 1;
    }
  }
  if (lines !== null && part) return { kind: 'report', lines, partial: true };
  return { kind: 'none', why: lines === null ? why : `The report is cut after ${bytes} bytes.` };
}

/**
 * The lines of a report by their first word. The first fault is kept, so that a reader can go on to the end and look
 * once.
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
