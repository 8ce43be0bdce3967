/** Reads values: in INI files as Python literals where they are such, in YAML files by the rules of YAML 1.1. */
import type { Value } from './draft.ts';
import { bad, ok } from './parsed.ts';

const NO_TEXT = bad('text in quotes, or a whole number');

/** 16, +16, 1_600, 0x10, 0b1: what both Python and YAML 1.1 read as a whole number, in decimal. */
function wholeNumber(text: string): Value | null {
  const [, sign = '', digits = ''] = /^([+-]?)(0x[0-9a-f_]+|0b[01_]+|[1-9][0-9_]*|0)$/i.exec(text) ?? [];
  if (digits === '') return null;
  return ok(`${sign === '-' && digits !== '0' ? '-' : ''}${BigInt(digits.replaceAll('_', ''))}`);
}

const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\', "'": "'", '"': '"', n: '\n', t: '\t', r: '\r' };

/** `"a\tb" 'c'`: Python's strings, one after the other, and a comment after them. Null for any other text. */
function quoted(text: string): Value | null {
  if (!/^(?:(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*)+(?:#.*)?$/.test(text)) return null;
  const parts = text.match(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|#.*$/g) ?? [];
  const inner = parts.filter((part) => !part.startsWith('#')).map((part) => part.slice(1, -1));
  if (inner.some((part) => /\\[^\\'"ntr]/.test(part.replaceAll('\\\\', '')))) return bad('text without \\ in quotes');
  return ok(inner.join('').replace(/\\(.)/g, (whole, letter: string) => ESCAPED[letter] ?? whole));
}

/** A value of an INI file, as by Python's ast.literal_eval; what is no literal is plain text. */
export function iniValue(text: string): Value {
  const string = quoted(text.trimStart());
  if (string !== null) return string;
  const bare = text.trim().replace(/\s*#.*$/, '');
  if (bare === 'None') return ok(null);
  if (/^(?:True|False|\.\.\.)$/.test(bare)) return NO_TEXT;
  if (/^[+-]?0[0_]*$/.test(bare)) return ok('0');
  const number = wholeNumber(bare) ?? octal(bare, /^([+-]?)0o([0-7_]+)$/i);
  if (number !== null) return number;
  if (/^[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?j?$/i.test(bare) && /[.ej]/i.test(bare)) return NO_TEXT;
  // A list, a tuple or a dictionary; templates are recognised where they would be used.
  if (/^(?:\[.*\]|\(.*\)|\{[^{%#].*\}|\{\})$/.test(bare)) return NO_TEXT;
  return ok(text);
}

function octal(text: string, form: RegExp): Value | null {
  const [, sign = '', digits = ''] = form.exec(text) ?? [];
  return digits === '' ? null : ok(`${sign === '-' ? '-' : ''}${BigInt(`0o${digits.replaceAll('_', '') || '0'}`)}`);
}

/** The kind of a plain scalar of a YAML file, by YAML 1.1 (https://yaml.org/type/). */
export function yamlKind(text: string): 'null' | 'number' | 'other' | 'text' {
  if (/^(?:~|null|Null|NULL|)$/.test(text)) return 'null';
  if (yamlNumber(text) !== null) return 'number';
  const isBoolean = /^(?:yes|no|true|false|on|off)$/i.test(text) && /^(?:[a-z]+|[A-Z][a-z]+|[A-Z]+)$/.test(text);
  const isFloat =
    /^(?:[+-]?\d[\d_]*\.[\d_]*(?:e[+-]\d+)?|\.\d[\d_]*(?:e[+-]\d+)?|[+-]?\.inf|\.nan)$/i.test(text) ||
    // Base 60: 22:30 is a number too.
    /^[+-]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/.test(text);
  const isDate = /^\d{4}-\d\d?-\d\d?(?:$|[Tt\s])/.test(text);
  return isBoolean || isFloat || isDate ? 'other' : 'text';
}

const yamlNumber = (text: string) => wholeNumber(text) ?? octal(text, /^([+-]?)0([0-7_]+)$/);

/** A plain scalar of a YAML file. */
export function yamlValue(text: string): Value {
  switch (yamlKind(text)) {
    case 'null':
      return ok(null);
    case 'number':
      return yamlNumber(text) ?? NO_TEXT;
    case 'other':
      return NO_TEXT;
    case 'text':
      return ok(text);
  }
}
