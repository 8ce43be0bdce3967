/** That a reader finds every page from docs/README.md, and sees at its head whom it helps with what. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, '..', '..', 'docs');
const INDEX = join(FOLDER, 'README.md');
const SECTIONS = ['Get started', 'Guides', 'Reference', 'Explanation'];
const PAGES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .sort();

/** The title, and the paragraph after it. */
function headOf(text: string): { readonly title: string; readonly purpose: string } {
  const [title = '', purpose = ''] = text.split(/\n{2,}/, 2);
  return { title: title.replace(/^# /, ''), purpose };
}

const ENTRY = /^\| \[([^\]]+)\]\((.+\.md)\) \| [^|]*\| [^|]*\|$/gm;
/** The index, each entry with the title and the purpose that its page has. */
const filledIn = (index: string): string =>
  index.replace(ENTRY, (entry, _, page: string) => {
    if (!PAGES.includes(page)) return entry;
    const { title, purpose } = headOf(readFileSync(join(FOLDER, page), 'utf8'));
    const [, whom = '', what = ''] = /^For (.*?): (.*)$/.exec(purpose) ?? [];
    return `| [${title}](${page}) | ${whom} | ${what} |`;
  });

if (process.env.UPDATE_DOCS === '1') writeFileSync(INDEX, filledIn(readFileSync(INDEX, 'utf8')));
const index = readFileSync(INDEX, 'utf8');
const sections = index
  .split(/^## /m)
  .slice(1)
  .map((text) => ({
    title: text.split('\n', 1)[0],
    pages: [...text.matchAll(ENTRY)].map(([, , page = '']) => page),
  }));

describe('docs/README.md', () => {
  it('has its four sections', () => {
    expect(sections.map(({ title }) => title)).toEqual(SECTIONS);
  });

  it('has every page in one of them, once', () => {
    expect(sections.flatMap(({ pages }) => pages).sort()).toEqual(PAGES);
  });

  it('says of each what the page says itself (npm run docs)', () => {
    expect(index).toBe(filledIn(index));
  });
});

describe.each(['README.md', ...PAGES])('docs/%s', (page) => {
  const text = readFileSync(join(FOLDER, page), 'utf8');

  it('begins with its title, and one sentence that says whom it helps with what', () => {
    expect(text).toMatch(/^# \S.*\n\n/);
    // No second sentence, and no link: the index quotes it.
    expect(headOf(text).purpose).toMatch(
      /^For (?:the person|teams|everybody)\b(?:(?!\. |\]\(|\n).){0,180}: (?:(?!\. |\]\(|\n).)+\.$/,
    );
  });
});
