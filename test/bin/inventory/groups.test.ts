import { describe, expect, it } from 'vitest';
import { finishGroups } from '../../../bin/inventory/groups.ts';
import { readInventory } from '../../../bin/inventory/read.ts';

const groupsOf = async (text: string) => {
  const read = await readInventory([{ file: 'hosts.ini', text }]);
  if (read.kind !== 'draft') throw new Error(read.problem.expected);
  return finishGroups(read.draft);
};

describe('groups', () => {
  it('are walked level by level, and within a level in the order of the inventory', async () => {
    const text =
      '[p:children]\na\nb\n[a:children]\na1\n[b:children]\nb1\n[b1]\nhb\n[a1]\nha\n[p]\nhp\n[b]\nh2\n[a]\nh1\nha\n';
    expect((await groupsOf(text)).hostsOf('p')).toEqual(['hp', 'h1', 'ha', 'h2', 'hb']);
  });

  it('handles groups nested ten thousand deep, and a lattice of them', async () => {
    const chain = Array.from({ length: 9_000 }, (_, i) => `[g${i + 1}]\n[g${i}:children]\ng${i + 1}\n`).join('');
    expect((await groupsOf(`[g0]\n${chain}[g9000]\na\n`)).hostsOf('g0')).toEqual(['a']);
    const lattice = Array.from({ length: 60 }, (_, i) => `[l${i}]\n[r${i}]\n`).join('');
    const links = Array.from(
      { length: 59 },
      (_, i) => `[l${i}:children]\nl${i + 1}\nr${i + 1}\n[r${i}:children]\nl${i + 1}\nr${i + 1}\n`,
    );
    expect((await groupsOf(`${lattice}${links.join('')}[l59]\na\n`)).hostsOf('r0')).toEqual(['a']);
  });
});
