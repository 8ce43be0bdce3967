/** The real Ansible: what it makes of an inventory, and what ssh would get from that. */
import { execFile, spawnSync } from 'node:child_process';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Inventory, InventoryHost } from '../../bin/inventory/inventory.ts';
import { hostsNamed } from '../../bin/inventory/open.ts';
import { splitArguments } from '../../bin/inventory/ssh-arguments.ts';

export const FIXTURES = join(import.meta.dirname, '../fixtures/inventories');
const found = spawnSync('ansible-inventory', ['--version'], { encoding: 'utf8' });
if (found.status !== 0) throw new Error('ansible-inventory is missing; apt-get install -y ansible-core (or ansible)');

const run = promisify(execFile);
export const environment: NodeJS.ProcessEnv = {
  PATH: process.env.PATH,
  HOME: tmpdir(),
  LC_ALL: 'C.UTF-8',
  ANSIBLE_CONFIG: join(FIXTURES, 'ansible.cfg'),
  ANSIBLE_NOCOLOR: '1',
};
export const ansible = async (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  (await run(program, args, { cwd: FIXTURES, env: { ...environment, ...env } })).stdout;
type HostVariables = Readonly<Record<string, unknown>>;
type Group = { readonly hosts?: readonly string[]; readonly children?: readonly string[] };
export type Listed = Readonly<Record<string, Group>> & {
  readonly _meta: Group & { readonly hostvars: Readonly<Record<string, HostVariables>> };
};

/** What ssh gets from these variables: of several names for one thing the last that is set counts. */
export function meaning(name: string, variables: HostVariables): InventoryHost {
  const last = (...keys: string[]) =>
    keys.map((key) => variables[key]).findLast((value) => value !== null && value !== undefined);
  const text = (...keys: string[]) => (last(...keys) === '' ? undefined : last(...keys)?.toString());
  // Of user@host:port Ansible hands all to ssh as a name; we take it for what was meant.
  const [, itsUser, itsHost = name, itsPort] = /^(?:([^@]+)@)?([^:@]+)(?::(\d+))?$/.exec(name) ?? [];
  const user = text('ansible_user', 'ansible_ssh_user') ?? itsUser;
  const port = text('ansible_port', 'ansible_ssh_port') ?? itsPort;
  const key = text('ansible_private_key_file', 'ansible_ssh_private_key_file');
  const wordsOf = (variable: string) => {
    const split = splitArguments(text(variable) ?? '');
    return split.kind === 'ok' ? split.value : [];
  };
  const first = wordsOf('ansible_ssh_args');
  const sshArguments = [...first, ...wordsOf('ansible_ssh_common_args'), ...wordsOf('ansible_ssh_extra_args')];
  return {
    name,
    address: text('ansible_host', 'ansible_ssh_host') ?? itsHost,
    login: {
      ...(user !== undefined && { user }),
      ...(port !== undefined && { port: Number(port) }),
      ...(key !== undefined && { privateKeyPath: key.replace(/^~(?=\/)/, homedir()) }),
    },
    worker: text('crawlwatch_worker') ?? null,
    limits: text('crawlwatch_limits') ?? null,
    sshArguments,
    ...(first.length > 0 && { sshArgumentsFirst: first.length }),
  };
}

/** Hosts of a group and of those below it; a host in several comes several times. */
export function members(listed: Listed, group: string): string[] {
  const { hosts = [], children = [] } = listed[group] ?? {};
  return [...hosts, ...children.flatMap((child) => members(listed, child))];
}

/** All hosts, resolved. */
export const all = (inventory: Inventory) => hostsNamed(inventory, inventory.hosts).hosts;
