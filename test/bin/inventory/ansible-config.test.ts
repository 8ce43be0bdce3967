import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ansibleDefaults } from '../../../bin/inventory/by-ansible/config.ts';
import { hostsNamed, openInventory } from '../../../bin/inventory/open.ts';
import { aids } from './aids.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crawlwatch-configured-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const configure = (text: string) => writeFileSync(join(folder, 'ansible.cfg'), text);
const hostOf = async (line: string, given: Partial<Parameters<typeof aids>[0]> = {}) => {
  writeFileSync(join(folder, 'hosts'), `${line}\n`);
  const inventory = await openInventory([join(folder, 'hosts')], aids({ cwd: folder, env: {}, ...given }));
  return hostsNamed(inventory, inventory.hosts).hosts[0];
};

describe("Ansible's own configuration", () => {
  it('is ignored in a directory that everybody may write to', async () => {
    configure('[defaults]\nremote_user=anyone\n');
    chmodSync(folder, 0o777);
    expect((await hostOf('a'))?.login).toEqual({});
    chmodSync(folder, 0o755);
    expect((await hostOf('a'))?.login).toEqual({ user: 'anyone' });
  });

  it('goes before -u in no case, and after any variable', async () => {
    configure('[defaults]\nremote_user=configured\n');
    expect((await hostOf('a', { user: 'flag' }))?.login).toEqual({});
    expect((await hostOf('a ansible_user=own', { user: 'flag' }))?.login).toEqual({ user: 'own' });
  });

  it.each([
    [
      '[ssh_connection]\nssh_args = -o "A=b\n',
      'ssh_args is "-o \\"A=b" (FILE); allowed: options of ssh with a closing ".',
    ],
    [
      '[ssh_connection]\nssh_executable = /opt/tsh\n',
      'ssh_executable is "/opt/tsh" (FILE); allowed: ssh: no other program is run.',
    ],
    [
      '[defaults]\ntransport = local\n',
      'transport is "local" (FILE); allowed: ssh; local is for localhost: what this machine reports is no report of another.',
    ],
    ['[defaults]\nremote_port = ssh\n', 'remote_port is "ssh" (FILE); allowed: a port from 1 to 65535.'],
  ])('makes hosts inconclusive by the name of the setting: %j', async (text, problem) => {
    configure(text);
    expect((await hostOf('a'))?.problem).toBe(problem.replace('FILE', join(folder, 'ansible.cfg')));
    expect(
      (await hostOf('a ansible_ssh_args=-C ansible_ssh_executable=ssh ansible_connection=ssh ansible_port=22'))
        ?.problem,
    ).toBeUndefined();
  });

  it('names a variable of the environment as such', async () => {
    expect((await hostOf('a', { env: { ANSIBLE_SSH_COMMON_ARGS: '-o' } }))?.problem).toBe(
      'ANSIBLE_SSH_COMMON_ARGS is "-o" (in the environment); allowed: a value after -o.',
    );
  });

  it('may be no file of settings at all', () => {
    for (const text of [
      '',
      '\0',
      'key without a section = 1',
      '[a',
      '= x\n[ssh_connection]\n  continued\n',
      '[defaults]\nremote_user',
    ]) {
      configure(text);
      expect(ansibleDefaults({ env: {}, cwd: folder })).toEqual({});
    }
  });
});
