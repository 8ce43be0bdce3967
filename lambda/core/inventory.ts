/**
 * Inventories as Ansible keeps them: files of hosts and groups, resolved to who is asked, where, and as whom.
 * Several files are one inventory, a later one overriding an earlier.
 */

import type { Login } from '../model.ts';
import { parseHostSpec, readPort } from './host-spec.ts';
import { type Draft, emptyDraft, type InventoryProblem, type Variable } from './inventory-draft.ts';
import { readIni } from './inventory-ini.ts';
import { proxyOfArguments, type SshProxy } from './ssh-arguments.ts';

export type { InventoryProblem } from './inventory-draft.ts';

export interface InventoryHost {
  /** The inventory's own name for it. */
  readonly name: string;
  /** `ansible_host`, else the name without a user. */
  readonly address: string;
  readonly login: Partial<Login>;
  /** `crawlwatch_worker`: the systemd unit of the crawler; null where none is named. */
  readonly worker: string | null;
  /** What `ansible_ssh_common_args` and its like say of the way there. */
  readonly proxy?: SshProxy;
}

export interface Inventory {
  readonly hosts: readonly InventoryHost[];
  /** Names of hosts by group, those of child groups included; `all` and `ungrouped` are there too. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface InventoryFile {
  readonly file: string;
  readonly text: string;
}

export type InventoryResult =
  | { readonly kind: 'inventory'; readonly inventory: Inventory }
  | { readonly kind: 'broken'; readonly problem: InventoryProblem };

/** `hosts.ini:3: expected key=value, got "ansible_port"` */
export function describeProblem({ file, line, expected, got }: InventoryProblem): string {
  return `${file}:${line}: expected ${expected}, got ${JSON.stringify(got.slice(0, 120))}`;
}

/** Every group's hosts, and every host's groups from the most general to the most specific. */
function resolveGroups(draft: Draft) {
  const members = new Map<string, Set<string>>();
  const depths = new Map<string, number>();
  const parentsOf = (name: string) =>
    [...draft.groups].filter(([, g]) => g.children.has(name)).map(([parent]) => parent);
  const depthOf = (name: string): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    const depth = name === 'all' ? 0 : 1 + Math.max(0, ...parentsOf(name).map(depthOf));
    depths.set(name, depth);
    return depth;
  };
  const hostsOf = (name: string): Set<string> => {
    const known = members.get(name);
    if (known !== undefined) return known;
    const group = draft.groups.get(name);
    const hosts = new Set([...(group?.hosts ?? []), ...[...(group?.children ?? [])].flatMap((c) => [...hostsOf(c)])]);
    members.set(name, hosts);
    return hosts;
  };
  for (const name of draft.groups.keys()) hostsOf(name);
  members.set('all', new Set(draft.hosts.keys()));
  const grouped = new Set([...members].flatMap(([name, hosts]) => (/^(all|ungrouped)$/.test(name) ? [] : [...hosts])));
  members.set('ungrouped', new Set([...draft.hosts.keys()].filter((host) => !grouped.has(host))));

  const priority = (name: string) =>
    Number(draft.groups.get(name)?.variables.get('ansible_group_priority')?.value ?? 1);
  const byStrength = [...draft.groups.keys()].sort(
    (a, b) => depthOf(a) - depthOf(b) || priority(a) - priority(b) || (a < b ? -1 : 1),
  );
  return { members, byStrength };
}

type HostResult = { readonly host: InventoryHost } | { readonly problem: InventoryProblem };

function resolveHost(name: string, variables: ReadonlyMap<string, Variable>): HostResult {
  const first = (...keys: string[]) =>
    keys.map((key) => variables.get(key)).find((v) => v !== undefined && v.value !== '');
  const address = first('ansible_host', 'ansible_ssh_host');
  const port = first('ansible_port', 'ansible_ssh_port');
  const user = first('ansible_user', 'ansible_ssh_user');
  const key = first('ansible_ssh_private_key_file', 'ansible_private_key_file');
  const worker = first('crawlwatch_worker');
  // In ssh the first option counts, and in this order Ansible gives them.
  const [way] = ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'].flatMap((name) => {
    const variable = variables.get(name);
    const proxy = variable && proxyOfArguments(variable.value);
    return proxy ? [{ variable, proxy }] : [];
  });
  const template = [address, port, user, key, worker, way?.variable].find((v) => v?.value.includes('{{'));
  const refuse = ({ file, line, value }: Variable, expected: string): HostResult => ({
    problem: { file, line, expected, got: value },
  });
  if (template !== undefined) return refuse(template, 'a plain value (templates are not evaluated)');
  const portNumber = port === undefined ? null : readPort(port.value);
  if (port !== undefined && portNumber === null) return refuse(port, 'a port from 1 to 65535');
  if (worker !== undefined && !/^[A-Za-z0-9:_.@-]+$/.test(worker.value)) {
    return refuse(worker, 'a systemd unit like sidekiq.service');
  }
  const spec = parseHostSpec(name);
  const named = spec.kind === 'ok' ? spec.value : { user: null, host: name };
  const loginUser = user?.value ?? named.user;
  return {
    host: {
      name,
      address: address?.value ?? named.host,
      login: {
        ...(loginUser === null ? {} : { user: loginUser }),
        ...(portNumber === null ? {} : { port: portNumber }),
        ...(key === undefined ? {} : { privateKeyPath: key.value }),
      },
      worker: worker?.value ?? null,
      ...(way !== undefined && { proxy: way.proxy }),
    },
  };
}

/** Reads files as one inventory. A broken one is told with file, line and what was expected there. */
export function parseInventory(files: readonly InventoryFile[]): InventoryResult {
  const draft = emptyDraft();
  for (const { file, text } of files) {
    const problem = readIni(draft, file, text);
    if (problem !== null) return { kind: 'broken', problem };
  }
  const { members, byStrength } = resolveGroups(draft);
  const hosts: InventoryHost[] = [];
  for (const [name, own] of draft.hosts) {
    const inherited = byStrength
      .filter((group) => members.get(group)?.has(name))
      .flatMap((group) => [...(draft.groups.get(group)?.variables ?? [])]);
    const resolved = resolveHost(name, new Map([...inherited, ...own]));
    if ('problem' in resolved) return { kind: 'broken', problem: resolved.problem };
    hosts.push(resolved.host);
  }
  return { kind: 'inventory', inventory: { hosts, groups: members } };
}
