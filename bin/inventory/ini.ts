/**
 * Reads Ansible's INI inventory line by line into a {@link Draft}. Follows ansible/plugins/inventory/ini.py: sections
 * `[group]`, `[group:vars]`, `[group:children]`; a host line is split into words as by a shell; `#` and `;` begin comments.
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/ini_inventory.html
 */

import {
  addChild,
  addHosts,
  type Draft,
  groupOf,
  type InventoryProblem,
  type Place,
  type Setting,
  setOfGroup,
} from './draft.ts';
import { bad, ok, type Parsed } from './parsed.ts';
import { iniValue } from './values.ts';

/** Splits a line as a POSIX shell would (as Python's shlex, which Ansible uses): with or without comments in it. */
export function shellWords(line: string, hasComments = true): Parsed<readonly string[]> {
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
    } else if (char === '#' && hasComments) {
      break;
    } else if (/[ \t\r\n]/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === '\\' && i + 1 === line.length) {
      return bad('a character after the \\');
    } else {
      word = (word ?? '') + (char === '\\' ? line.charAt(++i) : char);
    }
  }
  if (quote !== null) return bad(`a closing ${quote}`);
  if (word !== null) words.push(word);
  return ok(words);
}

function setting(key: string, source: string, at: Place): Setting {
  return [key, { ...at, source, value: iniValue(source) }];
}

/** `name[01:10]:2222 ansible_user=deploy` */
function readHostLine(draft: Draft, group: string, line: string, at: Place): Parsed<null> {
  const words = shellWords(line);
  if (words.kind === 'bad') return words;
  const [pattern = '', ...rest] = words.value;
  if (pattern.endsWith(':') || pattern === '---') {
    return bad('a host or [group]; YAML inventories end in .yml, .yaml, .json or nothing');
  }
  if (pattern === '') return bad('a host');
  const variables: Setting[] = [];
  for (const word of rest) {
    const equals = word.indexOf('=');
    if (equals < 1) return bad(`key=value after the host, not ${word}`);
    variables.push(setting(word.slice(0, equals), word.slice(equals + 1), at));
  }
  return addHosts(draft, group, pattern, variables, at);
}

/** A group that was used before it was declared. */
interface Pending {
  readonly problem: InventoryProblem;
  readonly parents: string[];
}

/**
 * Reads `text` into the draft.
 * @returns the first problem of the file; null where all of it was read.
 */
export function readIni(draft: Draft, file: string, text: string): InventoryProblem | null {
  let group = 'ungrouped';
  let kind = 'hosts';
  const pending = new Map<string, Pending>();

  const section = (name: string, type: string, problem: InventoryProblem): Parsed<null> => {
    group = name;
    kind = type;
    const waiting = pending.get(name);
    if (waiting === undefined && type === 'vars' && !draft.groups.has(name)) {
      pending.set(name, { problem, parents: [] });
    }
    groupOf(draft, name);
    if (waiting === undefined || type === 'vars') return ok(null);
    pending.delete(name);
    // As in Ansible, children are added in the order of their declarations, not of the list.
    for (const parent of waiting.parents) {
      const added = addChild(draft, parent, name);
      if (added.kind === 'bad') return added;
    }
    return ok(null);
  };

  const readLine = (line: string, at: Place): Parsed<null> => {
    const [, name, type = 'hosts'] = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/.exec(line) ?? [];
    if (name !== undefined) {
      if (!/^(?:hosts|children|vars)$/.test(type)) return bad('[group], [group:children] or [group:vars]');
      return section(name, type, { ...at, expected: `a group ${name} in this inventory`, got: line });
    }
    if (line.startsWith('[') && line.endsWith(']')) {
      return bad('[group], [group:children] or [group:vars], without spaces');
    }
    if (line.startsWith('[') && !line.includes(']')) return bad('a closing ]');
    if (kind === 'vars') {
      const equals = line.indexOf('=');
      if (equals < 1) return bad('key=value');
      return setOfGroup(
        groupOf(draft, group),
        ...setting(line.slice(0, equals).trim(), line.slice(equals + 1).trim(), at),
      );
    }
    if (kind === 'hosts') return readHostLine(draft, group, line, at);
    const child = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(line)?.[1];
    if (child === undefined) return bad('the name of one group');
    if (draft.groups.has(child)) return addChild(draft, group, child);
    const problem = { ...at, expected: `a group ${child} in this inventory`, got: line };
    const waiting: Pending = pending.get(child) ?? { problem, parents: [] };
    waiting.parents.push(group);
    pending.set(child, waiting);
    return ok(null);
  };

  // Lines end where Python's splitlines ends them.
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|[\n\r\v\f\x85\u2028\u2029]/);
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const at = { file, line: index + 1 };
    const read = readLine(line, at);
    if (read.kind === 'bad') return { ...at, expected: read.expected, got: line };
  }
  return pending.values().next().value?.problem ?? null;
}
