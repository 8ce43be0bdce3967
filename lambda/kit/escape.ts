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
