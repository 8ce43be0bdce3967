/** How many columns text takes on a terminal, and how it is cut or broken to fit. Of what forTerminal has let pass. */
import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** Columns of one line; colours take none. */
export const textWidth = (text: string): number => stringWidth(text);

/** Filled up with spaces to so many columns. */
export const padText = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)));

/** The longest beginning that fits, then `mark` where something is missing. */
export function cutText(text: string, width: number, mark: string): string {
  return textWidth(text) <= width ? text : `${beginning(text, width - textWidth(mark))}${mark}`;
}

/** Cut in the middle: names of one fleet differ at their ends (`crawler-eu-west-1-0007`). */
export function cutMiddle(text: string, width: number, mark: string): string {
  const all = textWidth(text);
  if (all <= width) return text;
  const room = Math.max(0, width - textWidth(mark));
  const end = sliceAnsi(text, all - Math.ceil(room / 2));
  return `${beginning(text, room - textWidth(end))}${mark}${end}`;
}

function beginning(text: string, width: number): string {
  const cut = sliceAnsi(text, 0, Math.max(0, width));
  // It keeps a wide character that begins in the last column.
  return textWidth(cut) <= width ? cut : sliceAnsi(text, 0, Math.max(0, width - 1));
}

/** Broken between words into lines of so many columns; a word that is longer stays whole, to be copied. */
export const wrapText = (text: string, width: number): string[] => wrapAnsi(text, width).split('\n');
