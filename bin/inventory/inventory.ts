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
    for (const layer of layers) {
      if (layer.hosts === null || layer.hosts.has(name)) layer.apply(name, variables);
    }
    return resolveHost(name, variables, defaults);
  };
  return {
    hosts: groups.hostsOf('all'),
    seen: [...draft.hosts.keys()],
    groups: groups.names,
    hostsOf: groups.hostsOf,
    resolve,
    notes: draft.notes,
  };
}

interface Layer {
  /** Null: all hosts. */
  readonly hosts: ReadonlySet<string> | null;
  apply(host: string, variables: Variables): void;
}

/**
 * Layers of variables, weakest first, as in Ansible's VARIABLE_PRECEDENCE: groups in the inventory, all/ of
 * group_vars, other groups of group_vars, hosts in the inventory, host_vars.
 */
function layersOf(draft: Draft, groups: Groups, files: readonly (readonly FileVariables[])[]): Layer[] {
  const members = new Map<string, ReadonlySet<string>>();
  const membersOf = (group: string) => {
    const found = members.get(group) ?? new Set(groups.hostsOf(group));
    members.set(group, found);
    return found;
  };
  const layer = (group: string, settings: Iterable<Setting>): Layer[] => {
    const all = [...settings];
    if (all.length === 0) return [];
    const apply = (_: string, variables: Variables) => {
      for (const [key, variable] of all) variables.set(key, variable);
    };
    return [{ hosts: membersOf(group), apply }];
  };
  const { byStrength } = groups;
  const rank = new Map(byStrength.map((name, i) => [name, i]));
  const ofGroups = files.map((source) =>
    source.filter((file) => file.of === 'group').sort((a, b) => (rank.get(a.name) ?? 0) - (rank.get(b.name) ?? 0)),
  );
  const inFiles = (isAll: boolean) =>
    ofGroups.flat().flatMap(({ name, settings }) => ((name === 'all') === isAll ? layer(name, settings) : []));

  const ofHosts = new Map<string, Setting[]>();
  for (const { of, name, settings } of files.flat()) {
    if (of === 'host') ofHosts.set(name, [...(ofHosts.get(name) ?? []), ...settings]);
  }
  return [
    ...byStrength.flatMap((name) => layer(name, draft.groups.get(name)?.variables ?? [])),
    ...inFiles(true),
    ...inFiles(false),
    {
      hosts: null,
      apply: (host, variables) => {
        for (const [key, variable] of draft.hosts.get(host) ?? []) variables.set(key, variable);
        for (const [key, variable] of ofHosts.get(host) ?? []) variables.set(key, variable);
      },
    },
  ];
}
