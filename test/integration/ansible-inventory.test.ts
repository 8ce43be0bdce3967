import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { InventoryHost } from '../../bin/inventory/inventory.ts';
import { openInventory } from '../../bin/inventory/open.ts';
import { crawlwatch } from '../bin/command-line.ts';
import { aids } from '../bin/inventory/aids.ts';
import { all, ansible, environment, FIXTURES, type Listed, meaning, members } from '../support/ansible.ts';

const sources = (words: string) => words.split(' ').flatMap((word) => ['-i', word]);
/** A list of hosts stands as it is, anything else lies with the fixtures. */
const path = (word: string) => (word.includes(',') ? word : join(FIXTURES, word));

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

const byName = (a: InventoryHost, b: InventoryHost) => (a.name < b.name ? -1 : 1);

/** The way out for programs and plugins, which we don't run. */
describe.concurrent('what ansible-inventory --list writes', () => {
  const SOURCES = ['beside/hosts', 'anchors.yaml', 'values.ini', 'jumps.ini', 'folder'];
  it.for(SOURCES.flatMap((words) => ['hosts.json', 'hosts.yml', '-'].map((copy) => [words, copy] as const)))(
    'is read as its source: %s, as %s',
    async ([words, copy], { expect }) => {
      const format = copy.endsWith('.yml') ? ['--yaml'] : [];
      const text = await ansible('ansible-inventory', [...sources(words), '--list', ...format]);
      const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-inventory-'));
      if (copy !== '-') writeFileSync(join(folder, copy), text);
      const [read, source] = await Promise.all([
        openInventory([copy === '-' ? '-' : join(folder, copy)], aids({ stdin: text })),
        openInventory([path(words)], aids()),
      ]);
      rmSync(folder, { recursive: true });
      expect(all(read).sort(byName)).toEqual(all(source).sort(byName));
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

/** The option that names a proxy, as it is written; `-J` may be apart from its value. */
const proxyIn = (args: readonly string[]): string | undefined => {
  const at = args.findIndex((arg) => /^(-J|(-o)?Proxy(Jump|Command)\b)/i.test(arg));
  return at < 0 ? undefined : args.slice(at, at + (args[at] === '-J' ? 2 : 1)).join(' ');
};

describe('what Ansible gives to ssh', () => {
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
        const key = option('IdentityFile')?.replace(environment.HOME ?? '', homedir());
        return [args.at(-3), option('Port'), option('User'), key, proxyIn(args)];
      });
      done();
      const hosts = all(await openInventory(words.split(' ').map(path), aids()));
      const ours = hosts.map(({ address, login, sshArguments }) => [
        address,
        login.port?.toString(),
        login.user,
        login.privateKeyPath,
        proxyIn(sshArguments),
      ]);
      expect(ours.map(String).sort()).toEqual(theirs.map(String).sort());
    },
  );
});

/** What Ansible adds by itself, whatever the inventory and its configuration. */
const ANSIBLES_OWN =
  /^(?:KbdInteractiveAuthentication|PreferredAuthentications|PasswordAuthentication|ConnectTimeout|StrictHostKeyChecking|ControlPath)=/;
const DEFAULT_ARGUMENTS = ['-C', '-o', 'ControlMaster=auto', '-o', 'ControlPersist=60s'];

/** The options before the host, in their order, without Ansible's own. */
function optionsOf(args: readonly string[]): string[] {
  const end = args.lastIndexOf('-tt') < 0 ? args.length - 3 : args.lastIndexOf('-tt');
  const options = args.slice(0, end);
  const isDefault = DEFAULT_ARGUMENTS.every((word, n) => options[n] === word);
  return options
    .slice(isDefault ? DEFAULT_ARGUMENTS.length : 0)
    .filter((word, n, all) => !ANSIBLES_OWN.test(word) && !(word === '-o' && ANSIBLES_OWN.test(all[n + 1] ?? '')));
}

/** The same from what we read. */
function ourOptions({ login, sshArguments, sshArgumentsFirst = 0 }: InventoryHost): string[] {
  const { port, privateKeyPath: key, user } = login;
  return [
    ...sshArguments.slice(0, sshArgumentsFirst),
    ...(port === undefined ? [] : ['-o', `Port=${port}`]),
    ...(key === undefined ? [] : ['-o', `IdentityFile="${key}"`]),
    ...(user === undefined ? [] : ['-o', `User="${user}"`]),
    ...sshArguments.slice(sshArgumentsFirst),
  ];
}

const HOSTS = `[some]
plain
all_set ansible_host=10.0.0.1 ansible_port=22 ansible_user=var ansible_private_key_file=~/k2 ansible_ssh_args="-o A=var"
emptied ansible_user= ansible_ssh_args= ansible_ssh_common_args= ansible_ssh_extra_args=
quotes ansible_ssh_common_args='-o "ProxyCommand=nc %h %p # no comment" -p 7 -i "~/my key"'
before ansible_ssh_args='-p 2201 -l first' ansible_port=2202 ansible_user=second ansible_ssh_extra_args='-p 2203'
elsewhere ansible_ssh_private_key_file=~root/.ssh/id relative=1
relative ansible_private_key_file=keys/id ansible_ssh_extra_args="-F 'ssh config'\\t-q"
named.example.com ansible_host='{{ inventory_hostname_short }}.internal' ansible_user='{{inventory_hostname}}'
`;

const CONFIG = `[defaults]
remote_user = configured ; inline
Remote_Port: 2022
private_key_file = keys/id_config
# a comment
[ssh_connection]
ssh_args = -o A=config
   -o B=config
; another
ssh_common_args = -o C=%%h -o "D=x;y" ; not this
ssh_extra_args=-vv
`;

/** The names of the variables that are set, and what is in the files. */
const CONFIGURED: readonly (readonly [string, NodeJS.ProcessEnv, Readonly<Record<string, string>>])[] = [
  ['nothing', {}, {}],
  ['ansible.cfg where one is', {}, { 'ansible.cfg': CONFIG }],
  ['a file that ANSIBLE_CONFIG names', { ANSIBLE_CONFIG: 'other/mine.cfg' }, { 'other/mine.cfg': CONFIG }],
  ['a directory that ANSIBLE_CONFIG names', { ANSIBLE_CONFIG: 'other' }, { 'other/ansible.cfg': CONFIG }],
  ['one that is missing', { ANSIBLE_CONFIG: 'nowhere.cfg' }, { 'ansible.cfg': CONFIG }],
  [
    'variables before the file',
    {
      ANSIBLE_REMOTE_USER: 'env',
      ANSIBLE_REMOTE_PORT: '2300',
      ANSIBLE_PRIVATE_KEY_FILE: '$KEYS/id',
      KEYS: '/keys',
      ANSIBLE_SSH_ARGS: "-o 'A=env'",
      ANSIBLE_SSH_COMMON_ARGS: '-J gate',
    },
    { 'ansible.cfg': CONFIG },
  ],
  [
    'variables that are empty',
    { ANSIBLE_SSH_ARGS: '', ANSIBLE_SSH_COMMON_ARGS: '', ANSIBLE_REMOTE_PORT: '' },
    { 'ansible.cfg': CONFIG },
  ],
];

describe('how Ansible is configured', () => {
  it.each(CONFIGURED)('counts as for Ansible: %s', async (_, env, files) => {
    const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-configured-'));
    for (const [name, text] of Object.entries({ ...files, hosts: HOSTS })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const { ssh, recorded, done } = recorder();
    const { ANSIBLE_CONFIG: _fixed, ...rest } = environment;
    const here = { ...rest, HOME: homedir(), ...env };
    const args = ['all', '-i', 'hosts', '-m', 'raw', '-a', 'true'];
    await promisify(execFile)('ansible', args, { cwd: folder, env: { ...here, ANSIBLE_SSH_EXECUTABLE: ssh } });
    const theirs = recorded().map((words) => [words.at(-3), ...optionsOf(words.slice(0, -1))]);
    done();
    const hosts = all(await openInventory([join(folder, 'hosts')], aids({ env: here, cwd: folder })));
    rmSync(folder, { recursive: true });
    expect(hosts.flatMap(({ problem }) => problem ?? [])).toEqual([]);
    expect(hosts.map((host) => [host.address, ...ourOptions(host)]).sort()).toEqual(theirs.sort());
  });
});
