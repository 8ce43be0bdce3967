/**
 * Resolves an inventory as Ansible does: which hosts, where, and as whom to log in. Several sources are one inventory, a
 * later one overriding an earlier. What is read and what is refused: docs/inventories.md.
 */
import type { Draft, InventoryProblem, Setting, Variables } from './draft.ts';
import { finishGroups, type Groups } from './groups.ts';
import { type Defaults, type ResolvedHost, resolveHost } from './host.ts';

export type { InventoryProblem } from './draft.ts';
export type { InventoryHost, ResolvedHost } from './host.ts';

export interface Inventory {
  /** Names of all hosts in Ansible's order, which is that of the group `all`. */
  readonly hosts: readonly string[];
  /** The same in the order of their first mention. */
  readonly seen: readonly string[];
  /** Names of all groups, including `all` and `ungrouped`. */
  readonly groups: readonly string[];
  /** Names of a group's hosts and those of its child groups, in Ansible's order. */
  hostsOf(group: string): readonly string[];
  /** How to reach a host. */
  resolve(host: string): ResolvedHost;
  /** The same for the last time: its variables are given up. */
  take(host: string): ResolvedHost;
  /** What was read and ignored, a sentence each. */
  readonly notes: readonly string[];
}

/** Variables of one group or host, from a file of group_vars/ or host_vars/. */
export interface FileVariables {
  readonly of: 'group' | 'host';
  readonly name: string;
  readonly settings: readonly Setting[];
}

/** `hosts.ini:3: expected key=value, got "ansible_port"` */
export function describeProblem({ file, line, expected, got }: InventoryProblem): string {
  const at = line > 0 ? `${file}:${line}` : file;
  return `${at}: expected ${expected}, got ${JSON.stringify(got.slice(0, 120))}`;
}

/**
 * @param files by source, of which a later one overrides, and within a source in the order of the directory
 * @param defaults what Ansible's configuration sets, which any variable overrides
 */
export function resolveInventory(
  draft: Draft,
  files: readonly (readonly FileVariables[])[],
  defaults: Defaults = {},
): Inventory {
  const groups = finishGroups(draft);
  const layers = layersOf(draft, groups, files);
  const resolve = (name: string) => {
    const variables: Variables = new Map();
    for (const layer of layers.get(name) ?? []) for (const [key, variable] of layer) variables.set(key, variable);
    return resolveHost(name, variables, defaults);
  };
  return {
    hosts: groups.hostsOf('all'),
    seen: [...draft.hosts.keys()],
    groups: groups.names,
    hostsOf: groups.hostsOf,
    resolve,
    take: (name) => {
      const resolved = resolve(name);
      layers.delete(name);
      draft.hosts.delete(name);
      return resolved;
    },
    notes: draft.notes,
  };
}

/** Variables that are set together. */
type Layer = Iterable<Setting>;

/**
 * The layers of a host, weakest first, as in Ansible's VARIABLE_PRECEDENCE: groups in the inventory, all/ of
 * group_vars, other groups of group_vars, hosts in the inventory, host_vars.
 */
function layersOf(
  draft: Draft,
  groups: Groups,
  files: readonly (readonly FileVariables[])[],
): Map<string, readonly Layer[]> {
  const { byStrength } = groups;
  const rank = new Map(byStrength.map((name, i) => [name, i]));
  const ofGroups = files.map((source) =>
    source.filter((file) => file.of === 'group').sort((a, b) => (rank.get(a.name) ?? 0) - (rank.get(b.name) ?? 0)),
  );
  const inFiles = (isAll: boolean) => ofGroups.flat().filter(({ name }) => (name === 'all') === isAll);

  // By host, so that a host costs its own groups, not all that there are.
  const byHost = new Map<string, readonly Layer[]>();
  const add = (host: string, layer: Layer) => {
    const layers = byHost.get(host);
    // A copy takes as much as it holds; an array that is pushed to, seventeen places.
    byHost.set(host, layers === undefined ? [layer] : [...layers, layer]);
  };
  for (const name of byStrength) {
    const variables = draft.groups.get(name)?.variables ?? new Map();
    if (variables.size > 0) for (const host of groups.hostsOf(name)) add(host, variables);
  }
  for (const { name, settings } of [...inFiles(true), ...inFiles(false)]) {
    if (settings.length > 0) for (const host of groups.hostsOf(name)) add(host, settings);
  }
  for (const [host, variables] of draft.hosts) add(host, variables);
  for (const { of, name, settings } of files.flat()) if (of === 'host') add(name, settings);
  return byHost;
}
