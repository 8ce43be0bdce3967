/** How many columns text takes on a terminal, and how it is cut to fewer. Of what forTerminal has let pass. */

/** A column each, all but always: ASCII, Latin letters, and what bars and trends are drawn with. */
const NARROW = /^[ -~\u00a1-\u00ac\u00ae-\u02ff\u2500-\u259f\u2026]*$/;
/** Two columns: emoji, and what Unicode's EastAsianWidth.txt calls wide or full width. */
const WIDE =
  /\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u;
/** Marks with no letter to sit on. */
const NO_WIDTH = /^\p{M}+$/u;

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const graphemes = (text: string): string[] =>
  NARROW.test(text) ? [...text] : Array.from(segmenter.segment(text), ({ segment }) => segment);
const widthOf = (grapheme: string): number => (NO_WIDTH.test(grapheme) ? 0 : WIDE.test(grapheme) ? 2 : 1);

/** Columns of one line without control characters. */
export function textWidth(text: string): number {
  return NARROW.test(text) ? text.length : graphemes(text).reduce((sum, one) => sum + widthOf(one), 0);
}

/** Filled up with spaces to so many columns. */
export const padText = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)));

/** The longest beginning that fits, then `mark` where something is missing. */
export function cutText(text: string, width: number, mark: string): string {
  if (textWidth(text) <= width) return text;
  return `${fitting(graphemes(text), width - textWidth(mark))}${mark}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes are what is taken out
const SGR = /\u001b\[\d+m/g;

/** The same for a line with colours of ours in it; what is cut loses them. */
export function cutLine(line: string, width: number, mark: string): string {
  const plain = line.replace(SGR, '');
  return textWidth(plain) <= width ? line : cutText(plain, width, mark);
}

/** Cut in the middle: names of one fleet differ at their ends (`crawler-eu-west-1-0007`). */
export function cutMiddle(text: string, width: number, mark: string): string {
  if (textWidth(text) <= width) return text;
  const parts = graphemes(text);
  const room = width - textWidth(mark);
  const end = fitting(parts.toReversed(), Math.ceil(room / 2), true);
  return `${fitting(parts, room - textWidth(end))}${mark}${end}`;
}

function fitting(parts: readonly string[], width: number, reversed = false): string {
  let text = '';
  let used = 0;
  for (const part of parts) {
    used += widthOf(part);
    if (used > width) break;
    text = reversed ? part + text : text + part;
  }
  return text;
}

/** Broken between words into lines of so many columns; a word that is longer stays whole, to be copied. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
