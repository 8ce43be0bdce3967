/**
 * The lines of a mail: narrow enough for a phone, and such that nothing a host or a tag says can pass for a line of ours.
 * What is said is a bullet, goes on four spaces in, and never begins a line with a label or holds an address that a mail
 * program would make a link.
 */

import { plainWords, printableAscii, timesIn } from '../kit/index.ts';

/** With the mark that a line may get, under 72 columns. */
const WIDTH = 68;
const CONTINUED = '    ';
const SAID_MAX = 400;
const NAME_MAX = 48;

/** How the times of a mail are written. */
export interface Zoned {
  readonly at: Date;
  readonly zone: string;
}

/** What a host, a tag or AWS said, as one line of printable ASCII without any link, its times in the zone of the mail. */
export function said(text: string, { at, zone }: Zoned, max = SAID_MAX): string {
  const plain = printableAscii(plainWords(timesIn(text, at, zone)))
    .replaceAll('://', '[:]//')
    .replace(/\b(www)\./gi, '$1[.]');
  return plain.length > max ? `${plain.slice(0, max - 3)}...` : plain;
}

/** A name that may be anything, within a line of ours: in quotes where it isn't one plain word. */
export function plainName(name: string): string {
  const safe = printableAscii(plainWords(name)).replaceAll('://', '[:]//').replace(/["\\]/g, "'");
  const short = safe.length > NAME_MAX ? `${safe.slice(0, NAME_MAX - 3)}...` : safe;
  return /^[\w.@-]+$/.test(short) ? short : `"${short}"`;
}

/** Our labels begin with a capital letter and end with a colon. */
const LOOKS_LABELLED = /^[^\w]*[A-Z][^:]*:(\s|$)/;
/** Not before the unit of a number. */
const BREAKS = / +(?!%|UTC\b)/;

/** One paragraph in lines, the further ones indented by four; a word that is too long for a line is divided. */
export function wrapped(text: string, indent = ''): string[] {
  const lines: string[] = [];
  let line = indent;
  let isEmpty = true;
  const next = () => {
    if (!isEmpty) lines.push(line);
    line = CONTINUED;
    isEmpty = true;
  };
  for (const word of text.split(BREAKS).filter((one) => one !== '')) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) next();
    let rest = word;
    while (line.length + rest.length > WIDTH) {
      const room = WIDTH - line.length;
      const at = rest.lastIndexOf(',', room - 1) + 1 || room;
      line += rest.slice(0, at);
      rest = rest.slice(at);
      isEmpty = false;
      next();
    }
    line += isEmpty ? rest : ` ${rest}`;
    isEmpty = isEmpty && rest === '';
  }
  next();
  return lines.map((one, n) =>
    n > 0 && LOOKS_LABELLED.test(one.slice(CONTINUED.length)) ? `${CONTINUED}.. ${one.slice(CONTINUED.length)}` : one,
  );
}

export const bullet = (text: string): string[] => wrapped(`- ${text}`, '  ');

export const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** `It still hangs.`; a first word with a dot, a hyphen or a digit in it is a name, and stays as it is spelt. */
export const sentence = (text: string): string =>
  `${/^[a-z']+[ :]/.test(text) ? capital(text) : text}`.replace(/\.*$/, '.');
