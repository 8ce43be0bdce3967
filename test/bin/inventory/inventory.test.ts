import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { describeProblem, type InventoryHost, resolveInventory } from '../../../bin/inventory/inventory.ts';
import { readInventory } from '../../../bin/inventory/read.ts';

const read = (texts: readonly string[]) =>
  readInventory(texts.map((text, i) => ({ file: `hosts${i || ''}.ini`, text })));
const inventoryOf = async (...texts: string[]) => {
  const result = await read(texts);
  if (result.kind !== 'draft') throw new Error(describeProblem(result.problem));
  const inventory = resolveInventory(result.draft, []);
  const resolved = inventory.hosts.map(inventory.resolve);
  const hosts = resolved.map(({ host }) => host);
  const broken = hosts.flatMap(({ problem }) => problem ?? []);
  return { ...inventory, resolved, hosts, broken };
};
const broken = async (...texts: string[]) => {
  const result = await read(texts);
  return result.kind !== 'draft' ? describeProblem(result.problem) : (await inventoryOf(...texts)).broken[0];
};
const hostOf = async (name: string, ...texts: string[]) =>
  (await inventoryOf(...texts)).hosts.find((host) => host.name === name) as InventoryHost;

const NOTHING_ELSE = { worker: null, limits: null, sshArguments: [] };

describe('a broken inventory', () => {
  it.each([
    [
      'an unknown section type',
      'a\n[web:hosts2]',
      'hosts.ini:2: expected [group], [group:children] or [group:vars], got "[web:hosts2]"',
    ],
    [
      'a section with a space',
      '[my web]',
      'hosts.ini:1: expected [group], [group:children] or [group:vars], without spaces, got "[my web]"',
    ],
    [
      'a word that sets nothing',
      'a ansible_port',
      'hosts.ini:1: expected key=value after the host, not ansible_port, got "a ansible_port"',
    ],
    ['a variable without a value', '[web]\na\n[web:vars]\nuser', 'hosts.ini:4: expected key=value, got "user"'],
    [
      'variables of a group that is nowhere',
      'a\n[web:vars]\nx=1',
      'hosts.ini:2: expected a group web in this inventory, got "[web:vars]"',
    ],
    [
      'a child that is nowhere',
      '[all2:children]\nweb',
      'hosts.ini:2: expected a group web in this inventory, got "web"',
    ],
    ['a section left open', '[web\na', 'hosts.ini:1: expected a closing ], got "[web"'],
    [
      'a child that contains every group',
      '[a:children]\nall',
      'hosts.ini:2: expected a group other than all, which contains every group, got "all"',
    ],
    [
      'brackets that are no range',
      'web[12]',
      'hosts.ini:1: expected a range like [01:10], [1:9:2] or [a:f] in the brackets, got "web[12]"',
    ],
    [
      'a backslash before nothing',
      'a ansible_user=x\\',
      'hosts.ini:1: expected a character after the \\, got "a ansible_user=x\\\\"',
    ],
    [
      'a priority that is no number',
      '[g]\na\n[g:vars]\nansible_group_priority=high',
      'hosts.ini:4: expected a whole number as ansible_group_priority, got "ansible_group_priority=high"',
    ],
    [
      'a program',
      '#!/usr/bin/env python3\nprint()',
      'hosts.ini:1: expected hosts and groups, not a program, got "#!/usr/bin/env python3"',
    ],
    [
      'a vaulted file',
      '$ANSIBLE_VAULT;1.1;AES256\n31',
      'hosts.ini:1: expected hosts and groups: vaulted files are not decrypted, got "$ANSIBLE_VAULT;1.1;AES256"',
    ],
    ['what is no text', 'a\0b', 'hosts.ini:1: expected text, got "a\\u0000b"'],
    [
      'groups in a loop',
      '[a:children]\nb\n[b:children]\na',
      'hosts.ini:4: expected groups without a loop: a already contains b, got "a"',
    ],
    [
      'a group that contains itself',
      '[a:children]\na',
      'hosts.ini:2: expected groups without a loop: a already contains a, got "a"',
    ],
    ['a quote left open', 'a ansible_user="x', 'hosts.ini:1: expected a closing ", got "a ansible_user=\\"x"'],
    [
      'ends of unequal width',
      'web[01:100]',
      'hosts.ini:1: expected both ends of a zero-padded range equally long, got "web[01:100]"',
    ],
    ['a range that goes down', 'web[5:1]', 'hosts.ini:1: expected a range that goes up, got "web[5:1]"'],
    [
      'a range beyond reason',
      'web[1:99999999]',
      'hosts.ini:1: expected a range of at most 10000 hosts, got "web[1:99999999]"',
    ],
    [
      'two ranges that multiply beyond reason',
      'a[1:999]b[1:999]',
      'hosts.ini:1: expected a range of at most 10000 hosts, got "a[1:999]b[1:999]"',
    ],
    [
      'YAML',
      'all:\n  hosts:',
      'hosts.ini:1: expected a host or [group]; YAML inventories end in .yml, .yaml, .json or nothing, got "all:"',
    ],
  ])('is reported with file, line and what was expected: %s', async (_, text, problem) => {
    expect(await broken(text)).toBe(problem);
  });

  it('names the second of two files', async () => {
    expect(await broken('a', 'b\nc d')).toMatch(/^hosts1\.ini:2: /);
  });
});

const OTHER_WAY = 'ssh, smart or paramiko, and local for localhost: no host is checked in another way';

describe('a host whose variables cannot be used', () => {
  it.each([
    [
      'a number with a point',
      'a ansible_host=10.10',
      'ansible_host is "10.10" (hosts.ini:1); allowed: text in quotes, or a whole number.',
    ],
    [
      'escapes that Python knows',
      '[g]\na\n[g:vars]\nansible_user="\\x41"',
      'ansible_user is "\\"\\\\x41\\"" (hosts.ini:4); allowed: text without \\ in quotes.',
    ],
    [
      'a template in ssh arguments',
      "a ansible_ssh_common_args='-J {{ gate }}'",
      'ansible_ssh_common_args is "-J {{ gate }}" (hosts.ini:1); allowed: a plain value: of templates only {{ inventory_hostname }} is evaluated.',
    ],
    [
      'a port that is none, where it was set',
      '[web]\na\n[web:vars]\nansible_port=ssh',
      'ansible_port is "ssh" (hosts.ini:4); allowed: a port from 1 to 65535.',
    ],
    [
      'a template',
      'a ansible_user={{x}}',
      'ansible_user is "{{x}}" (hosts.ini:1); allowed: a plain value: of templates only {{ inventory_hostname }} is evaluated.',
    ],
    [
      'a worker that is no unit',
      "a crawlwatch_worker='x; reboot'",
      'crawlwatch_worker is "x; reboot" (hosts.ini:1); allowed: a systemd unit like sidekiq.service.',
    ],
    [
      'a truth value',
      'a ansible_user=True',
      'ansible_user is "True" (hosts.ini:1); allowed: text in quotes, or a whole number.',
    ],
    [
      'a list',
      "a ansible_host='[1, 2]'",
      'ansible_host is "[1, 2]" (hosts.ini:1); allowed: text in quotes, or a whole number.',
    ],
    [
      'a port of YAML that is none',
      'a ansible_port=0',
      'ansible_port is "0" (hosts.ini:1); allowed: a port from 1 to 65535.',
    ],
    [
      'an address with a port',
      'a ansible_host=10.0.0.1:2222',
      'ansible_host is "10.0.0.1:2222" (hosts.ini:1); allowed: a name or an IP address; the port goes into ansible_port.',
    ],
    [
      'an option as address',
      'a ansible_host=-oProxyCommand=reboot',
      'ansible_host is "-oProxyCommand=reboot" (hosts.ini:1); allowed: a name or an IP address; the port goes into ansible_port.',
    ],
    [
      'an option as name',
      '-oProxyCommand=reboot',
      'Its name is no address; allowed: ansible_host with a name or an IP address.',
    ],
    [
      'an expression of a template',
      'a ansible_host="{{ inventory_hostname | lower }}"',
      'ansible_host is "{{ inventory_hostname | lower }}" (hosts.ini:1); allowed: a plain value: of templates only {{ inventory_hostname }} is evaluated.',
    ],
    ...[
      ['ansible_connection=docker', OTHER_WAY],
      ['ansible_connection=community.aws.aws_ssm', OTHER_WAY],
      ['ansible_connection=winrm', OTHER_WAY],
      ['ansible_connection=local', 'ssh; local is for localhost: what this machine reports is no report of another'],
      ['ansible_ssh_executable=/opt/tsh', 'ssh: no other program is run'],
      ['ansible_ssh_executable=/usr/bin/sshpass', 'ssh: no other program is run'],
      [
        'ansible_ssh_pkcs11_provider=/usr/lib/opensc.so',
        "nothing: name it in ssh's own configuration, as PKCS11Provider",
      ],
    ].map(([variable = '', allowed]): [string, string, string] => {
      const [name, value] = variable.split('=');
      return [variable, `a ${variable}`, `${name} is "${value}" (hosts.ini:1); allowed: ${allowed}.`];
    }),
    [
      'a key in the inventory, not to be printed',
      'a ansible_private_key=-----BEGIN',
      'ansible_private_key is "..." (hosts.ini:1); allowed: nothing: ansible_private_key_file names the file of a key.',
    ],
  ])('is reported with the variable, where it is set and what is allowed: %s', async (_, text, problem) => {
    const { broken: problems, hosts } = await inventoryOf(text, 'fine\n');
    expect(problems).toEqual([problem]);
    expect(hosts.find(({ name }) => name === 'fine')).not.toHaveProperty('problem');
  });
});

describe('an INI inventory', () => {
  it('may be a plain list of hosts, with users, ports and comments', async () => {
    const { hosts } = await inventoryOf(
      '# ours\nweb1\n\n; more\nweb2:2222 # second\nubuntu@web3\n10.0.0.4\n::1\n[fe80::1]:22\n',
    );
    expect(hosts).toEqual([
      { name: 'web1', address: 'web1', login: {}, ...NOTHING_ELSE },
      { name: 'web2', address: 'web2', login: { port: 2222 }, ...NOTHING_ELSE },
      { name: 'ubuntu@web3', address: 'web3', login: { user: 'ubuntu' }, ...NOTHING_ELSE },
      { name: '10.0.0.4', address: '10.0.0.4', login: {}, ...NOTHING_ELSE },
      { name: '::1', address: '::1', login: {}, ...NOTHING_ELSE },
      { name: 'fe80::1', address: 'fe80::1', login: { port: 22 }, ...NOTHING_ELSE },
    ]);
  });

  it.each([
    ['web[01:03]', ['web01', 'web02', 'web03']],
    ['web[8:10]', ['web8', 'web9', 'web10']],
    ['web[01:10:4].example.com:22', ['web01.example.com', 'web05.example.com', 'web09.example.com']],
    ['db-[a:c]', ['db-a', 'db-b', 'db-c']],
    ['r[1:2]n[a:b]', ['r1na', 'r1nb', 'r2na', 'r2nb']],
    ['web[:2]', ['web0', 'web1', 'web2']],
    ['127.0.0.[1:3]', ['127.0.0.1', '127.0.0.2', '127.0.0.3']],
  ])('expands %s', async (pattern, names) => {
    expect((await inventoryOf(pattern)).hosts.map((host) => host.name)).toEqual(names);
  });

  it('reads the login and the worker from host variables', async () => {
    const line =
      'big ansible_host=10.0.0.9 ansible_port=2222 ansible_user=deploy ansible_ssh_private_key_file="~/my keys/id" crawlwatch_worker=sidekiq.service crawlwatch_limits=memory.warning=8;ignore=/scratch';
    expect(await hostOf('big', line)).toEqual({
      name: 'big',
      address: '10.0.0.9',
      login: { user: 'deploy', port: 2222, privateKeyPath: `${homedir()}/my keys/id` },
      worker: 'sidekiq.service',
      limits: 'memory.warning=8;ignore=/scratch',
      sshArguments: [],
    });
  });

  it('lists the hosts of a group, those of children and grandchildren included', async () => {
    const { hostsOf } = await inventoryOf('lone\n[web]\na\n[db]\nb\n[prod:children]\nweb\nsite\n[site:children]\ndb\n');
    expect([...hostsOf('prod')].sort()).toEqual(['a', 'b']);
    expect([...hostsOf('ungrouped')]).toEqual(['lone']);
    expect([...hostsOf('all')].sort()).toEqual(['a', 'b', 'lone']);
  });

  it('lets the host override its group, the child its parent, every group all', async () => {
    const text = `[web]
a
b ansible_user=host
[prod:children]
web
[all:vars]
ansible_user=all
ansible_port=1
[prod:vars]
ansible_user=parent
ansible_port=2
crawlwatch_worker=parent.service
[web:vars]
ansible_user="child" # the strongest group
`;
    expect(await hostOf('a', text)).toMatchObject({ login: { user: 'child', port: 2 }, worker: 'parent.service' });
    expect(await hostOf('b', text)).toMatchObject({ login: { user: 'host', port: 2 } });
  });

  it('is merged with the files after it, which override it', async () => {
    const first = '[web]\na ansible_user=one ansible_port=1\n';
    const second = '[web]\na ansible_user=two\nb\n';
    expect((await hostOf('a', first, second)).login).toEqual({ user: 'two', port: 1 });
    expect([...(await inventoryOf(first, second)).hostsOf('web')]).toEqual(['a', 'b']);
  });

  it('reads files from Windows', async () => {
    const { hosts } = await inventoryOf('\uFEFF[web]\r\na ansible_user=x\r\n');
    expect(hosts).toMatchObject([{ name: 'a', login: { user: 'x' } }]);
  });

  it('treats the group __proto__ as any other', async () => {
    expect((await inventoryOf('[__proto__]\na\n')).hostsOf('__proto__')).toEqual(['a']);
  });

  it('resolves a host though the login of another is broken', async () => {
    const { hosts } = await inventoryOf('a\nb ansible_port=ssh\n');
    expect(hosts).toMatchObject([
      { name: 'a', login: {} },
      { name: 'b', login: {}, problem: 'ansible_port is "ssh" (hosts.ini:2); allowed: a port from 1 to 65535.' },
    ]);
    expect(hosts[0]).not.toHaveProperty('problem');
  });

  it('costs a host its own groups, not all that there are', async () => {
    const groups = Array.from(
      { length: 4_000 },
      (_, g) => `[g${g}]\n${[1, 2, 3, 4, 5].map((n) => `h${g}-${n}\n`).join('')}[g${g}:vars]\nansible_port=${g + 1}\n`,
    );
    const began = process.cpuUsage();
    const { hosts } = await inventoryOf(groups.join(''));
    expect(hosts.at(-1)).toMatchObject({ name: 'h3999-5', login: { port: 4_000 } });
    expect(process.cpuUsage(began).user).toBeLessThan(4_000_000);
  });
});
