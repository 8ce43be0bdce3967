import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostsNamed, openInventory } from '../../../bin/inventory/open.ts';
import { crawlwatch } from '../command-line.ts';
import { aids } from './aids.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crawlwatch-inventory-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const openText = async (stdin: string) => {
  const inventory = await openInventory(['-'], aids({ stdin }));
  return { ...hostsNamed(inventory, inventory.hosts), inventory };
};
const refusal = (stdin: string) =>
  openText(stdin).then(
    () => 'it is read',
    (error: Error) => error.message,
  );

const LISTED = JSON.stringify({
  _meta: {
    hostvars: {
      web1: { ansible_host: '10.0.0.1', ansible_port: 2222, ec2_tags: { a: [1] }, crawlwatch_worker: null },
      'web[1:3]': { ansible_user: { __ansible_unsafe: 'deploy' } },
      db1: { ansible_password: { __ansible_vault: '$ANSIBLE_VAULT;1.1;AES256\n31\n' } },
    },
  },
  all: { children: ['ungrouped', 'web', 'db'] },
  web: { hosts: ['web1', 'web[1:3]'], vars: { ansible_user: 'group' } },
  db: { hosts: ['db1'] },
});

describe('what ansible-inventory --list has written', () => {
  it('is read with its groups, its variables, and names as they are', async () => {
    const { inventory, hosts, notes } = await openText(LISTED);
    expect(inventory.hostsOf('web')).toEqual(['web1', 'web[1:3]']);
    expect(hosts).toMatchObject([
      { name: 'web1', address: '10.0.0.1', login: { user: 'group', port: 2222 }, worker: null },
      { name: 'web[1:3]', login: { user: 'deploy' } },
      { name: 'db1', login: {} },
    ]);
    expect(notes).toEqual([expect.stringMatching(/^ansible_password \(of db1, /)]);
  });

  it('is read from a file as well, whatever its ending', async () => {
    for (const name of ['hosts.json', 'hosts', 'hosts.list', 'hosts.yml']) {
      writeFileSync(join(folder, name), `\n${LISTED}`);
      expect((await openInventory([join(folder, name)], aids())).hosts).toEqual(['web1', 'web[1:3]', 'db1']);
    }
  });

  it.each([
    ['hosts as a map', { web: { hosts: { a: {} }, children: [] } }, 'web.hosts: {"a":{}}', 'a list of names of hosts'],
    ['a number as host', { web: [7] }, 'web.hosts: [7]', 'a list of names of hosts'],
    ['children as text', { web: { hosts: [], children: 'db' } }, 'web.children: "db"', 'a list of names of groups'],
    ['variables as a list', { web: { hosts: [], vars: [1] } }, 'web.vars: [1]', 'variables by their names'],
    ['host variables as a list', { _meta: { hostvars: [] } }, '_meta.hostvars: []', 'variables by the names of hosts'],
    [
      'the variables of one host as text',
      { _meta: { hostvars: { a: 'x' } }, web: ['a'] },
      '_meta.hostvars.a: "x"',
      'variables by their names',
    ],
    [
      'groups in a loop',
      { a: { children: ['b'] }, b: { children: ['a'] } },
      'b.children: "a"',
      'groups without a loop: a already contains b',
    ],
  ])('is refused by the path in it: %s', async (_, listed, got, expected) => {
    expect(await refusal(JSON.stringify(listed))).toBe(`stdin: expected ${expected}, got ${JSON.stringify(got)}`);
  });

  it.each([
    ['a port that is none', { ansible_port: 0 }, 'ansible_port is "0" (stdin); allowed: a port from 1 to 65535.'],
    [
      'a port in a list',
      { ansible_port: [22] },
      'ansible_port is "[22]" (stdin); allowed: text in quotes, or a whole number.',
    ],
    ['a fraction', { ansible_user: 1.5 }, 'ansible_user is "1.5" (stdin); allowed: text in quotes, or a whole number.'],
    [
      'a vaulted address',
      { ansible_host: { __ansible_vault: 'x' } },
      'ansible_host is "!vault" (stdin); allowed: a plain value: vaulted ones are not decrypted.',
    ],
  ])('costs one host alone: %s', async (_, variables, problem) => {
    const { hosts } = await openText(JSON.stringify({ _meta: { hostvars: { a: variables } }, web: ['a', 'b'] }));
    expect(hosts.map((host) => host.problem)).toEqual([problem, undefined]);
  });

  it('may name hosts and groups as JavaScript names its own things', async () => {
    const { hosts, inventory } = await openText(
      '{"__proto__": ["constructor", "toString"], "_meta": {"hostvars": {}}}',
    );
    expect(hosts.map(({ name, problem }) => [name, problem])).toEqual([
      ['constructor', undefined],
      ['toString', undefined],
    ]);
    expect(inventory.hostsOf('__proto__')).toEqual(['constructor', 'toString']);
  });

  it('may be long: fifty thousand hosts with what EC2 says of each', async () => {
    const names = Array.from({ length: 50_000 }, (_, n) => `i-${n}`);
    const about = { tags: { Name: 'crawler', more: 'x'.repeat(400) }, ansible_host: '10.0.0.1' };
    const text = JSON.stringify({
      _meta: { hostvars: Object.fromEntries(names.map((name) => [name, about])) },
      ...Object.fromEntries(
        Array.from({ length: 500 }, (_, g) => [`g${g}`, names.filter((_name, n) => n % 500 === g)]),
      ),
    });
    const began = process.cpuUsage();
    const { hosts } = await openText(text);
    expect(hosts).toHaveLength(50_000);
    expect(process.cpuUsage(began).user).toBeLessThan(15_000_000);
  });
});

describe('-i -', () => {
  const INI = '[web]\nweb1 ansible_host=10.0.0.1\nweb2\n[web:vars]\nansible_user=deploy\n';
  const YAML = 'web:\n  hosts:\n    web1: {ansible_host: 10.0.0.1}\n    web2:\n  vars: {ansible_user: deploy}\n';
  const YAML_AS_JSON =
    '{"web": {"hosts": {"web1": {"ansible_host": "10.0.0.1"}, "web2": null}, "vars": {"ansible_user": "deploy"}}}';
  const JSON_LIST = JSON.stringify({
    web: { hosts: ['web1', 'web2'], vars: { ansible_user: 'deploy' } },
    _meta: { hostvars: { web1: { ansible_host: '10.0.0.1' } } },
  });

  it.each([
    ['INI', INI],
    ['INI with a byte order mark and line ends of Windows', `\uFEFF${INI.replaceAll('\n', '\r\n')}`],
    ['YAML', YAML],
    ['YAML with a head', `---\n# ours\n${YAML}`],
    ['YAML written as JSON', YAML_AS_JSON],
    ['what ansible-inventory --list writes', JSON_LIST],
    ['the same on many lines', JSON.stringify(JSON.parse(JSON_LIST), null, 4)],
  ])('is recognised by its content: %s', async (_, text) => {
    const { hosts } = await openText(text);
    expect(hosts).toMatchObject([
      { name: 'web1', address: '10.0.0.1', login: { user: 'deploy' } },
      { name: 'web2', address: 'web2', login: { user: 'deploy' } },
    ]);
  });

  const WAY_OUT = '; try: ansible-inventory -i FILE --list | crawlwatch check -i -';
  it.each([
    ['nothing', ' \n', '-i -: nothing came on standard input; allowed: JSON, YAML or INI'],
    [
      'TOML',
      '[web.hosts.web1]\nansible_host = "10.0.0.1"\n',
      `stdin:2: expected INI, YAML or JSON, not TOML, got "ansible_host = \\"10.0.0.1\\""${WAY_OUT}`,
    ],
    [
      'TOML in another form',
      '[web]\nhosts = ["web1"]\n',
      `stdin:2: expected INI, YAML or JSON, not TOML, got "hosts = [\\"web1\\"]"${WAY_OUT}`,
    ],
    [
      'a script',
      '#!/bin/sh\necho {}\n',
      `stdin:1: expected hosts and groups, not a program, got "#!/bin/sh"${WAY_OUT}`,
    ],
    [
      'the configuration of a plugin',
      '---\nplugin: amazon.aws.aws_ec2\n',
      `stdin:2: expected hosts and groups, not the configuration of a plugin, got "plugin: amazon.aws.aws_ec2"${WAY_OUT}`,
    ],
    [
      'a vault',
      '$ANSIBLE_VAULT;1.1;AES256\n31\n',
      'stdin:1: expected hosts and groups: vaulted files are not decrypted, got "$ANSIBLE_VAULT;1.1;AES256"',
    ],
    ['JSON that ends early', '{"web": {"hosts": ["web1"', /^stdin:1: expected valid YAML: /],
  ])('is refused in one line when it is %s', async (_, text, says) => {
    expect(await refusal(text)).toMatch(says);
    expect(await refusal(text)).not.toContain('\n');
  });

  it('may be one of several, and is read once', async () => {
    writeFileSync(join(folder, 'more'), '[web]\nweb3\n');
    const several = await openInventory(['-', join(folder, 'more')], aids({ stdin: INI }));
    expect(several.hostsOf('web')).toEqual(['web1', 'web2', 'web3']);
    await expect(openInventory(['-', '-'], aids({ stdin: INI }))).rejects.toThrow('-i: - can be given once');
  });

  it('stays what it was where it is read again, as in a watch', async () => {
    const same = aids({ stdin: INI });
    expect((await openInventory(['-'], same)).hosts).toEqual((await openInventory(['-'], same)).hosts);
  });

  it('is no terminal: nobody types an inventory', async () => {
    const typed = { ...aids(), stdin: Object.assign(aids().stdin, { isTTY: true }) };
    await expect(openInventory(['-'], typed)).rejects.toThrow('-i -: standard input is a terminal; allowed: ');
  });

  it('is read by the command line, with a limit', async () => {
    const ran = await crawlwatch(['check', '-i', '-', '-l', 'web:!web1', '--list-hosts'], { stdin: JSON_LIST });
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'web2\n', stderr: '' });
  });
});
