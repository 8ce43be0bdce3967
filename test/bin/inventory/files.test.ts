import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostsNamed, openInventory } from '../../../bin/inventory/open.ts';
import { crawlwatch } from '../command-line.ts';
import { aids } from './aids.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crawlwatch-inventory-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const write = (files: Readonly<Record<string, string>>) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
};
const open = async (name: string) => {
  const inventory = await openInventory([name.includes(',') ? name : join(folder, name)], aids());
  return { ...hostsNamed(inventory, inventory.hosts), notes: inventory.notes };
};
const refusal = async (name: string) =>
  (await open(name).catch((error: Error) => error.message.replaceAll(folder, ''))) as string;

describe('what -i names', () => {
  it.each([
    [
      'a file that is not there',
      'none',
      "-i: can't read /none: no such file; a list of hosts has a comma, as in -i web1,",
    ],
    [
      'a range in a list',
      'web[1:3],',
      '-i: got "web[1:3]"; allowed: names between commas; ranges go into a file or --host',
    ],
    ['a broken file within a directory', 'all', '/all/b:1: expected key=value after the host, not b, got "a b"'],
    ['a directory that contains itself', 'loop', /^-i: \/loop(?:\/again){17}: more than 16 directories deep$/],
    [
      'broken variables',
      'vars/hosts',
      '/vars/group_vars/web.yml:1: expected a YAML mapping of variables, like "ansible_user: deploy", got "- a"',
    ],
  ])('is reported in one line when it is %s', async (_, name, says) => {
    write({
      'all/a': 'fine\n',
      'all/b': 'a b\n',
      'loop/hosts': 'a\n',
      'vars/hosts': '[web]\na\n',
      'vars/group_vars/web.yml': '- a\n',
    });
    symlinkSync('../loop', join(folder, 'loop/again'));
    expect(await refusal(name)).toMatch(says);
  });

  it('is not read where it may never end: opening a pipe would wait for its writer, deaf to Ctrl-C', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const says = (name: string) =>
      `-i: ${name} is no regular file; allowed: a file, a directory, or - for standard input`;
    expect(await refusal('pipe')).toBe(says('/pipe'));
    write({ 'all/hosts': 'web1\n' });
    mkdirSync(join(folder, 'all/group_vars'));
    execFileSync('mkfifo', [join(folder, 'all/group_vars/all.yml')]);
    expect(await refusal('all')).toBe(says('/all/group_vars/all.yml'));
    await expect(openInventory(['/dev/zero'], aids())).rejects.toThrow(says('/dev/zero'));
  });

  it('may be a file too large to be one', async () => {
    write({ hosts: 'a'.repeat(8 * 1024 * 1024 + 1) });
    expect(await refusal('hosts')).toBe('-i: /hosts has 8388609 bytes; allowed: at most 8388608');
  });

  it('may be a list longer than any file name', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `crawler${i}.example.com`);
    expect((await open(names.join(','))).hosts.map(({ name }) => name)).toEqual(names);
  });

  it('may be a file whose name has a comma', async () => {
    write({ 'a,b': 'web1\n' });
    expect((await openInventory([join(folder, 'a,b')], aids())).hosts).toEqual(['web1']);
  });

  it('ignores vaulted files of variables, with a note', async () => {
    write({
      hosts: '[web]\na\n',
      'group_vars/web/vault.yml': '$ANSIBLE_VAULT;1.1;AES256\n3132\n',
      'group_vars/web/vars.yml': 'ansible_user: deploy\n',
    });
    const { hosts, notes } = await open('hosts');
    expect(hosts).toMatchObject([{ login: { user: 'deploy' } }]);
    expect(notes).toEqual([`${join(folder, 'group_vars/web/vault.yml')} is ignored: vaulted files are not decrypted`]);
  });

  it('names the variables in which passwords are, which are not used, once each', async () => {
    write({
      hosts: '[web]\na ansible_ssh_pass=secret1\nb ansible_ssh_pass=secret2\n[web:vars]\nansible_become_password=x\n',
      'group_vars/web.yml': 'ansible_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  31\n',
    });
    const { hosts, notes } = hostsNamed(await openInventory([join(folder, 'hosts')], aids()), ['b', 'a']);
    expect(hosts).toMatchObject([{ login: {} }, { login: {} }]);
    expect(notes).toEqual(
      ['ansible_password', 'ansible_ssh_pass'].map(
        (name) =>
          `${name} (of b, for example) is not used: crawlwatch logs in with keys only; ssh-copy-id puts one on a host`,
      ),
    );
  });

  it('reads no variables of a host whose name is a path', async () => {
    write({ hosts: '../secret\n', 'secret.yml': 'ansible_user: x\n', 'host_vars/a.yml': '' });
    expect((await open('hosts')).hosts).toMatchObject([{ name: '../secret', login: {} }]);
  });
});

describe('--list-hosts', () => {
  it('needs no readable login, and a check only those of the hosts that it probes', async () => {
    write({ hosts: '127.0.0.1 ansible_port=1\nweb1 ansible_user="{{ me }}"\n' });
    const inventory = ['check', '-i', join(folder, 'hosts')];
    expect(await crawlwatch([...inventory, '--list-hosts'])).toMatchObject({ stdout: '127.0.0.1\nweb1\n', stderr: '' });
    expect(await crawlwatch([...inventory, '-l', 'web1', '-o', 'line'])).toMatchObject({
      exitCode: 3,
      stdout: expect.stringMatching(
        /^web1 \| UNKNOWN \| BadOverride: ansible_user is "\{\{ me \}\}" \(.*hosts:2\); allowed: a plain value: /,
      ),
    });
    expect((await crawlwatch([...inventory, '-l', '127.0.0.1', '-o', 'line'])).stdout).toMatch(
      /^127\.0\.0\.1 \| \w+ \| \w+: .*\n$/,
    );
  });
});

describe('ansible_connection=local', () => {
  it('is a check of this machine for localhost, beside hosts over SSH', async () => {
    write({ hosts: 'localhost ansible_connection=local\n127.0.0.1 ansible_port=1\n' });
    const ran = await crawlwatch(['check', '-i', join(folder, 'hosts'), '-o', 'json']);
    expect(JSON.parse(ran.stdout).instances).toMatchObject([
      { id: 'localhost', transport: 'local', vitals: { memory: { totalBytes: expect.any(Number) } } },
      { id: '127.0.0.1', transport: 'ssh', vitals: null },
    ]);
  });

  it.each(['web1 ansible_connection=local', 'localhost ansible_host=10.0.0.1 ansible_connection=local'])(
    'is no check of another machine: %s',
    async (line) => {
      write({ hosts: `${line}\n` });
      expect((await open('hosts')).hosts).toMatchObject([
        { problem: expect.stringContaining('ansible_connection is "local"') },
      ]);
    },
  );
});

describe('notes', () => {
  it('go to stderr, five at most, and leave the list alone', async () => {
    write({ 'a.yml': `web:\n  hosts: a\n${Array.from({ length: 9 }, (_, i) => `  odd${i}: {}\n`).join('')}` });
    const ran = await crawlwatch(['check', '-i', join(folder, 'a.yml'), '--list-hosts']);
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'a\n' });
    expect(ran.stderr.split('\n')).toHaveLength(6);
    expect(ran.stderr).toContain(`crawlwatch: ${join(folder, 'a.yml')}:3: odd0 is ignored: `);
  });
});
