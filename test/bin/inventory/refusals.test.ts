import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostsNamed, openInventory } from '../../../bin/inventory/open.ts';
import { aids } from './aids.ts';

const FOLDER = join(import.meta.dirname, '../../fixtures/inventories/refused');
const DOCS = join(import.meta.dirname, '../../../docs/inventories.md');
const BLOCK = /(?<=```text\n)[\s\S]*?(?=\n```)/;

/** Of a whole file, or of one host in it. */
const EXPECTED = /^[\w.-]+:\d+: expected .+, got "|^\w+: \w+ is ".*" \([\w.-]+:\d+\); allowed: /;

async function refusalOf(file: string): Promise<string> {
  try {
    const inventory = await openInventory([join(FOLDER, file)], aids());
    const broken = hostsNamed(inventory, inventory.hosts).hosts.find(({ problem }) => problem !== undefined);
    return broken === undefined
      ? `${file} is not refused`
      : `${broken.name}: ${broken.problem}`.replaceAll(`${FOLDER}/`, '');
  } catch (error) {
    return (error as Error).message.replaceAll(`${FOLDER}/`, '');
  }
}

describe('what is refused', () => {
  it('is documented with its message, line by line (UPDATE_DOCS=1 updates it)', async () => {
    const files = readdirSync(FOLDER).sort();
    const said = await Promise.all(files.map(refusalOf));
    expect(said.map((line) => EXPECTED.test(line))).not.toContain(false);
    const docs = readFileSync(DOCS, 'utf8');
    if (process.env.UPDATE_DOCS === '1')
      writeFileSync(
        DOCS,
        docs.replace(BLOCK, () => said.join('\n')),
      );
    expect(BLOCK.exec(readFileSync(DOCS, 'utf8'))?.[0].split('\n')).toEqual(said);
  });
});
