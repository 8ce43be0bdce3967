import { describe, expect, it } from 'vitest';
import { describeProblem, resolveInventory } from '../../../bin/inventory/inventory.ts';
import { readInventory } from '../../../bin/inventory/read.ts';

const parse = async (file: string, text: string) => {
  const read = await readInventory([{ file, text }]);
  if (read.kind !== 'draft') return read;
  const inventory = resolveInventory(read.draft, []);
  return { kind: 'inventory', inventory } as const;
};

describe('a YAML inventory that is broken', () => {
  it.each([
    ['tabs', 'all:\n\thosts:\n', 'a.yml:2: expected valid YAML: Tabs are not allowed as indentation, got "hosts:"'],
    ['a bracket left open', 'all: {hosts: {a: }\n', /^a\.yml:\d: expected valid YAML: /],
    ['two documents', 'a: {hosts: b}\n---\nc:\n', /^a\.yml:2: expected valid YAML: .*, got "---"$/],
    ['a list of groups', '- all:\n', 'a.yml:1: expected a YAML mapping of groups, like "all:", got "- all:"'],
    [
      'a list of hosts',
      'web:\n  hosts:\n    - a\n',
      'a.yml:2: expected a mapping under hosts, its names without "-" and each with a colon, got "hosts:"',
    ],
    [
      'a value after a host',
      'web:\n  hosts:\n    a: 10.0.0.1\n',
      'a.yml:3: expected nothing after the name of a host, or a mapping of its variables, got "a:"',
    ],
    [
      'a number as host',
      'web:\n  hosts:\n    10:\n',
      'a.yml:3: expected the name of a host, in quotes unless it is a word, got "10:"',
    ],
    [
      'a number as group',
      '10:\n  hosts:\n',
      'a.yml:1: expected the name of a group, in quotes unless it is a word, got "10:"',
    ],
    [
      'a range beyond reason',
      'web:\n  hosts:\n    w[1:10000000]:\n',
      'a.yml:3: expected a range of at most 10000 hosts, got "w[1:10000000]:"',
    ],
    [
      'groups in a loop',
      'a:\n  children:\n    b:\n      children:\n        a:\n',
      'a.yml:3: expected groups without a loop: b already contains a, got "b:"',
    ],
    [
      'a priority that is no number',
      'a:\n  vars:\n    ansible_group_priority: high\n',
      'a.yml:3: expected a whole number as ansible_group_priority, got "ansible_group_priority:"',
    ],
    [
      'a plugin',
      'plugin: amazon.aws.aws_ec2\nregions: [eu-west-1]\n',
      'a.yml:1: expected hosts and groups, not the configuration of a plugin, got "plugin: amazon.aws.aws_ec2"',
    ],
    ['deeply nested', `a: ${'['.repeat(3000)}`, /^a\.yml:1: expected valid YAML: Maximum call stack/],
  ])('is reported with file, line and what was expected: %s', async (_, text, problem) => {
    const result = await parse('a.yml', text);
    expect('problem' in result ? describeProblem(result.problem) : '').toMatch(problem);
  });

  it('is TOML', async () => {
    const result = await parse('a.toml', '[web.hosts]\na = {}\n');
    expect('problem' in result && describeProblem(result.problem)).toBe(
      'a.toml:1: expected INI, YAML or JSON, not TOML, got "[web.hosts]"',
    );
  });

  it('is reported by the rules of INI where it has sections', async () => {
    const result = await parse('a.yml', '[web]\na b\n');
    expect('problem' in result && describeProblem(result.problem)).toMatch(/^a\.yml:2: expected key=value/);
  });
});

describe('a YAML inventory', () => {
  it('notes what is ignored', async () => {
    const result = await parse('a.yml', 'web:\n  hostz: {a: }\n  hosts: b\nlater: 5\n');
    expect(result.kind === 'inventory' && result.inventory.notes).toEqual([
      'a.yml:2: hostz is ignored: a group has hosts, children and vars',
      'a.yml:4: later is ignored: it is no mapping of hosts, children and vars',
    ]);
  });

  it('may be empty', async () => {
    const result = await parse('a.yml', '---\n');
    expect(result.kind === 'inventory' && result.inventory.hosts).toEqual([]);
  });
});
