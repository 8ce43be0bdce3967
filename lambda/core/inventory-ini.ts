/**
 * Ansible's INI inventory, line by line, into a {@link Draft}. Follows ansible/plugins/inventory/ini.py: sections
 * `[group]`, `[group:vars]`, `[group:children]`; a host line is words as a shell reads them; `#` and `;` begin comments.
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/ini_inventory.html
 */
import { bad, expandRange, ok, type Parsed, parseHostSpec } from './host-spec.ts';
import { addChild, addHost, type Draft, groupOf, type InventoryProblem, type Variable } from './inventory-draft.ts';

/** Splits a line as a POSIX shell would, comments dropped (Python's shlex, which Ansible uses). */
export function shellWords(line: string): Parsed<readonly string[]> {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (quote !== null) {
      if (char === quote) quote = null;
      else if (char === '\\' && quote === '"' && /["\\]/.test(line.charAt(i + 1))) word += line.charAt(++i);
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === '#') {
      break;
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + (char === '\\' ? line.charAt(++i) : char);
    }
  }
  if (quote !== null) return bad(`a closing ${quote}`);
  if (word !== null) words.push(word);
  return ok(words);
}

/** A value that Python would read as a literal loses its quotes, and a comment after it. */
function literal(value: string): string {
  const match = /^(?:(-?\d+)|"([^"\\]*)"|'([^'\\]*)')\s*(?:#.*)?$/.exec(value);
  return match?.[1] ?? match?.[2] ?? match?.[3] ?? value;
}

function assignment(text: string): { key: string; value: string } | null {
  const at = text.indexOf('=');
  const key = text.slice(0, at).trim();
  return at < 0 || key === '' ? null : { key, value: literal(text.slice(at + 1).trim()) };
}

/** `name[01:10]:2222 ansible_user=deploy` */
function readHostLine(draft: Draft, group: string, line: string, at: Omit<Variable, 'value'>): Parsed<null> {
  const words = shellWords(line);
  if (words.kind === 'bad') return words;
  const [pattern = '', ...rest] = words.value;
  if (pattern.endsWith(':')) return bad('a host or [group]; YAML inventories end in .yml or .yaml');
  const variables: [string, Variable][] = [];
  const spec = parseHostSpec(pattern);
  if (spec.kind === 'ok' && spec.value.port !== null) {
    variables.push(['ansible_port', { ...at, value: String(spec.value.port) }]);
  }
  for (const word of rest) {
    const pair = assignment(word);
    if (pair === null) return bad(`key=value after the host, not ${word}`);
    variables.push([pair.key, { ...at, value: pair.value }]);
  }
  // A name that is no address is Ansible's to allow: it is an alias for ansible_host.
  const user = spec.kind === 'ok' && spec.value.user !== null ? `${spec.value.user}@` : '';
  const names = expandRange(spec.kind === 'ok' ? `${user}${spec.value.host}` : pattern);
  if (names.kind === 'bad') return names;
  for (const name of names.value) addHost(draft, group, name, variables);
  return ok(null);
}

/**
 * Reads `text` into the draft.
 * @returns what is wrong with the file, first problem only; null when all of it was read.
 */
export function readIni(draft: Draft, file: string, text: string): InventoryProblem | null {
  let group = 'ungrouped';
  let kind = 'hosts';
  /** Groups that only a `:vars` section or a list of children has named so far, with where. */
  const undefinedGroups = new Map<string, InventoryProblem>();
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    const at = { file, line: index + 1 };
    const problem = (expected: string): InventoryProblem => ({ ...at, expected, got: line });
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;

    const section = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/.exec(line);
    if (section !== null) {
      group = section[1] ?? '';
      kind = section[2] ?? 'hosts';
      if (!['hosts', 'children', 'vars'].includes(kind)) return problem('[group], [group:children] or [group:vars]');
      if (kind !== 'vars') undefinedGroups.delete(group);
      else if (!draft.groups.has(group)) undefinedGroups.set(group, problem(`a group ${group} in this inventory`));
      groupOf(draft, group);
      continue;
    }
    if (line.startsWith('[') && line.endsWith(']') && parseHostSpec(line).kind === 'bad') {
      return problem('[group], [group:children] or [group:vars], without spaces');
    }
    if (kind === 'vars') {
      const pair = assignment(line);
      if (pair === null) return problem('key=value');
      groupOf(draft, group).variables.set(pair.key, { ...at, value: pair.value });
    } else if (kind === 'children') {
      const child = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(line)?.[1];
      if (child === undefined) return problem('the name of one group');
      if (!draft.groups.has(child)) undefinedGroups.set(child, problem(`a group ${child} in this inventory`));
      if (!addChild(draft, group, child)) return problem(`groups without a loop: ${child} already contains ${group}`);
    } else {
      const read = readHostLine(draft, group, line, at);
      if (read.kind === 'bad') return problem(read.expected);
    }
  }
  return undefinedGroups.values().next().value ?? null;
}
