import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Inventory, InventoryHost } from '../../bin/inventory/inventory.ts';
import { hostsNamed, openInventory } from '../../bin/inventory/open.ts';
import { proxyOfArguments, splitArguments } from '../../bin/inventory/ssh-arguments.ts';
import { crawlwatch } from '../bin/command-line.ts';
import { aids } from '../bin/inventory/aids.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/inventories');
const found = spawnSync('ansible-inventory', ['--version'], { encoding: 'utf8' });
if (found.status !== 0) throw new Error('ansible-inventory is missing; apt-get install -y ansible-core (or ansible)');

const run = promisify(execFile);
const environment: NodeJS.ProcessEnv = {
  PATH: process.env.PATH,
  HOME: tmpdir(),
  LC_ALL: 'C.UTF-8',
  ANSIBLE_CONFIG: join(FIXTURES, 'ansible.cfg'),
  ANSIBLE_NOCOLOR: '1',
};
const ansible = async (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  (await run(program, args, { cwd: FIXTURES, env: { ...environment, ...env } })).stdout;
const sources = (words: string) => words.split(' ').flatMap((word) => ['-i', word]);
/** A list of hosts stands as it is, anything else lies with the fixtures. */
const path = (word: string) => (word.includes(',') ? word : join(FIXTURES, word));

type HostVariables = Readonly<Record<string, unknown>>;
type Group = { readonly hosts?: readonly string[]; readonly children?: readonly string[] };
type Listed = Readonly<Record<string, Group>> & {
  readonly _meta: Group & { readonly hostvars: Readonly<Record<string, HostVariables>> };
};

/** What ssh gets from these variables: of several names for one thing the last that is set counts. */
function meaning(name: string, variables: HostVariables): InventoryHost {
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
  const proxy = proxyOfArguments(sshArguments);
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
    ...(proxy && { proxy }),
  };
}

function members(listed: Listed, group: string): string[] {
  const { hosts = [], children = [] } = listed[group] ?? {};
  return [...hosts, ...children.flatMap((child) => members(listed, child))];
}

/** Sources of one inventory each, by what is in them that could be got wrong. */
const INVENTORIES: readonly (readonly [string, string])[] = [
  ['a plain list of hosts, with users, ports, IPv6 and comments', 'plain'],
  ['groups, children and variables of all three kinds', 'groups.ini'],
  ['a fleet as a team keeps it, one host in two groups', 'production2'],
  ['quotes, escapes, comments and Python literals as values', 'values.ini'],
  ['ranges of every kind', 'ranges.ini'],
  ['groups named before they are declared, and an ungrouped host that is grouped after all', 'late.ini'],
  ['depth, priority and name deciding between groups', 'depth.ini'],
  ['hosts and groups of one name, and a port given twice', 'namesake.ini'],
  ['line ends of Windows', 'windows.ini'],
  ['two names for one variable', 'both-names.ini'],
  ['jump hosts in ssh arguments', 'jumps.ini'],
  ['YAML, nested', 'nested.yml'],
  ['YAML with anchors, merges, repeated keys, numbers and truth values', 'anchors.yaml'],
  ['JSON', 'hosts.json'],
  ['a list of hosts in a file ending in .yml', 'list-in.yml'],
  ['INI in a file ending in .yml', 'sections.yml'],
  ['YAML in a file without an ending', 'no-ending'],
  ['group_vars and host_vars: files, directories, endings, what is ignored, precedence', 'beside/hosts'],
  ['a directory of inventories', 'folder'],
  ['two inventories, each with its group_vars', 'beside/hosts second/hosts.ini'],
  ['the same two the other way round', 'second/hosts.ini beside/hosts'],
  ['three inventories of different formats', 'groups.ini nested.yml windows.ini'],
  ['a list between commas', 'web1,web2:2222,ops@web3,10.0.0.1:22,2001:db8::1,[2001:db8::2]:2022,'],
  ['a list that adds to a file', 'groups.ini web01,extra:2022'],
  ['an inventory with nobody in it, and one with somebody', 'empty.yml list-in.yml'],
];

describe.concurrent('an inventory', () => {
  it.for(INVENTORIES)('is read as ansible-inventory reads it: %s', async ([, words], { expect }) => {
    const listed = JSON.parse(await ansible('ansible-inventory', [...sources(words), '--list'])) as Listed;
    const inventory = await openInventory(words.split(' ').map(path), aids());
    const expected = members(listed, 'all').filter((name, i, all) => all.indexOf(name) === i);
    expect(expected.length).toBeGreaterThan(0);
    expect(all(inventory).sort(byName)).toEqual(
      expected.map((name) => meaning(name, listed._meta.hostvars[name] ?? {})).sort(byName),
    );
    // Groups without hosts and children are left out of Ansible's list.
    const groups = Object.keys(listed).filter((group) => group !== '_meta');
    for (const group of groups) {
      expect([group, [...inventory.hostsOf(group)].sort()]).toEqual([
        group,
        [...new Set(members(listed, group))].sort(),
      ]);
    }
    const hidden = inventory.groups.filter((group) => !groups.includes(group));
    expect(hidden.flatMap((group) => inventory.hostsOf(group))).toEqual([]);
  });
});

const all = (inventory: Inventory) => hostsNamed(inventory, inventory.hosts).hosts;
const byName = (a: InventoryHost, b: InventoryHost) => (a.name < b.name ? -1 : 1);

/** The way out for programs and plugins, which we don't run. */
describe.concurrent('what ansible-inventory --list --yaml writes', () => {
  it.for(['beside/hosts', 'anchors.yaml', 'values.ini', 'jumps.ini', 'folder'])(
    'is read as its source: %s',
    async (words, { expect }) => {
      const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-inventory-'));
      const file = join(folder, 'hosts.yml');
      writeFileSync(file, await ansible('ansible-inventory', [...sources(words), '--list', '--yaml']));
      const [copy, source] = await Promise.all(
        [file, path(words)].map((one) => openInventory([one], aids()).then(all)),
      );
      rmSync(folder, { recursive: true });
      expect(copy?.sort(byName)).toEqual(source?.sort(byName));
    },
  );
});

/** Patterns of `-l`, by inventory. */
const PATTERNS: Readonly<Record<string, readonly string[]>> = {
  'groups.ini': [
    ...['all', '*', 'web', 'prod', 'ungrouped', 'web01', 'web1*', 'db-?.example.com', 'db-[ab].*', 'db-[!a].*'],
    ...['web,db', 'db:web', 'web:&staging', 'prod:!db', 'prod:&web:!web06:!web10', '!web', '&staging', '!staging:web'],
    ...['web[0]', 'web[-1]', 'web[1:2]', 'web[4:]', 'web[2:0]', 'web[1-2]', 'prod[0:7]', '[ps]*[12:13]', 'all[0]'],
    ...[
      '~web\\d+',
      '~(web|stage)0?[12]$',
      '~.*example',
      '~(?i)WEB',
      'web,~db\\-[bc]',
      '!~web.*',
      'web:&~.*6',
      'web*[-2]',
    ],
    ...[
      '@limit.retry',
      'db,@limit.retry,!web02',
      'web01:2222,web02',
      'lone.example.com',
      'web;db,stage1',
      'st*:web[0]',
    ],
  ],
  'nested.yml': [
    'all',
    'prod',
    'prod[0]',
    'crawlers[1:]',
    'late',
    'db:&late',
    '*1',
    'lone,stag*',
    'all[3]',
    '~[cd].*[12]',
  ],
  'late.ini': ['all', 'top', 'top[0]', 'other', 'shared', 'all[0:2]', 'ungrouped', 'other:top'],
  'namesake.ini': ['bastion', 'bastion*', '!bastion', 'db1', 'db:!db1', 'db[1]', '&db1'],
  plain: ['2001:db8::7', '10.0.1.*', '10.0.1.5,2001:db8::8', 'crawler2:2222,crawler1', '*[2:4]', 'ubuntu@*'],
  folder: ['all', 'web', 'db[1]', 'inner1'],
  'beside/hosts second/hosts.ini': ['all', 'new', 'prod:!new', 'web[2]'],
  'web2,web1:22,web3': ['all', 'web1', '*[1]', '!web2'],
};
const PAIRS = Object.entries(PATTERNS).flatMap(([words, patterns]) => patterns.map((p) => [words, p] as const));

/** A few at a time: each starts Python. */
describe.concurrent('a pattern', () => {
  it.for(PAIRS)(
    'of %s names the hosts that ansible --list-hosts names, in its order: %s',
    async ([words, pattern], { expect }) => {
      const printed = await ansible('ansible', ['all', ...sources(words), '-l', pattern, '--list-hosts']).catch(
        (error: { readonly stderr: string }) => error.stderr,
      );
      const expected = printed.startsWith('  hosts (')
        ? printed
            .split('\n')
            .slice(1)
            .flatMap((line) => line.trim() || [])
        : [];
      const limit = pattern.replace('@limit', `@${FIXTURES}/limit`);
      const ran = await crawlwatch([
        'check',
        ...sources(words.split(' ').map(path).join(' ')),
        '-l',
        limit,
        '--list-hosts',
      ]);
      expect(ran.stdout.split('\n').slice(0, -1)).toEqual(expected);
      expect(ran.exitCode === 0).toBe(expected.length > 0);
    },
  );
});

/** An `ssh` that only writes down what it was given. */
function recorder() {
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-ansible-'));
  const calls = join(folder, 'calls');
  mkdirSync(calls);
  const ssh = join(folder, 'ssh');
  writeFileSync(ssh, `#!/bin/sh\nprintf '%s\\n' "$@" > ${calls}/$$\n`);
  chmodSync(ssh, 0o700);
  const recorded = () => readdirSync(calls).map((name) => readFileSync(join(calls, name), 'utf8').split('\n'));
  return { ssh, recorded, done: () => rmSync(folder, { recursive: true }) };
}

describe('what Ansible tells ssh', () => {
  it.each(['groups.ini', 'both-names.ini', 'jumps.ini', 'beside/hosts', 'nested.yml', 'depth.ini'])(
    'is what we connect with: %s',
    async (words) => {
      const { ssh, recorded, done } = recorder();
      await ansible('ansible', ['all', ...sources(words), '-m', 'raw', '-a', 'true'], { ANSIBLE_SSH_EXECUTABLE: ssh });
      const theirs = recorded().map((args) => {
        const option = (name: string) =>
          args
            .find((arg) => arg.startsWith(`${name}=`))
            ?.slice(name.length + 1)
            .replace(/^"(.*)"$/, '$1');
        const proxy = proxyOfArguments(args);
        const key = option('IdentityFile')?.replace(environment.HOME ?? '', homedir());
        return [args.at(-3), option('Port'), option('User'), key, proxy?.kind === 'jump' ? proxy.hosts : undefined];
      });
      done();
      const hosts = all(await openInventory(words.split(' ').map(path), aids()));
      const ours = hosts.map(({ address, login, proxy }) => [
        address,
        login.port?.toString(),
        login.user,
        login.privateKeyPath,
        proxy?.kind === 'jump' ? proxy.hosts : undefined,
      ]);
      expect(ours.map(String).sort()).toEqual(theirs.map(String).sort());
    },
  );
});
