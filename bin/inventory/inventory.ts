/**
 * Resolves an inventory as Ansible does: which hosts, where, and as whom to log in. Several sources are one inventory, a
 * later one overriding an earlier. What is read and what is refused: docs/inventories.md.
 */
import { type Login, WORKER } from '../../lambda/model/index.ts';
import { parseHostSpec, readPort } from './address.ts';
import { type Draft, type InventoryProblem, type Setting, USED, type Variable, type Variables } from './draft.ts';
import { finishGroups, type Groups } from './groups.ts';
import { proxyOfArguments, type SshProxy } from './ssh-arguments.ts';

export type { InventoryProblem } from './draft.ts';

export interface InventoryHost {
  /** Its name in the inventory. */
  readonly name: string;
  /** `ansible_host`, else the name without a user and a port. */
  readonly address: string;
  readonly login: Partial<Login>;
  /** `crawlwatch_worker`: the systemd unit of the crawler; null where none is given. */
  readonly worker: string | null;
  /** The proxy that `ansible_ssh_common_args` and the like name. */
  readonly proxy?: SshProxy;
}

export interface Inventory {
  /** Names of all hosts in Ansible's order, which is that of the group `all`. */
  readonly hosts: readonly string[];
  /** The same in the order of their first mention. */
  readonly seen: readonly string[];
  /** Names of all groups, including `all` and `ungrouped`. */
  readonly groups: readonly string[];
  /** Names of a group's hosts and those of its child groups, in Ansible's order. */
  hostsOf(group: string): readonly string[];
  /** How to reach a host. An error in its variables matters only once it is resolved. */
  resolve(host: string): HostResult;
  /** What was read and ignored, a sentence each. */
  readonly notes: readonly string[];
}

/** A host, with a note on what is ignored; or where its login is broken. */
export type HostResult =
  | { readonly kind: 'host'; readonly host: InventoryHost; readonly note: string | null }
  | { readonly kind: 'broken'; readonly problem: InventoryProblem };

/** Variables of one group or host, from a file of group_vars/ or host_vars/. */
export interface FileVariables {
  readonly of: 'group' | 'host';
  readonly name: string;
  readonly settings: readonly Setting[];
}

/** The values of `ansible_connection` that mean SSH. */
const SSH = /^(?:ansible\.builtin\.)?(?:ssh|smart|paramiko|paramiko_ssh)$/;

/** `hosts.ini:3: expected key=value, got "ansible_port"` */
export function describeProblem({ file, line, expected, got }: InventoryProblem): string {
  return `${file}:${line}: expected ${expected}, got ${JSON.stringify(got.slice(0, 120))}`;
}

/** @param files by source, of which a later one overrides, and within a source in the order of the directory */
export function resolveInventory(draft: Draft, files: readonly (readonly FileVariables[])[]): Inventory {
  const groups = finishGroups(draft);
  const layers = layersOf(draft, groups, files);
  const resolve = (name: string) => {
    const variables: Variables = new Map();
    for (const layer of layers) {
      if (layer.hosts === null || layer.hosts.has(name)) layer.apply(name, variables);
    }
    return resolveHost(name, variables);
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

interface Used {
  readonly text: string;
  readonly variable: Variable;
}

/** The last of several names that is set; null where none is, or where it is set to nothing. */
function strongest(names: readonly string[], variables: Variables): Variable | null {
  const set = names.flatMap((name) => variables.get(name) ?? []);
  const variable = set.findLast(({ value }) => value.kind === 'bad' || value.value !== null);
  return variable === undefined || (variable.value.kind === 'ok' && variable.value.value === '') ? null : variable;
}

const problemOf = ({ file, line, source }: Variable, expected: string): InventoryProblem => ({
  file,
  line,
  expected,
  got: source,
});

/** A variable's text, or why it can't be used. */
function use(variable: Variable): Used | InventoryProblem {
  const { value } = variable;
  if (value.kind === 'bad') return problemOf(variable, value.expected);
  const text = value.value ?? '';
  return /\{[{%#]/.test(text) ? problemOf(variable, 'a plain value: templates are not evaluated') : { text, variable };
}

function resolveHost(name: string, variables: Variables): HostResult {
  const used: Partial<Record<keyof typeof USED, Used>> = {};
  for (const meaning of ['address', 'port', 'user', 'key', 'worker'] as const) {
    const variable = strongest(USED[meaning], variables);
    if (variable === null) continue;
    const found = use(variable);
    if ('expected' in found) return { kind: 'broken', problem: found };
    used[meaning] = found;
  }
  let proxy: SshProxy | null = null;
  for (const argument of USED.arguments) {
    const variable = strongest([argument], variables);
    if (variable === null) continue;
    const found = use(variable);
    if ('expected' in found) return { kind: 'broken', problem: found };
    proxy ??= proxyOfArguments(found.text);
  }
  const { address, port, user, key, worker } = used;
  const portNumber = port === undefined ? null : readPort(port.text);
  if (port !== undefined && portNumber === null) {
    return { kind: 'broken', problem: problemOf(port.variable, 'a port from 1 to 65535') };
  }
  if (worker !== undefined && !WORKER.test(worker.text)) {
    return { kind: 'broken', problem: problemOf(worker.variable, 'a systemd unit like sidekiq.service') };
  }
  const connection = strongest(USED.connection, variables)?.source ?? 'ssh';
  // Any variable overrides what the name itself says, as in user@host:port.
  const spec = parseHostSpec(name);
  const named = spec.kind === 'ok' ? spec.value : { user: null, host: name, port: null };
  const loginUser = user?.text ?? named.user;
  const loginPort = portNumber ?? named.port;
  return {
    kind: 'host',
    note: SSH.test(connection)
      ? null
      : `${name} has ansible_connection=${connection}; it is probed over SSH like all others`,
    host: {
      name,
      address: address?.text ?? named.host,
      login: {
        ...(loginUser !== null && { user: loginUser }),
        ...(loginPort !== null && { port: loginPort }),
        ...(key !== undefined && { privateKeyPath: key.text }),
      },
      worker: worker?.text ?? null,
      ...(proxy !== null && { proxy }),
    },
  };
}
