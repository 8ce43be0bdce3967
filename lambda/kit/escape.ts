/**
 * Makes foreign text safe to show. What a host sends may hold terminal escapes, forged lines or right-to-left tricks
 * (CVE-2021-42574); shown as `\x1b` or `\u202e` they are visible and do nothing.
 */

/** Controls (C0, DEL, C1), format characters (bidi, zero width, tags), line separators, lone surrogates. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** The same without what JSON's own escaping covers and its pretty printing needs. */
const UNSAFE_IN_JSON = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

const units = (char: string) =>
  Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');

function visible(char: string): string {
  if (char === '\n') return '\\n';
  if (char === '\t') return '\\t';
  if (char === '\r') return '\\r';
  const code = char.codePointAt(0) ?? 0;
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : units(char);
}

/** One line that no terminal acts on: whatever isn't a visible character is spelled out. */
export function forTerminal(text: string): string {
  return text.replace(UNSAFE, visible);
}

/** Only ASCII 0x20 to 0x7E, for mail subjects and metric dimensions: whatever else becomes `?`. */
export function printableAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, '?');
}

/** JSON text with the same content, its unsafe characters as `\uXXXX`: lossless, and inert on a terminal. */
export function inertJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, units);
}

/** What a host sent, for a sentence: printable ASCII in quotes, at most `max` characters of it. */
export function quote(sent: string, max = 200): string {
  const safe = sent.slice(0, max + 1).replace(/[^\x20-\x7e]|\\/g, (c) => {
    const hex = c.charCodeAt(0).toString(16);
    return hex.length > 2 ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`;
  });
  return `"${safe.length > max ? `${safe.slice(0, max - 3)}...` : safe}"`;
}

/** Quotes what a shell would not read as one word. */
export const shellWord = (text: string) =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${forTerminal(text).replaceAll("'", "'\\''")}'`;

/** More than this isn't looked at, whatever a host sends. */
const WORDS_MAX = 4096;
/** Colours and cursor movements: they say nothing (ECMA-48, 5.4). */
const SEQUENCES = /(?!\s)\p{Cc}\[[0-?]*[ -/]*[@-~]/gu;

/** The words that a host sent to be read by people, as one line: without colours, each run of spaces and lines as one space. */
export const plainWords = (sent: string): string =>
  sent
    .slice(0, WORDS_MAX)
    .replace(SEQUENCES, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();

/** The same, quoted for a sentence. */
export const quoteWords = (sent: string, max = 200): string => quote(plainWords(sent), max);
