/**
 * How a host is written: `[user@]host[:port]` at the command line, and Ansible's patterns with ranges in an inventory,
 * `web[01:10:2]:2222` and `db-[a:c]`. Patterns are split and expanded as Ansible does it
 * (ansible/parsing/utils/addresses.py and plugins/inventory/__init__.py), so that hosts get the same names.
 */
import { bad, ok, type Parsed } from './parsed.ts';

export interface HostSpec {
  readonly user: string | null;
  /** A name, or an IPv4 or IPv6 address without brackets; may still hold ranges. */
  readonly host: string;
  readonly port: number | null;
}

const IPV6 = /^(?=.*::|(?:[^:]*:){7})[0-9A-Fa-f:.]+(?:%[\w.-]+)?$/;
const NAME = /^[\p{L}\p{N}_.](?:[\p{L}\p{N}_.-]|\[[0-9A-Za-z]*:[0-9A-Za-z]+(?::[0-9]+)?\])*$/u;
const RANGED_NAME = /^(?:\[[0-9A-Za-z]*:[0-9A-Za-z]+(?::[0-9]+)?\]|[\p{L}\p{N}_.-])+$/u;

/** @returns a port from 1 to 65535; null for any other text. */
export function readPort(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/** Reads one host as typed. Ranges stay as they are: see {@link expandRanges}. */
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

/** A range names at most so many hosts, so that a typing error doesn't exhaust memory. */
const MAX_RANGE = 10_000;

const RANGE = String.raw`\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`;
const LABEL = String.raw`(?:[\p{L}\p{N}_]|${RANGE})(?:[\p{L}\p{N}_-]|${RANGE})*(?<![_-])`;
const HOSTNAME = new RegExp(String.raw`^${LABEL}(?:\.${LABEL})*$`, 'iu');

const PART = String.raw`(?:[0-9a-f]{1,4}|\[[0-9a-f]+:[0-9a-f]+(?::[0-9]+)?\])`;
/** Like Ansible's own expression this anchors only its last alternative at the end: what begins like IPv6 counts as it. */
const IPV6_BEGINNING = new RegExp(
  `^(?:(?:${PART}:){7}${PART}|(?:${PART}:){1,6}:|:(?::${PART}){1,6}|${PART}?::|(?:0:){6}(?:${PART}\\.){3}${PART}|(?:0:){5}ffff:(?:${PART}\\.){3}${PART}$)`,
  'i',
);

export interface AddressPattern {
  /** May still hold ranges. */
  readonly pattern: string;
  readonly port: string | null;
}

/** Splits `web[1:3]:2222` into name and port. @returns null for text that Ansible takes whole, as a name. */
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

/** Expands `web[01:03]` into its three names. Several ranges multiply. */
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

/** Expands a pattern of an inventory file. @returns the hosts' names and the port that they share. */
export function expandPattern(
  text: string,
): Parsed<{ readonly names: readonly string[]; readonly port: string | null }> {
  const { pattern, port } = splitAddress(text) ?? { pattern: text, port: null };
  const names = expandRanges(pattern);
  return names.kind === 'bad' ? names : ok({ names: names.value, port });
}
