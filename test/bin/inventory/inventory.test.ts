import { describe, expect, it } from 'vitest';
import { describeProblem, type InventoryHost, resolveInventory } from '../../../bin/inventory/inventory.ts';
import { readInventory } from '../../../bin/inventory/read.ts';

const read = (texts: readonly string[]) =>
  readInventory(texts.map((text, i) => ({ file: `hosts${i || ''}.ini`, text })));
const inventoryOf = async (...texts: string[]) => {
  const result = await read(texts);
  if (result.kind === 'broken') throw new Error(describeProblem(result.problem));
  const inventory = resolveInventory(result.draft, []);
  const resolved = inventory.hosts.map(inventory.resolve);
  const hosts = resolved.flatMap((one) => (one.kind === 'host' ? one.host : []));
  const broken = resolved.flatMap((one) => (one.kind === 'broken' ? describeProblem(one.problem) : []));
  return { ...inventory, resolved, hosts, broken };
};
const broken = async (...texts: string[]) => {
  const result = await read(texts);
  return result.kind === 'broken' ? describeProblem(result.problem) : (await inventoryOf(...texts)).broken[0];
};
const hostOf = async (name: string, ...texts: string[]) =>
  (await inventoryOf(...texts)).hosts.find((host) => host.name === name) as InventoryHost;

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
    ['a truth value', 'a ansible_user=True', 'hosts.ini:1: expected text in quotes, or a whole number, got "True"'],
    [
      'a number with a point',
      'a ansible_host=10.10',
      'hosts.ini:1: expected text in quotes, or a whole number, got "10.10"',
    ],
    ['a list', "a ansible_host='[1, 2]'", 'hosts.ini:1: expected text in quotes, or a whole number, got "[1, 2]"'],
    [
      'escapes that Python knows',
      '[g]\na\n[g:vars]\nansible_user="\\x41"',
      'hosts.ini:4: expected text without \\ in quotes, got "\\"\\\\x41\\""',
    ],
    [
      'a priority that is no number',
      '[g]\na\n[g:vars]\nansible_group_priority=high',
      'hosts.ini:4: expected a whole number as ansible_group_priority, got "ansible_group_priority=high"',
    ],
    [
      'a template in ssh arguments',
      "a ansible_ssh_common_args='-J {{ gate }}'",
      'hosts.ini:1: expected a plain value: templates are not evaluated, got "-J {{ gate }}"',
    ],
    [
      'a program',
      '#!/usr/bin/env python3\nprint()',
      'hosts.ini:1: expected hosts and groups: programs are not run; ansible-inventory -i hosts.ini --list --yaml writes what it finds, got "#!/usr/bin/env python3"',
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
    [
      'a port that is none, where it was set',
      '[web]\na\n[web:vars]\nansible_port=ssh',
      'hosts.ini:4: expected a port from 1 to 65535, got "ssh"',
    ],
    [
      'a template',
      'a ansible_user={{x}}',
      'hosts.ini:1: expected a plain value: templates are not evaluated, got "{{x}}"',
    ],
    [
      'a worker that is no unit',
      "a crawlwatch_worker='x; reboot'",
      'hosts.ini:1: expected a systemd unit like sidekiq.service, got "x; reboot"',
    ],
  ])('is reported with file, line and what was expected: %s', async (_, text, problem) => {
    expect(await broken(text)).toBe(problem);
  });

  it('names the second of two files', async () => {
    expect(await broken('a', 'b\nc d')).toMatch(/^hosts1\.ini:2: /);
  });
});

describe('an INI inventory', () => {
  it('may be a plain list of hosts, with users, ports and comments', async () => {
    const { hosts } = await inventoryOf(
      '# ours\nweb1\n\n; more\nweb2:2222 # second\nubuntu@web3\n10.0.0.4\n::1\n[fe80::1]:22\n',
    );
    expect(hosts).toEqual([
      { name: 'web1', address: 'web1', login: {}, worker: null },
      { name: 'web2', address: 'web2', login: { port: 2222 }, worker: null },
      { name: 'ubuntu@web3', address: 'web3', login: { user: 'ubuntu' }, worker: null },
      { name: '10.0.0.4', address: '10.0.0.4', login: {}, worker: null },
      { name: '::1', address: '::1', login: {}, worker: null },
      { name: 'fe80::1', address: 'fe80::1', login: { port: 22 }, worker: null },
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
      'big ansible_host=10.0.0.9 ansible_port=2222 ansible_user=deploy ansible_ssh_private_key_file="~/my keys/id" crawlwatch_worker=sidekiq.service';
    expect(await hostOf('big', line)).toEqual({
      name: 'big',
      address: '10.0.0.9',
      login: { user: 'deploy', port: 2222, privateKeyPath: '~/my keys/id' },
      worker: 'sidekiq.service',
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

  it('has a note on a host that Ansible does not reach over SSH', async () => {
    const { resolved } = await inventoryOf('a ansible_connection=local\nb ansible_connection=ssh\nc\n');
    const notes = resolved.map((one) => one.kind === 'host' && one.note);
    expect(notes).toEqual(['a has ansible_connection=local; it is probed over SSH like all others', null, null]);
  });

  it('resolves a host though the login of another is broken', async () => {
    const { hosts, broken: problems } = await inventoryOf('a\nb ansible_port=ssh\n');
    expect(hosts.map(({ name }) => name)).toEqual(['a']);
    expect(problems).toEqual(['hosts.ini:2: expected a port from 1 to 65535, got "ssh"']);
  });
});
