/** An inventory while its files are read: hosts and groups with their variables, not yet resolved. */

import { expandPattern } from './address.ts';
import { bad, ok, type Parsed } from './parsed.ts';

/** The variables used here; of several for one purpose the last overrides, as in Ansible's ssh plugin. */
export const USED = {
  address: ['ansible_host', 'ansible_ssh_host'],
  port: ['ansible_port', 'ansible_ssh_port'],
  user: ['ansible_user', 'ansible_ssh_user'],
  key: ['ansible_private_key_file', 'ansible_ssh_private_key_file'],
  sshArgs: ['ansible_ssh_args'],
  commonArgs: ['ansible_ssh_common_args'],
  extraArgs: ['ansible_ssh_extra_args'],
  worker: ['crawlwatch_worker'],
  limits: ['crawlwatch_limits'],
  connection: ['ansible_connection'],
  executable: ['ansible_ssh_executable'],
  smartCard: ['ansible_ssh_pkcs11_provider'],
  keyText: ['ansible_private_key', 'ansible_ssh_private_key'],
  password: ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'],
} as const;

const USED_NAMES: ReadonlySet<string> = new Set(Object.values(USED).flat());
/** Whether a variable of that name is used here. */
export const isUsed = (name: string): boolean => USED_NAMES.has(name);
const PRIORITY = 'ansible_group_priority';

const MAX_HOSTS = 100_000;
const MAX_GROUPS = 10_000;

/** A place in a file. */
export interface Place {
  readonly file: string;
  /** Counted from 1; 0 where only the file is known. */
  readonly line: number;
}

/** What a variable was set to. Null counts as not set; `bad` is an error only where a host would use it. */
export type Value = Parsed<string | null>;

/** A variable with where it was set, so that a bad value can be traced. */
export interface Variable extends Place {
  readonly value: Value;
  /** As it is written. */
  readonly source: string;
}

export type Variables = Map<string, Variable>;

/** Where an inventory is broken. */
export interface InventoryProblem extends Place {
  readonly expected: string;
  readonly got: string;
  /** It is of a form that ansible-inventory turns into one that is read here; absent: it isn't. */
  readonly isConvertible?: true;
}

export interface DraftGroup {
  /** In the order in which they were added; so are the children. */
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  readonly variables: Variables;
  /** `ansible_group_priority`: of groups at the same depth the higher overrides. */
  priority: number;
}

export interface Draft {
  /** Host variables by name, in the order in which the hosts first appear. */
  readonly hosts: Map<string, Variables>;
  readonly groups: Map<string, DraftGroup>;
  /** What was read and ignored, a sentence each. */
  readonly notes: string[];
}

/** Like Ansible's, with the groups `all` and `ungrouped` from the start. */
export function emptyDraft(): Draft {
  const draft: Draft = { hosts: new Map(), groups: new Map(), notes: [] };
  groupOf(draft, 'all').children.add('ungrouped');
  groupOf(draft, 'ungrouped');
  return draft;
}

/** The group of that name, created if missing. */
export function groupOf(draft: Draft, name: string): DraftGroup {
  const found = draft.groups.get(name);
  if (found !== undefined) return found;
  const group: DraftGroup = { hosts: new Set(), children: new Set(), variables: new Map(), priority: 1 };
  draft.groups.set(name, group);
  return group;
}

/** Sets a variable of a group. @returns what was expected instead, for a priority that is no whole number. */
export function setOfGroup(group: DraftGroup, key: string, variable: Variable): Parsed<null> {
  if (key === PRIORITY) {
    const text = variable.value.kind === 'ok' ? variable.value.value : null;
    if (text === null || !/^[+-]?\d{1,15}$/.test(text)) return bad('a whole number as ansible_group_priority');
    group.priority = Number(text);
  } else if (isUsed(key)) group.variables.set(key, variable);
  return ok(null);
}

/** Sets variables of a host, or of a group of the same name: in Ansible the group gets them. */
function setOfHost(draft: Draft, name: string, variables: readonly Setting[]): Parsed<null> {
  const group = draft.groups.get(name);
  for (const [key, variable] of variables) {
    if (group !== undefined) {
      const set = setOfGroup(group, key, variable);
      if (set.kind === 'bad') return set;
    } else if (isUsed(key)) draft.hosts.get(name)?.set(key, variable);
  }
  return ok(null);
}

/** A variable by its name. */
export type Setting = readonly [key: string, variable: Variable];

/** Adds what a pattern like `web[01:10]:2222` names, with these variables. @returns what was expected instead. */
export function addHosts(
  draft: Draft,
  group: string,
  pattern: string,
  variables: readonly Setting[],
  at: Place,
): Parsed<null> {
  const expanded = expandPattern(pattern);
  if (expanded.kind === 'bad') return expanded;
  const { names, port } = expanded.value;
  // A port after the name counts only where the host is named first, and a variable overrides it.
  const own: Variable | null = port === null ? null : { ...at, value: ok(port), source: port };
  for (const name of names) {
    const added = addNamed(draft, group, name, own, variables);
    if (added.kind === 'bad') return added;
  }
  return ok(null);
}

/** Adds one host by its name, word for word, to a group or to none. @returns what was expected instead. */
export function addNamed(
  draft: Draft,
  group: string | null,
  name: string,
  port: Variable | null,
  variables: readonly Setting[],
): Parsed<null> {
  if (!draft.hosts.has(name)) draft.hosts.set(name, new Map(port === null ? [] : [['ansible_port', port]]));
  if (group !== null) groupOf(draft, group).hosts.add(name);
  const set = setOfHost(draft, name, variables);
  if (set.kind === 'bad') return set;
  if (draft.hosts.size > MAX_HOSTS) return bad(`at most ${MAX_HOSTS} hosts`);
  if (draft.groups.size > MAX_GROUPS) return bad(`at most ${MAX_GROUPS} groups`);
  return ok(null);
}

/** Adds a group below another. @returns what was expected instead where that would close a loop; then nothing is added. */
export function addChild(draft: Draft, parent: string, child: string): Parsed<null> {
  if (child === 'all') return bad('a group other than all, which contains every group');
  const seen = new Set<string>();
  const reaches = [child];
  for (let name = reaches.pop(); name !== undefined; name = reaches.pop()) {
    if (name === parent) return bad(`groups without a loop: ${child} already contains ${parent}`);
    if (seen.has(name)) continue;
    seen.add(name);
    reaches.push(...(draft.groups.get(name)?.children ?? []));
  }
  groupOf(draft, child);
  groupOf(draft, parent).children.add(child);
  return ok(null);
}
