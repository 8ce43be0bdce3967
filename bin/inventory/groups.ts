/** The groups once every file is read, in Ansible's order (ansible/inventory/data.py, group.py, helpers.py). */
import { type Draft, groupOf } from './draft.ts';

export interface Groups {
  /** Names in the order in which they were first seen. */
  readonly names: readonly string[];
  /** Hosts of a group, then of those below it, level by level. Empty for an unknown group. */
  hostsOf(group: string): readonly string[];
  /** From the most general to the most specific: a later group overrides an earlier. */
  readonly byStrength: readonly string[];
}

/** Puts groups without a parent under `all`, and hosts without a group into `ungrouped`. */
export function finishGroups(draft: Draft): Groups {
  const all = groupOf(draft, 'all');
  const ungrouped = groupOf(draft, 'ungrouped');
  const contained = new Set([...draft.groups.values()].flatMap(({ children }) => [...children]));
  for (const name of draft.groups.keys()) if (name !== 'all' && !contained.has(name)) all.children.add(name);

  const grouped = new Set<string>();
  for (const [name, { hosts }] of draft.groups) {
    if (name !== 'all' && name !== 'ungrouped') for (const host of hosts) grouped.add(host);
  }
  for (const host of draft.hosts.keys()) {
    if (grouped.has(host)) ungrouped.hosts.delete(host);
    else ungrouped.hosts.add(host);
  }

  const known = new Map<string, readonly string[]>();
  const hostsOf = (name: string): readonly string[] => {
    const found = known.get(name) ?? walk(draft, name);
    known.set(name, found);
    return found;
  };
  return { names: [...draft.groups.keys()], hostsOf, byStrength: byStrength(draft) };
}

/**
 * Level by level. Where two groups of one level have children, Ansible orders these by the addresses of its objects;
 * here they keep the order of the inventory.
 */
function walk(draft: Draft, name: string): string[] {
  const order = new Set([name]);
  // Iterating over a set includes what is added meanwhile: the next level follows this one.
  for (const group of order) for (const child of draft.groups.get(group)?.children ?? []) order.add(child);
  return [...new Set([...order].flatMap((group) => [...(draft.groups.get(group)?.hosts ?? [])]))];
}

/** By the longest path from `all`, then by priority, then by name. */
function byStrength(draft: Draft): string[] {
  const parents = new Map<string, number>();
  for (const { children } of draft.groups.values()) {
    for (const child of children) parents.set(child, (parents.get(child) ?? 0) + 1);
  }
  const depths = new Map([['all', 0]]);
  const ready = ['all'];
  for (const name of ready) {
    for (const child of draft.groups.get(name)?.children ?? []) {
      depths.set(child, Math.max(depths.get(child) ?? 0, (depths.get(name) ?? 0) + 1));
      const left = (parents.get(child) ?? 0) - 1;
      parents.set(child, left);
      if (left === 0) ready.push(child);
    }
  }
  const depthOf = (name: string) => depths.get(name) ?? 0;
  const priorityOf = (name: string) => draft.groups.get(name)?.priority ?? 1;
  return [...draft.groups.keys()].sort(
    (a, b) => depthOf(a) - depthOf(b) || priorityOf(a) - priorityOf(b) || (a < b ? -1 : 1),
  );
}
