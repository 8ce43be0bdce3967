/** The texts of --help and --version, which the build has laid out: to print them needs no parser. */
import { readFileSync } from 'node:fs';

/** What the build writes, from what the parser prints (tools/build/help-texts.ts). */
export interface HelpTexts {
  readonly version: string;
  /** By the words of the command, joined by a space; '' is the program itself. */
  readonly help: Readonly<Record<string, string>>;
}

/** Columns of a help. The parser makes it narrower for a narrower terminal, and never wider. */
export const HELP_WIDTH = 80;

/**
 * The text that answers a whole command line.
 * @param path of the file that the build has written
 * @param columns width of the terminal; null where the output is none
 * @returns null where the parser has to answer: words that ask for more, a narrower terminal, no such file
 */
export function preparedText(words: readonly string[], path: string, columns: number | null): string | null {
  const last = words.at(-1);
  const before = words.slice(0, -1).join(' ');
  const asksForVersion = before === '' && (last === '-v' || last === '--version');
  if (!asksForVersion && last !== '-h' && last !== '--help') return null;
  if (columns !== null && columns < HELP_WIDTH) return null;
  try {
    const { version, help } = JSON.parse(readFileSync(path, 'utf8')) as HelpTexts;
    return asksForVersion ? version : Object.hasOwn(help, before) ? (help[before] ?? null) : null;
  } catch {
    return null;
  }
}
