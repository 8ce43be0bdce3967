/** HTML whose markup comes from templates alone: what is inserted shows as text. */
import { forTerminal } from './escape.ts';

/** Markup made by {@link html}. */
export class Html {
  constructor(readonly text: string) {}
}

export type Insert = Html | string | number | null | readonly Insert[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** As text or as a quoted attribute; line breaks, controls and right-to-left tricks are spelled out. */
const escapeHtml = (text: string): string => forTerminal(text).replace(/[&<>"'`]/g, (char) => ENTITIES[char] ?? '');

function insert(value: Insert): string {
  if (value === null) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return value.map(insert).join('');
}

/** A template whose inserts are escaped, unless they are {@link Html} themselves; null is nothing, lists are joined. */
export function html(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Html {
  return new Html(parts.reduce((text, part, i) => text + insert(inserts[i - 1] ?? null) + part));
}
