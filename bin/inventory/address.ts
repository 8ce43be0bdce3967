/**
 * Host patterns of an inventory: the port split off and the ranges expanded just as Ansible does it
 * (ansible/parsing/utils/addresses.py and plugins/inventory/__init__.py), so that hosts get the same names.
 */
import { bad, ok, type Parsed } from './host-spec.ts';

/** A range may not name more hosts than this: a slip of the finger must not fill the memory. */
const MAX_RANGE = 10_000;

const RANGE = String.raw`\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`;
const LABEL = String.raw`(?:[\p{L}\p{N}_]|${RANGE})(?:[\p{L}\p{N}_-]|${RANGE})*(?<![_-])`;
const HOSTNAME = new RegExp(String.raw`^${LABEL}(?:\.${LABEL})*$`, 'iu');

const PART = String.raw`(?:[0-9a-f]{1,4}|\[[0-9a-f]+:[0-9a-f]+(?::[0-9]+)?\])`;
/** Ansible's own expression holds only its last alternative to the end of the text: what begins so counts as IPv6. */
const IPV6_BEGINNING = new RegExp(
  `^(?:(?:${PART}:){7}${PART}|(?:${PART}:){1,6}:|:(?::${PART}){1,6}|${PART}?::|(?:0:){6}(?:${PART}\\.){3}${PART}|(?:0:){5}ffff:(?:${PART}\\.){3}${PART}$)`,
  'i',
);

export interface AddressPattern {
  /** May still hold ranges. */
  readonly pattern: string;
  readonly port: string | null;
}

/** `web[1:3]:2222` to its name and port. @returns null for what Ansible takes as a name of its own, whole. */
export function splitAddress(text: string): AddressPattern | null {
  const bracketed = /^\[(.+)\]:([0-9]+)$/.exec(text);
  const inner = bracketed?.[1] ?? text;
  const withPort = /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/.exec(inner);
  const pattern = withPort?.[1] ?? inner;
  if (!IPV6_BEGINNING.test(pattern) && !HOSTNAME.test(pattern)) return null;
  return { pattern, port: withPort?.[2] ?? bracketed?.[2] ?? null };
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The values of one range, both ends included. */
function rangeValues(begin: string, end: string, stepText: string | undefined): Parsed<string[]> {
  const step = stepText === undefined ? 1 : /^\d{1,9}$/.test(stepText) ? Number(stepText) : 0;
  if (step < 1) return bad('a step of at least 1');
  const isNumeric = /^\d{0,15}$/.test(begin) && /^\d{1,15}$/.test(end);
  const isAlphabetic = /^[A-Za-z]$/.test(begin) && /^[A-Za-z]$/.test(end);
  if (!isNumeric && !isAlphabetic) return bad('a range of numbers or of single letters, like [01:10] or [a:f]');
  const width = isNumeric && begin.startsWith('0') && begin.length > 1 ? begin.length : 0;
  if (width > 0 && end.length !== width) return bad('both ends of a zero-padded range equally long');
  const first = isNumeric ? Number(begin) : LETTERS.indexOf(begin);
  const last = isNumeric ? Number(end) : LETTERS.indexOf(end);
  if (last < first) return bad('a range that goes up');
  const count = Math.floor((last - first) / step) + 1;
  if (count > MAX_RANGE) return bad(`a range of at most ${MAX_RANGE} hosts`);
  return ok(
    Array.from({ length: count }, (_, i) => {
      const value = first + i * step;
      return isNumeric ? String(value).padStart(width, '0') : LETTERS.charAt(value);
    }),
  );
}

/** `web[01:03]` to its three names, text without a bracket to itself. Several ranges multiply. */
export function expandRanges(pattern: string): Parsed<readonly string[]> {
  const open = pattern.indexOf('[');
  if (open < 0) return ok([pattern]);
  const range = /^\[([^\]:]*):([^\]:]*)(?::([^\]:]*))?\]/.exec(pattern.slice(open));
  if (range === null) return bad('a range like [01:10], [1:9:2] or [a:f] in the brackets');
  const values = rangeValues(range[1] ?? '', range[2] ?? '', range[3]);
  if (values.kind === 'bad') return values;
  const tails = expandRanges(pattern.slice(open + range[0].length));
  if (tails.kind === 'bad') return tails;
  if (values.value.length * tails.value.length > MAX_RANGE) return bad(`a range of at most ${MAX_RANGE} hosts`);
  const head = pattern.slice(0, open);
  return ok(values.value.flatMap((value) => tails.value.map((tail) => `${head}${value}${tail}`)));
}

/** A pattern as a file has it. @returns the hosts' names and the port that all of them share. */
export function expandPattern(
  text: string,
): Parsed<{ readonly names: readonly string[]; readonly port: string | null }> {
  const { pattern, port } = splitAddress(text) ?? { pattern: text, port: null };
  const names = expandRanges(pattern);
  return names.kind === 'bad' ? names : ok({ names: names.value, port });
}
