import { describe, expect, it } from 'vitest';
import { cutMiddle, cutText, padText, textWidth, wrapText } from '../../../bin/terminal/text-width.ts';

describe('the width of text', () => {
  it.each([
    ['', 0],
    ['web1', 4],
    ['東京', 4],
    ['ｗｅｂ', 6],
    ['한국', 4],
    ['café', 4],
    ['cafe\u0301', 4],
    ['🚀', 2],
    ['🇩🇪', 2],
    ['☎\ufe0f', 2],
    ['\u0301', 0],
  ])('of %j is %d columns', (text, width) => {
    expect(textWidth(text)).toBe(width);
    expect(textWidth(padText(text, 10))).toBe(10);
  });

  it.each([
    [3, '東…'],
    [4, '東…'],
    [5, '東京…'],
    [6, '東京都'],
  ])('cut to %d columns never halves a character', (width, text) => {
    expect(cutText('東京都', width, '…')).toBe(text);
    expect(textWidth(text)).toBeLessThanOrEqual(width);
  });

  it('keeps both ends of a name, since a fleet differs in the last', () => {
    expect(cutMiddle('crawler-eu-west-1-0007', 13, '…')).toBe('crawle…1-0007');
    expect(cutMiddle('東京東京東京東京', 7, '…')).toBe('東京…京');
    expect(cutMiddle('web1', 4, '…')).toBe('web1');
    expect(cutMiddle('crawler', 5, '..')).toBe('c..er');
  });

  it('counts no colour, and ends the colour that it cuts', () => {
    const line = '\u001b[31mCRITICAL\u001b[0m of all';
    expect(cutText(line, 15, '…')).toBe(line);
    expect(cutText(line, 10, '…')).toBe('\u001b[31mCRITICAL\u001b[0m …');
    expect(cutText(line, 5, '…')).toBe('\u001b[31mCRIT\u001b[39m…');
  });

  it('breaks lines between words, and keeps whole what is to be copied', () => {
    expect(wrapText('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapText('a https://example.com/long b', 6)).toEqual(['a', 'https://example.com/long', 'b']);
    expect(wrapText('', 5)).toEqual(['']);
  });
});
