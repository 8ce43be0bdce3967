import { describe, expect, it } from 'vitest';
import { forTerminal, inertJson, printableAscii } from '../../../lambda/kit/escape.ts';

describe('text for a terminal', () => {
  it.each([
    ['an ANSI colour', 'a\u001b[31mred', 'a\\x1b[31mred'],
    ['a C1 control sequence', 'a\u009b31m', 'a\\x9b31m'],
    ['a window title', '\u001b]0;owned\u0007', '\\x1b]0;owned\\x07'],
    ['a forged line', 'ok\nficrawler9 | OK', 'ok\\nficrawler9 | OK'],
    ['a carriage return that overwrites', 'CRITICAL\rOK', 'CRITICAL\\rOK'],
    ['a right-to-left override', 'a\u202eb', 'a\\u202eb'],
    ['a zero-width space', 'a\u200bb', 'a\\u200bb'],
    ['a line separator', 'a\u2028b', 'a\\u2028b'],
    ['a lone surrogate', 'a\ud800b', 'a\\ud800b'],
    ['an invisible tag character', 'a\u{e0041}', 'a\\udb40\\udc41'],
  ])('spells out %s', (_, text, shown) => {
    expect(forTerminal(text)).toBe(shown);
  });

  it('leaves letters of any script alone', () => {
    expect(forTerminal('crawler-é-東京-🦀')).toBe('crawler-é-東京-🦀');
  });
});

describe('printable ASCII', () => {
  it('turns whatever else into question marks, one for each character', () => {
    expect(printableAscii('é東🦀\n\u001bok~')).toBe('?????ok~');
  });
});

describe('inert JSON', () => {
  it('means the same and carries no control or bidi character', () => {
    const value = { a: 'x\u009b31m\u202e\u{e0041}\u001b', b: ['é'] };
    const json = inertJson(JSON.stringify(value, null, 2));
    expect(JSON.parse(json)).toEqual(value);
    expect(json).not.toMatch(/[\u007f-\u009f\u202e]|\u{e0041}/u);
  });
});
