import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = ['CONTRIBUTING.md', ...readdirSync(join(ROOT, 'docs')).flatMap((name) => name.match(/^.+\.md$/) ?? [])];
const textOf = (page: string) => readFileSync(join(ROOT, page === 'CONTRIBUTING.md' ? '' : 'docs', page), 'utf8');
/** A path in backquotes, without a wildcard. */
const PATH = /`((?:bin|lambda|lib|sandbox|bench|tools|test|accounts|\.github)\/[\w./-]+)`/g;

describe.each(PAGES)('%s', (page) => {
  it('names only files that there are', () => {
    const named = [...textOf(page).matchAll(PATH)].map(([, path = '']) => path);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('links only to sections that there are', () => {
    const anchors = (text: string) => [
      ...[...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => slug(title)),
      ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id),
    ];
    const links = [...textOf(page).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)];
    const dead = links.filter(([, file = '', anchor = '']) => {
      const target = file === '' ? page : (file.split('/').at(-1) ?? '');
      return !anchors(target === 'README.md' ? readFileSync(join(ROOT, target), 'utf8') : textOf(target)).includes(
        anchor,
      );
    });
    expect(dead.map(([link]) => link)).toEqual([]);
  });
});

/** As GitHub makes a heading's anchor. */
const slug = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');
