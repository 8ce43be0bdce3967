/** An inventory while its files are read: hosts and groups with their variables, not yet resolved. */

/** A variable with where it was set, so that a bad value can be traced. */
export interface Variable {
  readonly value: string;
  readonly file: string;
  readonly line: number;
}

/** Where an inventory is broken. */
export interface InventoryProblem {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly expected: string;
  readonly got: string;
}

export interface DraftGroup {
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  readonly variables: Map<string, Variable>;
}

export interface Draft {
  /** Host variables by name, in the order in which the hosts first appear. */
  readonly hosts: Map<string, Map<string, Variable>>;
  readonly groups: Map<string, DraftGroup>;
}

/** `all` and `ungrouped` are always there, as in Ansible. */
export function emptyDraft(): Draft {
  const draft: Draft = { hosts: new Map(), groups: new Map() };
  groupOf(draft, 'all');
  groupOf(draft, 'ungrouped');
  return draft;
}

/** The group of that name, made when it isn't there. */
export function groupOf(draft: Draft, name: string): DraftGroup {
  const found = draft.groups.get(name);
  if (found !== undefined) return found;
  const group: DraftGroup = { hosts: new Set(), children: new Set(), variables: new Map() };
  draft.groups.set(name, group);
  return group;
}

export function addHost(draft: Draft, group: string, name: string, variables: readonly [string, Variable][]): void {
  groupOf(draft, group).hosts.add(name);
  const known = draft.hosts.get(name) ?? new Map<string, Variable>();
  draft.hosts.set(name, known);
  for (const [key, variable] of variables) known.set(key, variable);
}

/** @returns false when that would close a loop; nothing is added then. */
export function addChild(draft: Draft, parent: string, child: string): boolean {
  const contains = (name: string, wanted: string): boolean =>
    name === wanted || [...(draft.groups.get(name)?.children ?? [])].some((inner) => contains(inner, wanted));
  if (contains(child, parent)) return false;
  groupOf(draft, child);
  groupOf(draft, parent).children.add(child);
  return true;
}
