/**
 * Reads what `ansible-inventory --list` and inventory scripts print: JSON with groups of named hosts, and the variables
 * of all hosts in `_meta`. Follows ansible/plugins/inventory/script.py.
 * https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html
 */
import {
  addChild,
  addNamed,
  type Draft,
  groupOf,
  type InventoryProblem,
  type Setting,
  setOfGroup,
  type Value,
} from '../draft.ts';
import { bad, ok, type Parsed } from '../parsed.ts';

type Json = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The parsed text, where it is of this form; null for any other, a YAML inventory written as JSON included. */
export function parseListed(text: string): Json | null {
  if (!/^\s*\{/.test(text)) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Not JSON: it may be YAML.
    return null;
  }
  if (!isMap(parsed)) return null;
  const isOfList = (group: unknown) =>
    Array.isArray(group) || (isMap(group) && (Array.isArray(group.hosts) || Array.isArray(group.children)));
  return isMap(parsed._meta) || Object.values(parsed).some(isOfList) ? parsed : null;
}

/** Reads the groups into the draft. @returns the first problem; null where all was read. */
export function readListed(draft: Draft, file: string, listed: Json): InventoryProblem | null {
  const meta = isMap(listed._meta) ? listed._meta : {};
  const hostVariables = meta.hostvars ?? {};
  const problem = (path: string, expected: string, got: unknown): InventoryProblem => ({
    file,
    line: 0,
    expected,
    got: `${path}: ${JSON.stringify(got)?.slice(0, 80)}`,
  });
  if (!isMap(hostVariables)) return problem('_meta.hostvars', 'variables by the names of hosts', hostVariables);

  const hosts = new Set<string>();
  for (const [name, given] of Object.entries(listed)) {
    if (name === '_meta') continue;
    const group = isMap(given) ? withKnownKeys(name, given) : { hosts: given };
    groupOf(draft, name);
    const { hosts: members = [], vars = {}, children = [] } = group;
    if (!isListOfNames(members)) return problem(`${name}.hosts`, 'a list of names of hosts', members);
    if (!isListOfNames(children)) return problem(`${name}.children`, 'a list of names of groups', children);
    if (!isMap(vars)) return problem(`${name}.vars`, 'variables by their names', vars);
    for (const host of members) {
      hosts.add(host);
      const added = addNamed(draft, name, host, null, []);
      if (added.kind === 'bad') return problem(name, added.expected, host);
    }
    for (const setting of settingsOf(file, vars)) {
      const set = setOfGroup(groupOf(draft, name), ...setting);
      if (set.kind === 'bad') return problem(`${name}.vars`, set.expected, vars[setting[0]]);
    }
    for (const child of children) {
      const added: Parsed<null> = name === 'all' && child === 'all' ? ok(null) : addChild(draft, name, child);
      if (added.kind === 'bad') return problem(`${name}.children`, added.expected, child);
    }
  }
  for (const host of hosts) {
    const variables = Object.hasOwn(hostVariables, host) ? hostVariables[host] : null;
    if (variables === null) continue;
    if (!isMap(variables)) return problem(`_meta.hostvars.${host}`, 'variables by their names', variables);
    const added = addNamed(draft, null, host, null, settingsOf(file, variables));
    if (added.kind === 'bad') return problem(`_meta.hostvars.${host}`, added.expected, host);
  }
  return null;
}

/** A group without any of the three keys is a host of that name, with its variables. */
const withKnownKeys = (name: string, group: Json): Json =>
  'hosts' in group || 'vars' in group || 'children' in group ? group : { hosts: [name], vars: group };

const isListOfNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '');

const settingsOf = (file: string, variables: Json): Setting[] =>
  Object.entries(variables).map(([key, value]) => [
    key,
    { file, line: 0, source: sourceOf(value), value: textValue(value) },
  ]);

/** Ansible marks two kinds of text by a key of their own: what is vaulted, and what is never a template. */
function textValue(value: unknown): Value {
  if (value === null) return ok(null);
  if (typeof value === 'string') return ok(value);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return ok(String(value));
  if (isMap(value) && typeof value.__ansible_unsafe === 'string') return ok(value.__ansible_unsafe);
  if (isMap(value) && '__ansible_vault' in value) return bad('a plain value: vaulted ones are not decrypted');
  return bad('text in quotes, or a whole number');
}

const sourceOf = (value: unknown): string =>
  isMap(value) && '__ansible_vault' in value
    ? '!vault'
    : typeof value === 'string'
      ? value
      : (JSON.stringify(value) ?? '').slice(0, 120);
