import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = [
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')),
];
const textOf = (page: string) => readFileSync(join(ROOT, page === 'CONTRIBUTING.md' ? '' : 'docs', page), 'utf8');
/** A path in backquotes, without a wildcard. */
const PATH = /`((?:bin|lambda|lib|sandbox|bench|tools|test|accounts|\.github)\/[\w./-]+)`/g;

describe.each(PAGES)('%s', (page) => {
  it('names only files that there are', () => {
    const named = [...textOf(page).matchAll(PATH)].map(([, path = '']) => path);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
