import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostsNamed, openInventory } from '../../../bin/inventory/files.ts';

const FOLDER = join(import.meta.dirname, '../../fixtures/inventories/refused');
const DOCS = join(import.meta.dirname, '../../../docs/inventories.md');
const BLOCK = /(?<=```text\n)[\s\S]*?(?=\n```)/;

describe('what is refused', () => {
  it('is documented with its message, line by line (UPDATE_DOCS=1 updates it)', async () => {
    const files = readdirSync(FOLDER).sort();
    const said = await Promise.all(
      files.map((file) =>
        openInventory([join(FOLDER, file)])
          .then((inventory) => hostsNamed(inventory, inventory.hosts))
          .then(
            () => `${file} is not refused`,
            (error: Error) => error.message.replaceAll(`${FOLDER}/`, ''),
          ),
      ),
    );
    expect(said.map((line) => /^[\w.-]+:\d+: expected .+, got "/.test(line))).not.toContain(false);
    const docs = readFileSync(DOCS, 'utf8');
    if (process.env.UPDATE_DOCS === '1')
      writeFileSync(
        DOCS,
        docs.replace(BLOCK, () => said.join('\n')),
      );
    expect(BLOCK.exec(readFileSync(DOCS, 'utf8'))?.[0].split('\n')).toEqual(said);
  });
});
