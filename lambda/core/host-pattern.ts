/**
 * Ansible's host patterns, as `-l` takes them: names, groups, wildcards, unions by `,` or `:`, `&` for "also in" and
 * `!` for "but not", and subscripts `[0]`, `[-1]`, `[1:2]`. Regular expressions (`~...`) are refused, not misread.
 * https://docs.ansible.com/ansible/latest/inventory_guide/intro_patterns.html
 */
import { bad, ok, type Parsed, parseHostSpec } from './host-spec.ts';
import type { Inventory, InventoryHost } from './inventory.ts';

export interface Selection {
  /** In the inventory's order. */
  readonly hosts: readonly InventoryHost[];
  /** Parts of the pattern that name nothing. */
  readonly unmatched: readonly string[];
}

/** By commas, then by colons outside brackets; an IPv6 address or `host:port` is one part. */
function splitPattern(pattern: string): string[] {
  const colons = (part: string) =>
    parseHostSpec(part).kind === 'ok' ? [part] : (part.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? []);
  return pattern.split(',').flatMap((part) => colons(part.trim()));
}

/** Shell wildcards: `*`, `?`, `[abc]`, `[!abc]`. */
function wildcard(pattern: string): RegExp {
  const source = pattern.replace(/\[!?[\w.]+\]|[\s\S]/g, (token) => {
    if (token === '*') return '.*';
    if (token === '?') return '.';
    return token.length > 1 ? token.replace('[!', '[^') : token.replace(/[\\^$.|+()[\]{}-]/, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}

/** Hosts named by one part, as host, as group, or both; then the subscript's share of them. */
function hostsOf(inventory: Inventory, part: string): ReadonlySet<string> {
  const subscript = /^(.+)\[(?:(-?\d+)|(\d+)[:-](\d*))\]$/.exec(part);
  const base = subscript?.[1] ?? part;
  const spec = parseHostSpec(base);
  const names = wildcard(spec.kind === 'ok' && spec.value.port !== null ? spec.value.host : base);
  const groups = [...inventory.groups].filter(([name]) => names.test(name));
  const inGroups = new Set(groups.flatMap(([, members]) => [...members]));
  const found = inventory.hosts.map((host) => host.name).filter((name) => inGroups.has(name) || names.test(name));
  if (subscript === null) return new Set(found);
  const [, , index, from, to] = subscript;
  if (index !== undefined) return new Set(found.slice(Number(index)).slice(0, 1));
  return new Set(found.slice(Number(from), to === '' ? undefined : Number(to) + 1));
}

/** The hosts that the pattern names: unions first, then `&`, then `!`, whatever their order in it. */
export function selectHosts(inventory: Inventory, pattern: string): Parsed<Selection> {
  const parts = splitPattern(pattern).filter((part) => part !== '');
  if (parts.some((part) => /^[&!]?~/.test(part))) return bad('names, groups and wildcards; ~expressions are not read');
  if (parts.length === 0) return bad('a host, a group or a wildcard');
  const unmatched: string[] = [];
  const named = (part: string, prefix: string) => {
    const hosts = hostsOf(inventory, part.slice(prefix.length));
    if (hosts.size === 0) unmatched.push(part.slice(prefix.length));
    return hosts;
  };
  const plain = parts.filter((part) => !/^[&!]/.test(part));
  const union = new Set((plain.length === 0 ? ['all'] : plain).flatMap((part) => [...named(part, '')]));
  const also = parts.filter((part) => part.startsWith('&')).map((part) => named(part, '&'));
  const without = parts.filter((part) => part.startsWith('!')).map((part) => named(part, '!'));
  const hosts = inventory.hosts.filter(
    ({ name }) => union.has(name) && also.every((set) => set.has(name)) && !without.some((set) => set.has(name)),
  );
  return ok({ hosts, unmatched });
}
