/** What a page in Markdown has: its links, the anchors that others may link to, its blocks of code. */
import GithubSlugger from 'github-slugger';
import MarkdownIt from 'markdown-it';

const markdown = new MarkdownIt({ html: true });
type Token = ReturnType<typeof markdown.parse>[number];

/** All tokens, those within paragraphs and headings too, with the line that each begins on. */
function* tokensOf(text: string): Generator<readonly [token: Token, line: number]> {
  let line = 1;
  for (const token of markdown.parse(text, {})) {
    if (token.map !== null) line = token.map[0] + 1;
    yield [token, line];
    for (const child of token.children ?? []) yield [child, line];
  }
}

const isHtml = ({ type }: Token): boolean => type === 'html_block' || type === 'html_inline';
const decoded = (target: string): string => {
  try {
    return decodeURI(target);
  } catch {
    return target;
  }
};

export interface Link {
  readonly target: string;
  readonly line: number;
}

/** Links and images, in Markdown and in HTML. */
export function linksOf(text: string): Link[] {
  return [...tokensOf(text)].flatMap(([token, line]) => {
    const targets =
      token.type === 'link_open'
        ? [token.attrGet('href')]
        : token.type === 'image'
          ? [token.attrGet('src')]
          : isHtml(token)
            ? [...token.content.matchAll(/\b(?:href|src|srcset)\s*=\s*(["'])(.*?)\1/g)].map(([, , target]) => target)
            : [];
    return targets.flatMap((target) => (target == null ? [] : [{ target: decoded(String(target)), line }]));
  });
}

/** As GitHub makes them of headings, and those that a page sets itself. */
export function anchorsOf(text: string): Set<string> {
  const slugger = new GithubSlugger();
  const anchors = new Set<string>();
  let isHeading = false;
  for (const [token] of tokensOf(text)) {
    if (token.type === 'heading_open') isHeading = true;
    else if (token.type === 'inline' && isHeading) {
      const words = (token.children ?? []).filter(({ type }) => type === 'text' || type === 'code_inline');
      anchors.add(slugger.slug(words.map(({ content }) => content).join('')));
      isHeading = false;
    } else if (isHtml(token)) {
      for (const [, , id = ''] of token.content.matchAll(/\b(?:id|name)\s*=\s*(["'])(.*?)\1/g)) anchors.add(id);
    }
  }
  return anchors;
}

/** The blocks of code in this language; further words after it choose none. */
export const blocksOf = (text: string, language: string): string[] =>
  [...tokensOf(text)].flatMap(([{ type, info, content }]) =>
    type === 'fence' && info.trim() === language ? [content] : [],
  );
