/**
 * Ansible's host patterns, as `-l` takes them: names, groups, wildcards, unions by `,` or `:`, `&` for "also in" and
 * `!` for "but not", subscripts `[0]`, `[-1]`, `[1:2]`, `~` before a regular expression, `@` before a file of them.
 * Follows ansible/inventory/manager.py exactly, so that the same words name the same hosts.
 * https://docs.ansible.com/ansible/latest/inventory_guide/intro_patterns.html
 */

import { splitAddress } from './address.ts';
import type { Inventory } from './inventory.ts';
import { bad, ok, type Parsed } from './parsed.ts';

export interface Selection {
  /** Names in the inventory's order. */
  readonly hosts: readonly string[];
  /** Parts of the pattern that name nothing. */
  readonly unmatched: readonly string[];
}

/** What a pattern chooses from. */
export type Hosts = Pick<Inventory, 'hosts' | 'seen' | 'groups' | 'hostsOf'>;

/** What a pattern needs from outside. */
export interface PatternAids {
  /** The lines of `@file`; null where it can't be read. */
  readLines(file: string): readonly string[] | null;
  /** Compiles the user's regular expression; null where it is invalid. */
  compile(source: string, flags: string): RegExp | null;
}

/** A pattern is typed, or comes from Ansible's file of failed hosts. */
const MAX_LENGTH = 10_000;
const MAX_LINES = 100_000;

/** Splits at commas; without one at colons outside brackets, unless the whole is one address. */
function splitPattern(pattern: string): string[] {
  const isOne = splitAddress(pattern) !== null;
  const parts = pattern.includes(',')
    ? pattern.split(',')
    : isOne
      ? [pattern]
      : (pattern.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? []);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

type Test = (name: string) => boolean;

/** Shell wildcards as in Python's fnmatch: `*`, `?`, `[a-c]`, `[!a-c]`. */
function wildcard(pattern: string, aids: PatternAids): Parsed<Test> {
  const source = pattern.replace(/\[(!?)(\]?[^\]]*)\]|[\s\S]/g, (token, not?: string, set?: string) => {
    if (token === '*') return '.*';
    if (token === '?') return '.';
    if (set === undefined || set === '') return literal(token);
    return `[${not === '!' ? '^' : ''}${set.replace(/[\\\]^[]/g, '\\$&')}]`;
  });
  const compiled = aids.compile(`^${source.replace(/(?:\.\*)+/g, '.*')}$`, 'su');
  return compiled === null ? bad('a wildcard like web* or db[1-3]') : ok((name) => compiled.test(name));
}

const literal = (text: string) => text.replace(/[\\^$.|+()[\]{}*?/]/g, '\\$&');

/** Like Python's `re.match`, anchored at the beginning only. Of its syntax, what JavaScript shares. */
function expression(text: string, aids: PatternAids): Parsed<Test> {
  const [, flags = '', source = ''] = /^(?:\(\?([ims]+)\))?([\s\S]*)$/.exec(text) ?? [];
  // Python allows any character to be escaped; JavaScript's flag u allows only syntax characters.
  const plain = source.replace(
    /\\([^\p{L}\p{N}])/gu,
    (_, sign: string) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`,
  );
  const compiled = aids.compile(`^(?:${plain})`, [...new Set(`${flags}u`)].join(''));
  return compiled === null
    ? bad(`a regular expression that Python and JavaScript read alike, not ~${text}`)
    : ok((name) => compiled.test(name));
}

/** The names that one part matches, in Ansible's order and with its repetitions, which a subscript counts. */
function namesOf(inventory: Hosts, part: string, aids: PatternAids, unmatched: string[]): Parsed<readonly string[]> {
  const [, base = part, index, from, to] = part.startsWith('~')
    ? []
    : (/^(.+)\[(?:(-?\d+)|(\d+)[:-](\d*))\]$/.exec(part) ?? []);
  const isExpression = base.startsWith('~');
  const test = isExpression ? expression(base.slice(1), aids) : wildcard(base, aids);
  if (test.kind === 'bad') return test;
  const groups = inventory.groups.filter(test.value);
  const found = groups.flatMap((group) => inventory.hostsOf(group));
  if (groups.length === 0 || isExpression || /[.?*[]/.test(base)) found.push(...inventory.seen.filter(test.value));
  if (found.length === 0 && groups.length === 0) unmatched.push(part);
  const first = Number(index ?? from);
  if (found.length === 0 || Number.isNaN(first)) return ok(found);
  // As in Ansible: a range without an end goes to the last, and [2:0] is [2].
  if (to === '') return ok(found.slice(first));
  if (to !== undefined && Number(to) > 0) return ok(found.slice(first, Number(to) + 1));
  const host = found.at(first);
  return host === undefined ? bad(`a subscript within the ${found.length} hosts of ${base}`) : ok([host]);
}

/** The hosts that the pattern names: unions first, then `&`, then `!`, in whatever order they are given. */
export function selectHosts(inventory: Hosts, pattern: string, aids: PatternAids): Parsed<Selection> {
  const parts: string[] = [];
  for (const part of splitPattern(pattern)) {
    const lines = part.startsWith('@') ? aids.readLines(part.slice(1)) : [part];
    if (lines === null) return bad(`a file that can be read, not ${part}`);
    parts.push(
      ...lines
        .slice(0, MAX_LINES + 1)
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    );
  }
  if (parts.length === 0) return bad('a host, a group or a wildcard');
  if (parts.length > MAX_LINES) return bad(`at most ${MAX_LINES} parts`);
  const broken = parts.find((part) => part.length > MAX_LENGTH || /^[&!]$/.test(part));
  if (broken !== undefined) return bad(`a name or a wildcard after & and !, of at most ${MAX_LENGTH} characters`);

  const known = new Set(inventory.seen);
  const unmatched: string[] = [];
  // The exact name of a host means that host alone, whatever else it matches as a wildcard.
  const matching = (part: string) =>
    known.has(part) ? ok([part]) : namesOf(inventory, part.replace(/^[&!]/, ''), aids, unmatched);
  const isPlain = (part: string) => !/^[&!]/.test(part);
  const union = parts.some(isPlain) ? parts.filter(isPlain) : ['all'];
  let chosen = new Set<string>();
  for (const part of [...union, ...parts.filter((p) => p.startsWith('&')), ...parts.filter((p) => p.startsWith('!'))]) {
    const names = matching(part);
    if (names.kind === 'bad') return names;
    const these = new Set(names.value);
    if (part.startsWith('&')) chosen = new Set([...chosen].filter((name) => these.has(name)));
    else if (part.startsWith('!')) for (const name of these) chosen.delete(name);
    else for (const name of these) chosen.add(name);
  }
  return ok({ hosts: inventory.hosts.filter((name) => chosen.has(name)), unmatched });
}
