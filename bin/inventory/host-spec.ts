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

const IPV6 = /^(?=.*::|(?:[^:]*:){7})[0-9A-Fa-f:.]+(?:%[\w.-]+)?$/;
const NAME = /^[\p{L}\p{N}_.](?:[\p{L}\p{N}_.-]|\[[0-9A-Za-z]*:[0-9A-Za-z]+(?::[0-9]+)?\])*$/u;
const RANGED_NAME = /^(?:\[[0-9A-Za-z]*:[0-9A-Za-z]+(?::[0-9]+)?\]|[\p{L}\p{N}_.-])+$/u;

/** @returns a port from 1 to 65535, or null when the text is none. */
export function readPort(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/** Reads one host as a person writes it. Ranges stay as they are: see inventory-address.ts. */
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
