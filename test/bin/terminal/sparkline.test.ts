import { describe, expect, it } from 'vitest';
import { bar, sparkline, Trend } from '../../../bin/terminal/sparkline.ts';

describe('a bar', () => {
  it.each([
    [-1, '░░░░░░░░░░'],
    [7, '██████████'],
    [0, '░░░░░░░░░░'],
    [0.001, '█░░░░░░░░░'],
    [0.79, '████████░░'],
    [1, '██████████'],
  ])('of %d is %s', (share, drawn) => {
    expect(bar(share, 10, 'unicode')).toBe(drawn);
  });

  it('is ASCII where UTF-8 can not be shown', () => {
    expect(bar(0.5, 4, 'ascii')).toBe('##--');
  });
});

describe('a sparkline', () => {
  it.each<[string, (number | null)[], string]>([
    ['nothing', [], ''],
    ['nothing known', [null, null], ''],
    ['a quiet host: its noise is not blown up', [0.7, 0.702, 0.699], '▁▁▁'],
    ['one that is full', [1, 1], '██'],
    ['a rise', [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], '▁▂▃▄▅▆▇█'],
    ['a gap', [0.2, null, 0.9], '▁ █'],
  ])('of %s', (_, shares, drawn) => {
    expect(sparkline(shares, 8, 'unicode')).toBe(drawn);
  });

  it('keeps the highest of several where there is no room for all', () => {
    const shares = Array.from({ length: 64 }, (_, i) => (i === 30 ? 0.9 : 0.1));
    expect(sparkline(shares, 8, 'unicode')).toBe('▁▁▁█▁▁▁▁');
    expect(sparkline(shares, 8, 'ascii')).toBe('___#____');
  });
});

describe('a trend', () => {
  it('keeps a run of any length in a fixed number of values, with its peaks', () => {
    const trend = new Trend();
    for (let i = 0; i < 10_000; i++) trend.add(i === 5_000 ? 0.9 : i / 20_000);
    expect(trend.values.length).toBeLessThanOrEqual(48);
    expect(trend.values.length).toBeGreaterThan(12);
    expect(Math.max(...trend.values.map((value) => value ?? 0))).toBe(0.9);
    expect(trend.values.at(-1)).toBeCloseTo(0.5, 2);
    expect(trend.values[0]).toBeLessThan(0.03);
  });

  it('keeps gaps', () => {
    const trend = new Trend();
    for (const share of [0.1, null, 0.2]) trend.add(share);
    expect(trend.values).toEqual([0.1, null, 0.2]);
  });
});
