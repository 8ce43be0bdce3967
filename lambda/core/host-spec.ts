/** How a host is written: `[user@]host[:port]`, IPv6 in brackets, and Ansible's ranges `web[01:10:2]`, `db-[a:c]`. */

export interface HostSpec {
  readonly user: string | null;
  /** A name, or an IPv4 or IPv6 address without brackets; may still hold ranges. */
  readonly host: string;
  readonly port: number | null;
}

/** A value, or what was expected in its place. */
export type Parsed<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'bad'; readonly expected: string };

export const ok = <T>(value: T): Parsed<T> => ({ kind: 'ok', value });
export const bad = (expected: string): { readonly kind: 'bad'; readonly expected: string } => ({
  kind: 'bad',
  expected,
});

/** A range may not name more hosts than this: a slip of the finger must not fill the memory. */
const MAX_RANGE = 10_000;

const IPV6 = /^(?=.*::|(?:[^:]*:){7})[0-9A-Fa-f:.]+(?:%[\w.-]+)?$/;
const NAME = /^[\p{L}\p{N}_.](?:[\p{L}\p{N}_.-]|\[[0-9A-Za-z]*:[0-9A-Za-z]+(?::[0-9]+)?\])*$/u;
const RANGED_NAME = /^(?:\[[0-9A-Za-z]*:[0-9A-Za-z]+(?::[0-9]+)?\]|[\p{L}\p{N}_.-])+$/u;

/** @returns a port from 1 to 65535, or null when the text is none. */
export function readPort(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/** Reads one host as a person writes it. Ranges stay as they are: see {@link expandRange}. */
export function parseHostSpec(text: string): Parsed<HostSpec> {
  const at = text.lastIndexOf('@');
  const user = at < 0 ? null : text.slice(0, at);
  const rest = text.slice(at + 1);
  if (user !== null && !/^[\p{L}\p{N}_][\p{L}\p{N}_.@\\-]*$/u.test(user)) return bad('a user name before the @');
  if (IPV6.test(rest)) return ok({ user, host: rest, port: null });

  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(rest);
  const isIpv6 = bracketed !== null && IPV6.test(bracketed[1] ?? '');
  const split = isIpv6 ? bracketed : /^(.*?)(?::([^:\]]*))?$/s.exec(rest);
  const host = split?.[1] ?? '';
  const portText = split?.[2];
  if (!isIpv6 && !NAME.test(host) && !(host.startsWith('[') && RANGED_NAME.test(host))) {
    return bad('[user@]host[:port], an IPv6 address in brackets');
  }
  const port = portText === undefined ? null : readPort(portText);
  if (portText !== undefined && port === null) return bad('a port from 1 to 65535');
  return ok({ user, host, port });
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The values of one range, both ends included, as Ansible counts them. */
function rangeValues(begin: string, end: string, stepText: string | undefined): Parsed<string[]> {
  const step = stepText === undefined ? 1 : Number(stepText);
  if (!Number.isInteger(step) || step < 1) return bad('a step of at least 1');
  const isNumeric = /^\d*$/.test(begin) && /^\d+$/.test(end);
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
      return isNumeric ? String(value).padStart(width, '0') : (LETTERS[value] ?? '');
    }),
  );
}

/** `web[01:03]` to its three names; text without a range to itself. Several ranges multiply. */
export function expandRange(pattern: string): Parsed<readonly string[]> {
  const range = /\[([^\]:]*):([^\]:]*)(?::([^\]]*))?\]/.exec(pattern);
  if (range === null || IPV6.test(pattern)) return ok([pattern]);
  const values = rangeValues(range[1] ?? '', range[2] ?? '', range[3]);
  if (values.kind === 'bad') return values;
  const tails = expandRange(pattern.slice(range.index + range[0].length));
  if (tails.kind === 'bad') return tails;
  if (values.value.length * tails.value.length > MAX_RANGE) return bad(`a range of at most ${MAX_RANGE} hosts`);
  const head = pattern.slice(0, range.index);
  return ok(values.value.flatMap((value) => tails.value.map((tail) => `${head}${value}${tail}`)));
}
