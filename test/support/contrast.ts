/** Measures how well the texts of a page can be read: WCAG 2's contrast of each text with what is painted behind it. */
import type { Page } from 'playwright-core';

/** WCAG 2.2, 1.4.3, level AA, for text of any size. */
export const ENOUGH = 4.5;

/** Texts of the same colours. */
export interface Contrast {
  readonly ratio: number;
  readonly ink: string;
  readonly ground: string;
  /** The first of them, and the class of its element. */
  readonly text: string;
  readonly where: string;
  readonly count: number;
}

/**
 * In the page: walks every text node that is painted, and lays the backgrounds and opacities of its ancestors over each
 * other as the browser does. What it can't compute (a picture behind a text, a text that a style sheet adds, a colour that
 * is no rgb) is an error.
 */
const MEASURE = `(selector) => {
  const parse = (text) => {
    const found = /^rgba?\\(([\\d.]+), ([\\d.]+), ([\\d.]+)(?:, ([\\d.]+))?\\)$/.exec(text);
    if (found === null) throw new Error('no rgb colour: ' + text);
    return [Number(found[1]), Number(found[2]), Number(found[3]), found[4] === undefined ? 1 : Number(found[4])];
  };
  const mix = (over, under, alpha) => over.slice(0, 3).map((value, i) => value * alpha + under[i] * (1 - alpha));
  const luminance = (colour) => {
    const [r, g, b] = colour.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paint = (chain, i, behind) => {
    const style = getComputedStyle(chain[i]);
    if (style.backgroundImage !== 'none') throw new Error('a picture behind a text: ' + style.backgroundImage);
    const back = parse(style.backgroundColor);
    const ground = mix(back, behind, back[3]);
    let inner;
    if (i === chain.length - 1) {
      const colour = parse(chain[i] instanceof SVGElement ? style.fill : style.color);
      inner = { ground, ink: mix(colour, ground, colour[3]) };
    } else inner = paint(chain, i + 1, ground);
    const opacity = Number(style.opacity);
    return { ground: mix(inner.ground, behind, opacity), ink: mix(inner.ink, behind, opacity) };
  };
  const hex = (colour) => '#' + colour.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('');
  const canvas = getComputedStyle(document.documentElement).colorScheme.startsWith('dark') ? [18, 18, 18] : [255, 255, 255];
  const root = document.querySelector(selector);
  for (const element of root.querySelectorAll('*')) {
    for (const which of ['::before', '::after']) {
      const { content } = getComputedStyle(element, which);
      if (content !== 'none' && content !== 'normal' && content !== '""') throw new Error('a text of a style sheet: ' + content);
    }
  }
  const groups = new Map();
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    const range = document.createRange();
    range.selectNodeContents(node);
    const isPainted = [...range.getClientRects()].some(({ width, height }) => width > 0 && height > 0);
    if (node.data.trim() === '' || !isPainted || getComputedStyle(element).visibility !== 'visible') continue;
    const chain = [];
    for (let one = element; one !== null; one = one.parentElement) chain.unshift(one);
    const { ink, ground } = paint(chain, 0, canvas);
    const [light, dark] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
    const ratio = Math.round(((light + 0.05) / (dark + 0.05)) * 100) / 100;
    const key = hex(ink) + hex(ground);
    const known = groups.get(key);
    if (known === undefined) {
      const where = element.tagName.toLowerCase() + [...element.classList].map((name) => '.' + name).join('');
      groups.set(key, { ratio, ink: hex(ink), ground: hex(ground), text: node.data.trim().slice(0, 40), where, count: 1 });
    } else known.count += 1;
  }
  return [...groups.values()].sort((a, b) => a.ratio - b.ratio);
}`;

/** @returns worst first; an entry for each pair of colours */
export const contrastsOf = (page: Page, selector: string): Promise<Contrast[]> =>
  page.evaluate(`(${MEASURE})(${JSON.stringify(selector)})`);

/** As lines of a table. */
export function contrastTable(title: string, contrasts: readonly Contrast[]): string {
  const rows = contrasts.map(
    ({ ratio, ink, ground, count, where, text }) =>
      `${ratio.toFixed(2).padStart(6)}  ${ink} on ${ground}  ${String(count).padStart(4)}  ${where.padEnd(34)}  ${text}`,
  );
  return [`${title}`, ' ratio  colours             texts  of', ...rows].join('\n');
}
