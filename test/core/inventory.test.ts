import { describe, expect, it } from 'vitest';
import { describeProblem, type InventoryHost, parseInventory } from '../../lambda/core/inventory.ts';

const broken = (...texts: string[]) => {
  const result = parseInventory(texts.map((text, i) => ({ file: `hosts${i || ''}.ini`, text })));
  return result.kind === 'broken' ? describeProblem(result.problem) : 'not broken';
};
const inventoryOf = (...texts: string[]) => {
  const result = parseInventory(texts.map((text, i) => ({ file: `hosts${i || ''}.ini`, text })));
  if (result.kind === 'broken') throw new Error(describeProblem(result.problem));
  return result.inventory;
};
const hostOf = (name: string, ...texts: string[]) =>
  inventoryOf(...texts).hosts.find((host) => host.name === name) as InventoryHost;

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
      'hosts.ini:1: expected a host or [group]; YAML inventories end in .yml or .yaml, got "all:"',
    ],
    [
      'a port that is none, where it was set',
      '[web]\na\n[web:vars]\nansible_port=ssh',
      'hosts.ini:4: expected a port from 1 to 65535, got "ssh"',
    ],
    [
      'a template',
      'a ansible_user={{x}}',
      'hosts.ini:1: expected a plain value (templates are not evaluated), got "{{x}}"',
    ],
    [
      'a worker that is no unit',
      "a crawlwatch_worker='x; reboot'",
      'hosts.ini:1: expected a systemd unit like sidekiq.service, got "x; reboot"',
    ],
  ])('is told with file, line and what was expected: %s', (_, text, problem) => {
    expect(broken(text)).toBe(problem);
  });

  it('names the second of two files', () => {
    expect(broken('a', 'b\nc d')).toMatch(/^hosts1\.ini:2: /);
  });
});

describe('an INI inventory', () => {
  it('may be a plain list of hosts, with users, ports and comments', () => {
    const { hosts } = inventoryOf(
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
  ])('expands %s', (pattern, names) => {
    expect(inventoryOf(pattern).hosts.map((host) => host.name)).toEqual(names);
  });

  it('reads the login and the worker from host variables', () => {
    const line =
      'big ansible_host=10.0.0.9 ansible_port=2222 ansible_user=deploy ansible_ssh_private_key_file="~/my keys/id" crawlwatch_worker=sidekiq.service';
    expect(hostOf('big', line)).toEqual({
      name: 'big',
      address: '10.0.0.9',
      login: { user: 'deploy', port: 2222, privateKeyPath: '~/my keys/id' },
      worker: 'sidekiq.service',
    });
  });

  it('knows who is in a group, children and grandchildren included', () => {
    const { groups } = inventoryOf('lone\n[web]\na\n[db]\nb\n[prod:children]\nweb\nsite\n[site:children]\ndb\n');
    expect([...(groups.get('prod') ?? [])].sort()).toEqual(['a', 'b']);
    expect([...(groups.get('ungrouped') ?? [])]).toEqual(['lone']);
    expect([...(groups.get('all') ?? [])].sort()).toEqual(['a', 'b', 'lone']);
  });

  it('lets the host override its group, the child its parent, every group all', () => {
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
    expect(hostOf('a', text)).toMatchObject({ login: { user: 'child', port: 2 }, worker: 'parent.service' });
    expect(hostOf('b', text)).toMatchObject({ login: { user: 'host', port: 2 } });
  });

  it('breaks a tie between groups by priority, then by name', () => {
    const two = '[x]\na\n[y]\na\n[x:vars]\nansible_user=x\n[y:vars]\nansible_user=y\n';
    expect(hostOf('a', two).login).toEqual({ user: 'y' });
    expect(hostOf('a', `${two}[x:vars]\nansible_group_priority=10\n`).login).toEqual({ user: 'x' });
  });

  it('is one with the files after it, which override it', () => {
    const first = '[web]\na ansible_user=one ansible_port=1\n';
    const second = '[web]\na ansible_user=two\nb\n';
    expect(hostOf('a', first, second).login).toEqual({ user: 'two', port: 1 });
    expect([...(inventoryOf(first, second).groups.get('web') ?? [])]).toEqual(['a', 'b']);
  });

  it('reads files from Windows', () => {
    expect(inventoryOf('\uFEFF[web]\r\na ansible_user=x\r\n').hosts).toMatchObject([
      { name: 'a', login: { user: 'x' } },
    ]);
  });

  it('takes the group __proto__ as any other', () => {
    expect([...(inventoryOf('[__proto__]\na\n').groups.get('__proto__') ?? [])]).toEqual(['a']);
  });
});
