import { describe, expect, it } from 'vitest';
import { BAND, endBand, endWords } from '../../../lambda/widget/band.ts';

const FROM = { x: 60, y: 4 };
const RIGHT = FROM.x + BAND.width;

function drawn(minutes: number) {
  const { text } = endBand({ what: 'memory', minutes }, FROM, 26);
  const [, from, width] = (/<rect [^>]*x="([\d.]+)" y="0" width="([\d.]+)"/.exec(text) ?? []).map(Number);
  const cone = /points="([^"]*)"/
    .exec(text)?.[1]
    ?.split(' ')
    .map((point) => point.split(',').map(Number));
  return { band: [from, (from ?? 0) + (width ?? 0)], cone };
}

describe('the band in which memory ends', () => {
  it('is from the earliest to the latest end of the estimate, with a cone to there from the latest figure', () => {
    // A pixel is five minutes; 40 minutes may be 36 or 120.
    expect(drawn(40)).toEqual({
      band: [67.2, 84],
      cone: [
        [60, 4],
        [67.2, 0],
        [84, 0],
      ],
    });
    expect(endWords({ what: 'memory', minutes: 40 })).toBe('memory runs out in 35 min to 2 h');
  });

  it.each([
    ['is cut off where the latest end is later than what is shown', 120, [81.6, RIGHT]],
    ['is at its right side where even the earliest is', 600, [RIGHT - 2, RIGHT]],
    ['is never too narrow to be seen', 0, [60, 62]],
  ])('%s', (_, minutes, band) => {
    expect(drawn(minutes).band).toEqual(band);
  });
});
