import { describe, expect, it } from 'vitest';
import { describeProblem, type FileVariables, resolveInventory } from '../../../bin/inventory/inventory.ts';
import { readInventory } from '../../../bin/inventory/read.ts';
import { readVariables } from '../../../bin/inventory/yaml.ts';

/** What is wrong with the login of `a`. */
const problemOf = async (text: string, files: readonly FileVariables[]) => {
  const read = await readInventory([{ file: 'hosts.ini', text }]);
  if (read.kind !== 'draft') throw new Error(describeProblem(read.problem));
  return resolveInventory(read.draft, [files]).resolve('a').host.problem ?? null;
};

describe('variables in files', () => {
  const file = (of: 'group' | 'host', name: string, text: string): FileVariables => {
    const read = readVariables(`${of}_vars/${name}.yml`, text);
    if ('problem' in read) throw new Error(describeProblem(read.problem));
    return { of, name, settings: read.settings };
  };
  const text = '[web]\na ansible_user=inline\n[prod:children]\nweb\n';

  it.each([
    [
      'a list',
      '- ansible_user: x',
      'f.yml:1: expected a YAML mapping of variables, like "ansible_user: deploy", got "- ansible_user: x"',
    ],
    ['broken YAML', 'a: 1\nb: [', /^f\.yml:2: expected valid YAML: /],
    [
      'aliases that multiply',
      bomb(),
      /^f\.yml:\d+: expected at most 500000 values, those of aliases counted each time, got /,
    ],
    ['an alias of nothing', 'a: *b\n', 'f.yml:1: expected &b before *b, got "a: *b"'],
    ['an alias within itself', 'a: &a\n  b: *a\n', /^f\.yml:\d+: expected values nested at most 100 deep, got /],
  ])('are refused with file and line: %s', (_, content, problem) => {
    const read = readVariables('f.yml', content);
    expect('problem' in read ? describeProblem(read.problem) : '').toMatch(problem);
  });

  it.each([
    [
      'a vaulted value',
      'ansible_user: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  31\n',
      'ansible_user is "!vault" (AT); allowed: a plain value: vaulted ones are not decrypted.',
    ],
    [
      'a template',
      'crawlwatch_worker: "{{ unit }}"',
      'crawlwatch_worker is "{{ unit }}" (AT); allowed: a plain value: of templates only {{ inventory_hostname }} is evaluated.',
    ],
    ['a truth value', 'ansible_user: yes', 'ansible_user is "yes" (AT); allowed: text in quotes, or a whole number.'],
    [
      'a user with a line break',
      'ansible_user: "a\\nb"',
      'ansible_user is "a\\nb" (AT); allowed: a user without control characters, those of a shell, or a dash in front.',
    ],
    [
      'a user with a command',
      'ansible_user: a;b',
      'ansible_user is "a;b" (AT); allowed: a user without control characters, those of a shell, or a dash in front.',
    ],
    ['base 60', 'ansible_port: 22:30', 'ansible_port is "22:30" (AT); allowed: text in quotes, or a whole number.'],
    ['a list', 'ansible_host: [a]', 'ansible_host is "a list" (AT); allowed: text.'],
    [
      'a tag',
      'ansible_port: !!int "22"',
      'ansible_port is "tag:yaml.org,2002:int 22" (AT); allowed: a value without a tag.',
    ],
  ])('are refused where a host would use them: %s', async (_, content, problem) => {
    const inherited = await problemOf(text, [file('group', 'prod', content), file('host', 'b', content)]);
    // A host's own user overrides that of its group, and what isn't used isn't judged.
    expect(inherited).toBe(content.startsWith('ansible_user') ? null : problem.replace('AT', 'group_vars/prod.yml:1'));
    expect(await problemOf(text, [file('host', 'a', content)])).toBe(problem.replace('AT', 'host_vars/a.yml:1'));
  });
});

/** Ten lists of ten, nine deep. */
function bomb(): string {
  const level = (i: number) =>
    `l${i}: &l${i} {${Array.from({ length: 10 }, (_, n) => `k${n}: *l${i - 1}`).join(', ')}}\n`;
  return `l0: &l0 {a: b}\n${[1, 2, 3, 4, 5, 6, 7, 8, 9].map(level).join('')}`;
}
