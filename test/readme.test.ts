import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { README_TABLES, withTables } from './support/readme-tables.ts';

const ROOT = join(import.meta.dirname, '..');
const FILE = join(ROOT, 'README.md');
// `npm run docs` writes the tables; everybody else only compares them.
if (process.env.UPDATE_DOCS === '1') writeFileSync(FILE, withTables(readFileSync(FILE, 'utf8')));
const readme = readFileSync(FILE, 'utf8');

describe('the README', () => {
  it.each(Object.entries(README_TABLES))('has the table of %s as the code has it (npm run docs)', (_, table) => {
    expect(readme).toContain(table);
  });

  it('draws a tree of folders that are there', () => {
    const tree = /## The repository\n\n```\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const folders = [...tree.matchAll(/^( *)([a-z]+)\/ /gm)].map(([, indent, name = '']) =>
      indent === '' ? name : `lambda/${name}`,
    );
    const rooms = readdirSync(join(ROOT, 'lambda'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.filter((folder) => folder.startsWith('lambda/')).toSorted()).toEqual(
      rooms.map(({ name }) => `lambda/${name}`).toSorted(),
    );
    expect(folders.filter((folder) => !existsSync(join(ROOT, folder)))).toEqual([]);
  });

  it('links only to files that are there', () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(1);
    expect(links.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
