import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, linksOf } from '../support/markdown.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const under = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => join(folder, name));
const PAGES = ['README.md', 'CONTRIBUTING.md', 'bench/README.md', ...under('docs'), ...under('examples')];

/** Offers no TLS. */
const PLAIN = ['gwa.ewi.tudelft.nl'];

/** What is wrong with a link of `page`; null where nothing is. What is elsewhere is held to its shape, not asked. */
function faultOf(target: string, page: string, text: string): string | null {
  if (/^[a-z][a-z+.-]*:/i.test(target)) {
    const url = URL.canParse(target) ? new URL(target) : null;
    return (url?.protocol === 'https:' || (url?.protocol === 'http:' && PLAIN.includes(url.hostname))) &&
      /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(url.hostname) &&
      !/\s/.test(target)
      ? null
      : 'is no address that begins with https://';
  }
  const [path = '', anchor] = target.split('#', 2);
  const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
  const place = relative(ROOT, file);
  if (path.startsWith('/') || place.startsWith('..') || /^(?:dist|node_modules)\b/.test(place)) {
    return 'leads out of the repository';
  }
  if (path !== '' && !existsSync(file)) return 'is not there';
  if (anchor === undefined) return null;
  if (!file.endsWith('.md')) return 'has an anchor, and is no page';
  const there = path === '' ? text : readFileSync(file, 'utf8');
  return anchorsOf(there).has(anchor) ? null : 'has no such section';
}

const faultsIn = (page: string, text: string): string[] =>
  linksOf(text).flatMap(({ target, line }) => {
    const fault = faultOf(target, page, text);
    return fault === null ? [] : [`${page}:${line}: ${target} ${fault}`];
  });

describe('a link', () => {
  it.each(PAGES)('leads somewhere, in %s', (page) => {
    expect(faultsIn(page, readFileSync(join(ROOT, page), 'utf8'))).toEqual([]);
  });

  it('is looked for in every page', () => {
    const links = PAGES.flatMap((page) => linksOf(readFileSync(join(ROOT, page), 'utf8')));
    expect(PAGES.length).toBeGreaterThan(20);
    expect(links.length).toBeGreaterThan(300);
    expect(PAGES.every((page) => statSync(join(ROOT, page)).isFile())).toBe(true);
  });

  it.each([
    ['a file that is not there', '[x](nowhere.md)', 'nowhere.md is not there'],
    ['a section that is not there', '[x](scale.md#nowhere)', 'scale.md#nowhere has no such section'],
    ['a section of the same page that is not there', '# Here\n\n[x](#there)', '#there has no such section'],
    ['a picture that is not there', '![x](images/nowhere.png)', 'images/nowhere.png is not there'],
    ['a picture in HTML', '<img src="images/nowhere.png">', 'images/nowhere.png is not there'],
    ['a reference at the end of the page', '[x][1]\n\n[1]: nowhere.md', 'nowhere.md is not there'],
    ['an anchor of a file that is no page', '[x](../package.json#L1)', '../package.json#L1 has an anchor'],
    ['a place outside', '[x](../../elsewhere.md)', '../../elsewhere.md leads out of the repository'],
    ['what is built', '[x](../dist/crawlwatch.js)', '../dist/crawlwatch.js leads out of the repository'],
    ['an address without TLS', '[x](http://example.com/)', 'http://example.com/ is no address'],
    ['an address of this machine', '[x](https://localhost/)', 'https://localhost/ is no address'],
  ])('would be found out: %s', (_, text, fault) => {
    expect(faultsIn('docs/page.md', text)).toEqual([expect.stringContaining(fault)]);
  });

  it.each([
    ['# A `code` heading, and more\n\n[x](#a-code-heading-and-more)'],
    ['## Twice\n\n## Twice\n\n[x](#twice-1)'],
    ['<a id="7"></a>\n\n[x](#7)'],
    ['[x](scale.md) [y](events) [z](https://example.com/a#b) `[no](link.md)`'],
    ['```md\n[no](link.md)\n```'],
  ])('is not found fault with where it is right: %j', (text) => {
    expect(faultsIn('docs/page.md', text)).toEqual([]);
  });
});
