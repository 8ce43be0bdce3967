import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, type ExpectStatic, it } from 'vitest';
import type { Inventory } from '../../bin/inventory/inventory.ts';
import { openInventory } from '../../bin/inventory/open.ts';
import { aids } from '../bin/inventory/aids.ts';
import { all, ansible, environment, type Listed, meaning, members } from '../support/ansible.ts';

/** What only Ansible can run: scripts, plugins, and both beside files. */
const DYNAMIC: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
  [
    'a script with all variables in one list',
    {
      'list.sh': `#!/bin/sh
echo 'looking' >&2
echo '{"web": {"hosts": ["w1", "w2"], "vars": {"ansible_user": "deploy"}}, "_meta": {"hostvars": {"w1": {"ansible_port": 2222}}}}'
`,
    },
    ['list.sh'],
  ],
  [
    'a script that is asked for each host, and groups in short',
    {
      'asked.sh': `#!/bin/sh
[ "$1" = --list ] && echo '{"web": ["w1", "w2"], "lone": {"ansible_host": "10.0.0.9"}}' && exit
echo '{"ansible_host": "10.0.0.'\${#2}'", "crawlwatch_worker": "'"$2"'.service"}'
`,
    },
    ['asked.sh'],
  ],
  [
    'a script beside group_vars and host_vars',
    {
      'here/run': `#!/bin/sh\necho '{"web": {"hosts": ["w1", "w2"]}, "prod": {"children": ["web"]}}'\n`,
      'here/group_vars/prod.yml': 'ansible_user: prod\nansible_port: 2022\n',
      'here/host_vars/w2.yml': 'ansible_port: 2023\ncrawlwatch_limits: memory.warning=8;ignore=/scratch\n',
    },
    ['here/run'],
  ],
  [
    'a directory of all kinds',
    {
      'mixed/01-base': '[web]\nw1\nw2 ansible_port=2222\n[web:vars]\nansible_user=base\n',
      'mixed/02-more.yml': 'db:\n  hosts:\n    d1: {ansible_ssh_common_args: -J bastion}\n',
      'mixed/03-run': `#!/bin/sh\necho '{"web": ["w3"], "late": {"children": ["db"], "vars": {"ansible_user": "late"}}}'\n`,
      'mixed/04-constructed.yml': `plugin: ansible.builtin.constructed
strict: true
compose: {crawlwatch_worker: "'of_' ~ inventory_hostname ~ '.service'"}
groups: {odd: ansible_port is defined}
`,
      'mixed/group_vars/odd.yml': 'ansible_ssh_extra_args: -p 7\n',
    },
    ['mixed'],
  ],
  [
    'groups constructed from the hosts of another source',
    {
      'hosts.ini': '[web]\nw[1:4] role=front\n[db]\nd1 role=store ansible_user=pg\n',
      'constructed.yml': `plugin: ansible.builtin.constructed
keyed_groups: [{key: role, prefix: role}]
compose: {ansible_port: 2000 + (role | length)}
`,
    },
    ['hosts.ini', 'constructed.yml'],
  ],
  [
    'hosts that a plugin generates, after a list',
    {
      'generated.yml': `plugin: ansible.builtin.generator
hosts: {name: "{{ tier }}{{ number }}", parents: [{name: "{{ tier }}", vars: {ansible_user: "of_{{ tier }}"}}]}
layers: {tier: [web, db], number: [1, 2, 3]}
`,
    },
    ['lone:2222,other', 'generated.yml'],
  ],
];

const withFiles = async <T>(files: Readonly<Record<string, string>>, use: (folder: string) => Promise<T>) => {
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-dynamic-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: text.startsWith('#!') ? 0o700 : 0o600 });
  }
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};
const installed = (cwd: string, given: Partial<Parameters<typeof aids>[0]> = {}) =>
  aids({ env: environment, cwd, ...given });
const listedBy = async (words: readonly string[]) =>
  JSON.parse(await ansible('ansible-inventory', [...words.flatMap((word) => ['-i', word]), '--list'])) as Listed;

function expectSame(inventory: Inventory, listed: Listed, expected: ExpectStatic) {
  const names = [...new Set(members(listed, 'all'))];
  expected(all(inventory)).toEqual(names.map((name) => meaning(name, listed._meta.hostvars[name] ?? {})));
  for (const group of Object.keys(listed).filter((name) => name !== '_meta')) {
    expected([group, [...inventory.hostsOf(group)].sort()]).toEqual([
      group,
      [...new Set(members(listed, group))].sort(),
    ]);
  }
}

describe.concurrent('an inventory that only Ansible can run', () => {
  it.for(DYNAMIC)('is read as ansible-inventory lists it: %s', async ([, files, words], { expect }) => {
    await withFiles(files, async (folder) => {
      const paths = words.map((word) => (word.includes(',') ? word : join(folder, word)));
      const listed = await listedBy(paths);
      const inventory = await openInventory(paths, installed(folder));
      expect(inventory.hosts.length).toBeGreaterThan(1);
      expectSame(inventory, listed, expect);
    });
  });

  it('may be joined by standard input, and by a list that Ansible itself does not read', async ({ expect }) => {
    const files = {
      'run.sh': '#!/bin/sh\necho \'{"web": ["w1"]}\'\n',
      'listed.json': '{"web": {"hosts": ["w2"]}, "_meta": {"hostvars": {"w2": {"ansible_port": 2}}}}',
    };
    await withFiles(files, async (folder) => {
      const paths = ['-', join(folder, 'run.sh'), join(folder, 'listed.json')];
      const inventory = await openInventory(paths, installed(folder, { stdin: '[web]\nw0\n' }));
      expect(inventory.hostsOf('web')).toEqual(['w0', 'w1', 'w2']);
      expect(inventory.resolve('w2').host.login).toEqual({ port: 2 });
    });
  });

  it('is quoted where Ansible warns', async ({ expect }) => {
    const files = { 'run.sh': `#!/bin/sh\necho '{"we-b": ["w1"]}'\n` };
    await withFiles(files, async (folder) => {
      const { notes } = await openInventory([join(folder, 'run.sh')], installed(folder));
      expect(notes).toEqual([expect.stringMatching(/^ansible-inventory: .*[Ii]nvalid characters.* group names/)]);
    });
  });

  const FAULTS: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    [
      'a script that fails, by its words',
      { 'inventory.sh': '#!/bin/sh\necho "no credentials for region eu-x" >&2\nexit 3\n' },
      /^ansible-inventory -i \S+\/inventory\.sh --list failed \(\d+\): .*no credentials for region eu-x/,
    ],
    [
      'a script that prints no JSON',
      { 'inventory.sh': '#!/bin/sh\necho "<html>sign in</html>"\n' },
      /^ansible-inventory .* --list failed \(\d+\): .*failed to parse/i,
    ],
    [
      'a script that may not be run',
      { inventory: '#!/nowhere/python\nimport os, json\nprint(json.dumps({}))\n' },
      /^ansible-inventory .* --list failed \(\d+\): .*problem running .*No such file/,
    ],
    [
      'a plugin that is not installed',
      { 'inventory.yml': 'plugin: nobody.nothing.anywhere\n' },
      /^ansible-inventory .* --list failed \(\d+\): .*unknown plugin 'nobody\.nothing\.anywhere'/,
    ],
    [
      'a plugin whose options are wrong',
      { 'inventory.yml': 'plugin: ansible.builtin.generator\nhosts: {}\n' },
      /^ansible-inventory .* --list failed \(\d+\): .*/,
    ],
    [
      'a script that never ends, within the deadline and with its children',
      { 'inventory.sh': '#!/bin/sh\necho "page 1 of many" >&2\nsleep 4711 & wait\n' },
      /^ansible-inventory .* --list did not end within 6 s/,
    ],
  ];
  it.for(FAULTS)('is refused in one line: %s', async ([what, files, says], { expect }) => {
    await withFiles(files, async (folder) => {
      const paths = Object.keys(files).map((name) => join(folder, name));
      const deadlineMs = what.includes('never') ? 6_000 : 100_000;
      const failed = await openInventory(paths, installed(folder, { deadlineMs })).then(
        () => 'it is read',
        (error: Error) => error.message,
      );
      expect(failed).toMatch(says);
      expect(failed).not.toContain('\n');
    });
    if (!what.includes('never')) return;
    // The kernel takes a moment to end what was killed, longer on a busy machine.
    const left = async () => (await promisify(execFile)('ps', ['-eo', 'args'])).stdout.match(/^sleep 4711$/gm);
    await expect.poll(left).toBeNull();
  });

  it('is given to no shell, whatever its name', async ({ expect }) => {
    const name = '-x $(touch ran) ; touch ran #.sh';
    await withFiles({ [name]: `#!/bin/sh\necho '{"web": ["w1"]}'\n` }, async (folder) => {
      expect((await openInventory([join(folder, name)], installed(folder))).hosts).toEqual(['w1']);
    });
  });
});

const word = fc.constantFrom('a', 'b', 'c1', 'web', 'db', 'x.example', 'n-1', '10.0.0.5', 'all', 'ungrouped');
const host = fc.constantFrom('h1', 'h2', 'h3', 'web[1:2]', 'h4:22', '10.0.0.7', 'u@h5', '2001:db8::1');
const variables = fc.record(
  {
    ansible_host: fc.constantFrom('10.1.1.1', 'real.example', null, ''),
    ansible_port: fc.constantFrom(22, 2222, '2022', null),
    ansible_ssh_user: fc.constantFrom('deploy', '', 'some one'),
    ansible_ssh_common_args: fc.constantFrom('-J gate', '-o "A=b c" -p 7', "-i '~/k # 1'", ''),
    ansible_ssh_args: fc.constantFrom('-4 -C', '-o\tB=1\n-q'),
    crawlwatch_limits: fc.constantFrom('memory.warning=8', 'ignore=/a;ignore=/b*'),
    other: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const group = fc.oneof(
  fc.uniqueArray(host),
  variables.filter((some) => Object.keys(some).length > 0),
  fc.record(
    {
      hosts: fc.uniqueArray(host),
      vars: variables,
      children: fc.uniqueArray(fc.constantFrom('k1', 'k2'), { maxLength: 2 }),
    },
    { requiredKeys: ['hosts'] },
  ),
);
const RANDOM = fc.sample(
  fc.record({
    groups: fc.dictionary(
      word.filter((name) => name !== 'all' && name !== 'ungrouped'),
      group,
      { minKeys: 1, maxKeys: 5 },
    ),
    hostvars: fc.dictionary(host, variables),
  }),
  { numRuns: 12, seed: 20261126 },
);

describe.concurrent('a list of hosts and groups in JSON', () => {
  it.for(RANDOM.map(({ groups, hostvars }) => JSON.stringify({ ...groups, _meta: { hostvars } })))(
    'means what it means to Ansible from a script: %s',
    async (text, { expect }) => {
      await withFiles({ 'list.json': text, 'run.sh': `#!/bin/sh\nexec cat "\${0%/*}/list.json"\n` }, async (folder) => {
        const listed = await listedBy([join(folder, 'run.sh')]);
        const inventory = await openInventory([join(folder, 'list.json')], aids());
        expectSame(inventory, listed, expect);
      });
    },
  );
});
