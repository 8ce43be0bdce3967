import { describe, expect, it } from 'vitest';
import { BAND, endBand, endWords } from '../../../lambda/widget/band.ts';

const FROM = { x: 96, y: 4 };
const pointsOf = (minutes: number) => {
  const { text } = endBand({ what: 'memory', minutes }, FROM, 1);
  return (
    /points="([^"]*)"/
      .exec(text)?.[1]
      ?.split(' ')
      .map((point) => point.split(',').map(Number)) ?? []
  );
};

describe('the band in which memory ends', () => {
  it('is a cone from now to the earliest and the latest end of the estimate', () => {
    // A pixel is 3.75 minutes; 40 minutes may be 36 or 120.
    expect(pointsOf(40)).toEqual([
      [96, 4],
      [105.6, 1],
      [128, 1],
    ]);
    expect(endWords({ what: 'memory', minutes: 40 })).toBe('memory runs out in 35 min to 2 h');
  });

  it('ends at the right side of the picture where the latest end is later', () => {
    const right = 96 + BAND.width;
    expect(pointsOf(120)).toEqual([
      [96, 4],
      [124.8, 1],
      [right, 1],
      [right, 2.5],
    ]);
  });

  it('is all beyond it where even the earliest is', () => {
    const right = 96 + BAND.width;
    const all = pointsOf(600);
    for (const [x = 0, y = 0] of all) {
      expect(x).toBeGreaterThanOrEqual(96);
      expect(x).toBeLessThanOrEqual(right);
      expect(y).toBeGreaterThanOrEqual(1);
      expect(y).toBeLessThanOrEqual(4);
    }
    // Between the two edges, so without the corner.
    expect(all).toHaveLength(3);
  });

  it('is a point where it is gone', () => {
    expect(pointsOf(0).every(([x]) => x === 96)).toBe(true);
  });
});
