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

/** The figures of a line `NAME=NUMBER ...`. */
export interface Pairs {
  readonly figures: ReadonlyMap<string, number>;
  /** Names that are there twice, or with what is no number: their figures are not known. */
  readonly odd: ReadonlySet<string>;
  /** It holds a word that is no pair at all. */
  readonly isGarbled: boolean;
}

/**
 * The lines of a report by their first word. What can't be read of one figure costs that figure alone: it reads as null,
 * and a note names it. `key` and `figure` are the reader's own words, never the host's.
 */
export class Fields {
  readonly #lines = new Map<string, string[]>();
  readonly #notes: string[] = [];
  /** A line begins with what no probe begins one with, so that anything may be missing from the others. */
  readonly hasOddLine: boolean;

  constructor(lines: readonly string[]) {
    for (const line of lines) {
      const space = line.indexOf(' ');
      const key = space === -1 ? line : line.slice(0, space);
      const known = this.#lines.get(key);
      const rest = space === -1 ? '' : line.slice(space + 1);
      if (known === undefined) this.#lines.set(key, [rest]);
      else known.push(rest);
    }
    this.hasOddLine = [...this.#lines.keys()].some((key) => !/^[a-z][a-z0-9_]{0,15}$/.test(key));
    if (this.hasOddLine) this.#notes.push('The report holds a line that can not be read: a figure may be missing.');
  }

  /** A sentence for each figure that could not be read, once. */
  get notes(): readonly string[] {
    return [...new Set(this.#notes)];
  }

  /** Notes that a figure is not known. */
  unknown(key: string, figure: string, what = 'can not be read'): null {
    this.#notes.push(`${figure} is not known: the report's line \`${key}\` ${what}.`);
    return null;
  }

  /** Every line of that name. */
  all(key: string): readonly string[] {
    return this.#lines.get(key) ?? [];
  }

  /** The one line of that name; null where there is none. Two contradict each other. */
  one(key: string, figure: string): string | null {
    const [line, second] = this.all(key);
    if (second !== undefined) return this.unknown(key, figure, 'is there twice');
    return line ?? null;
  }

  /** A whole number, at most fifteen digits: exact in a double. */
  whole(key: string, figure: string): number | null {
    return this.#number(key, figure, /^\d{1,15}$/);
  }

  /** A decimal as the kernel prints it, never negative. */
  decimal(key: string, figure: string): number | null {
    return this.#number(key, figure, /^\d{1,12}(\.\d{1,9})?$/);
  }

  #number(key: string, figure: string, pattern: RegExp): number | null {
    const text = this.one(key, figure);
    if (text === null) return null;
    return pattern.test(text) ? Number(text) : this.unknown(key, figure);
  }
}

/** Takes a line `NAME=NUMBER ...` apart. */
export function pairsOf(line: string): Pairs {
  const figures = new Map<string, number>();
  const odd = new Set<string>();
  let isGarbled = false;
  for (const word of line.split(' ').filter((one) => one !== '')) {
    const equals = word.indexOf('=');
    const name = word.slice(0, Math.max(0, equals));
    const value = word.slice(equals + 1);
    if (name === '') isGarbled = true;
    else if (!/^\d{1,15}$/.test(value) || figures.has(name)) odd.add(name);
    else figures.set(name, Number(value));
  }
  for (const name of odd) figures.delete(name);
  return { figures, odd, isGarbled };
}
