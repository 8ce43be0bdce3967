/**
 * Reads Ansible's YAML inventories, and the files of group_vars/ and host_vars/. Follows ansible/plugins/inventory/yaml.py.
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/yaml_inventory.html
 */

import {
  addChild,
  addHosts,
  type Draft,
  groupOf,
  type InventoryProblem,
  isUsed,
  type Setting,
  setOfGroup,
} from './draft.ts';
import { bad, ok } from './parsed.ts';
import { parseTree, type TreeEntry, type TreeNode } from './yaml-tree.ts';

export type YamlInventory =
  | { readonly kind: 'read' }
  | { readonly kind: 'broken'; readonly problem: InventoryProblem }
  /** The configuration of a plugin. */
  | { readonly kind: 'dynamic'; readonly problem: InventoryProblem }
  /** Not YAML, or without a mapping at its top: it may be INI. */
  | { readonly kind: 'other'; readonly problem: InventoryProblem };

/** Reads a file into the draft. */
export function readYaml(draft: Draft, file: string, text: string): YamlInventory {
  const parsed = parseTree(file, text);
  if (parsed.kind === 'broken') return { kind: 'other', problem: parsed.problem };
  const { root } = parsed;
  if (root.kind === 'null') return { kind: 'read' };
  if (root.kind !== 'map') {
    const got = text.trim().split('\n')[0] ?? '';
    return { kind: 'other', problem: { file, line: 1, expected: 'a YAML mapping of groups, like "all:"', got } };
  }
  const plugin = root.entries.find(({ key, node }) => key === 'plugin' && node.kind !== 'null');
  if (plugin !== undefined) {
    const got = plugin.node.kind === 'scalar' ? `plugin: ${plugin.node.text}` : 'plugin:';
    const expected = 'hosts and groups, not the configuration of a plugin';
    return { kind: 'dynamic', problem: { file, line: plugin.line, expected, got, isConvertible: true } };
  }
  for (const entry of root.entries) {
    const problem = readGroup(draft, entry, null);
    if (problem !== null) return { kind: 'broken', problem };
  }
  return { kind: 'read' };
}

const problemAt = ({ file, line, key }: TreeEntry, expected: string): InventoryProblem => ({
  file,
  line,
  expected,
  got: `${key}:`,
});

function readGroup(draft: Draft, entry: TreeEntry, parent: string | null): InventoryProblem | null {
  const { key: name, node } = entry;
  if (!entry.isText || name === '') return problemAt(entry, 'the name of a group, in quotes unless it is a word');
  if (node.kind !== 'map' && node.kind !== 'null') {
    draft.notes.push(`${entry.file}:${entry.line}: ${name} is ignored: it is no mapping of hosts, children and vars`);
    return null;
  }
  groupOf(draft, name);
  for (const section of entriesOf(node)) {
    const problem = readSection(draft, name, section);
    if (problem !== null) return problem;
  }
  const added = parent === null ? ok(null) : addChild(draft, parent, name);
  return added.kind === 'bad' ? problemAt(entry, added.expected) : null;
}

function readSection(draft: Draft, group: string, section: TreeEntry): InventoryProblem | null {
  const { key, node, file, line } = section;
  if (key !== 'hosts' && key !== 'children' && key !== 'vars') {
    draft.notes.push(`${file}:${line}: ${key} is ignored: a group has hosts, children and vars`);
    return null;
  }
  // A single name may be given as text.
  const isName = node.kind === 'scalar' && node.isText;
  if (node.kind === 'list' || (node.kind === 'scalar' && !isName)) {
    return problemAt(section, `a mapping under ${key}, its names without "-" and each with a colon`);
  }
  const entries: readonly TreeEntry[] = isName
    ? [{ ...section, key: node.text, isText: true, node: { kind: 'null' } }]
    : entriesOf(node);
  for (const entry of entries) {
    const problem = readEntry(draft, group, key, entry);
    if (problem !== null) return problem;
  }
  return null;
}

function readEntry(
  draft: Draft,
  group: string,
  section: 'hosts' | 'children' | 'vars',
  entry: TreeEntry,
): InventoryProblem | null {
  switch (section) {
    case 'children':
      return readGroup(draft, entry, group);
    case 'hosts':
      return readHost(draft, group, entry);
    case 'vars': {
      const set = setOfGroup(groupOf(draft, group), ...setting(entry));
      return set.kind === 'bad' ? problemAt(entry, set.expected) : null;
    }
  }
}

function readHost(draft: Draft, group: string, host: TreeEntry): InventoryProblem | null {
  const { node } = host;
  if (!host.isText || host.key === '') return problemAt(host, 'the name of a host, in quotes unless it is a word');
  if (node.kind !== 'map' && node.kind !== 'null') {
    return problemAt(host, 'nothing after the name of a host, or a mapping of its variables');
  }
  const added = addHosts(draft, group, host.key, entriesOf(node).map(setting), host);
  return added.kind === 'bad' ? problemAt(host, added.expected) : null;
}

const entriesOf = (node: TreeNode): readonly TreeEntry[] => (node.kind === 'map' ? node.entries : []);

function setting({ file, line, key, node }: TreeEntry): Setting {
  switch (node.kind) {
    case 'null':
      return [key, { file, line, source: '', value: ok(null) }];
    case 'scalar':
      return [key, { file, line, source: node.text, value: node.value }];
    case 'map':
    case 'list':
      return [key, { file, line, source: `a ${node.kind}`, value: bad('text') }];
  }
}

/** Reads the variables of a file of group_vars/ or host_vars/. */
export function readVariables(
  file: string,
  text: string,
): { readonly settings: readonly Setting[] } | { readonly problem: InventoryProblem } {
  const parsed = parseTree(file, text);
  if (parsed.kind === 'broken') return { problem: parsed.problem };
  const { root } = parsed;
  if (root.kind === 'map') return { settings: root.entries.filter(({ key }) => isUsed(key)).map(setting) };
  if (root.kind === 'null') return { settings: [] };
  const got = text.trim().split('\n')[0] ?? '';
  return { problem: { file, line: 1, expected: 'a YAML mapping of variables, like "ansible_user: deploy"', got } };
}
