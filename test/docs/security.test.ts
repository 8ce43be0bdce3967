import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { permissionTable } from '../support/permission-table.ts';
import { withTables } from '../support/readme-tables.ts';

const FILE = join(import.meta.dirname, '..', '..', 'docs', 'security.md');

describe('the table of permissions', () => {
  it('is what the template grants, and says of each statement what it is for (npm run docs)', () => {
    const permissions = permissionTable();
    if (process.env.UPDATE_DOCS === '1') writeFileSync(FILE, withTables(readFileSync(FILE, 'utf8'), { permissions }));
    expect(permissions).not.toContain('MISSING');
    expect(readFileSync(FILE, 'utf8')).toContain(permissions);
  });
});
