import { describe, expect, it } from 'vitest';
import { endBand } from '../../../bin/terminal/band.ts';

describe('the band in which memory ends', () => {
  it.each([
    ['at once', 0, '│▒'],
    ['within the hour', 20, '│▒▒▒'],
    ['from half an hour to two hours', 40, '│·▒▒▒▒'],
    ['later than there is room for', 100, '│···▒▒▒›'],
    ['only after that', 600, '│······›'],
  ])('%s is so many half hours', (_, minutes, text) => {
    expect(endBand(minutes, 8, 'unicode')).toBe(text);
  });

  it('is in ASCII where a terminal has no more', () => {
    expect(endBand(40, 8, 'ascii')).toBe('|.%%%%');
  });

  it('is never wider than its room', () => {
    for (let width = 2; width < 12; width++) {
      for (const minutes of [0, 1, 29, 90, 5_000]) {
        expect(endBand(minutes, width, 'unicode').length).toBeLessThanOrEqual(width);
      }
    }
  });
});
