import { describe, expect, it } from 'vitest';
import { timesIn } from '../../../lambda/kit/index.ts';

const NOW = new Date('2026-11-22T08:05:00Z');
const inBerlin = (text: string) => timesIn(text, NOW, 'Europe/Berlin');

describe('the times of a sentence in another zone', () => {
  it.each([
    ['since 08:05 UTC', 'since 09:05 CET'],
    ['of 2026-11-20 23:30 UTC', 'of 2026-11-21 00:30 CET'],
    ['the flag BannerTimeout@2026-11-22T08:05:00Z', 'the flag BannerTimeout@09:05 CET'],
    ['EC2 says 2026-11-22T07:00:00.000Z', 'EC2 says 08:00 CET'],
    ['muted until 18:00 UTC, then (07:59 UTC) again', 'muted until 19:00 CET, then (08:59 CET) again'],
  ])('are those of its clock: %s', (text, expected) => {
    expect(inBerlin(text)).toBe(expected);
  });

  it.each([
    'allowed: until=2026-11-23T06:00:00Z or window=Sat 02:00-06:00 Europe/Berlin',
    'in the window Sat 02:00-06:00 UTC',
  ])('stay as they are in what is to be typed: %s', (text) => {
    expect(inBerlin(text)).toBe(text);
  });

  it('are translated beside a window, whose zone is its own', () => {
    expect(inBerlin('muted in the window Sun 07:00-09:00 UTC, until 09:00 UTC')).toBe(
      'muted in the window Sun 07:00-09:00 UTC, until 10:00 CET',
    );
  });
});
