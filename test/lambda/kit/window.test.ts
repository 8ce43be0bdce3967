import { describe, expect, it } from 'vitest';
import { isOpen, nextOpening, parseWindow } from '../../../lambda/kit/window.ts';
import { parseSettings, SettingsError } from '../../../lambda/settings/settings.ts';

const problem = (window: unknown): string => {
  try {
    parseSettings({ remedies: { window } });
  } catch (error) {
    if (error instanceof SettingsError) return error.problems.join('\n');
    throw error;
  }
  return 'none';
};
const open = (text: string, at: string): boolean => isOpen(parseWindow(text)!, new Date(at));
const next = (text: string, at: string): string | undefined =>
  nextOpening(parseWindow(text)!, new Date(at))?.toISOString().slice(0, 16);

describe('the setting remedies.window', () => {
  it.each([
    ['no zone', '02:00-05:00'],
    ['an hour that no day has', 'Mon 25:00-05:00 UTC'],
    ['a minute that no hour has', '02:60-05:00 UTC'],
    ['a beginning at 24:00', '24:00-05:00 UTC'],
    ['a day that no week has', 'Mo 02:00-05:00 UTC'],
    ['two windows', 'Mon 02:00-05:00,Tue 02:00-05:00 UTC'],
    ['an offset for a zone', '02:00-05:00 +01:00'],
    ['nothing', ''],
    ['a number', 3],
  ])('refuses %s', (_, window) => {
    expect(problem(window)).toBe(
      `remedies.window: got ${JSON.stringify(window)}; allowed: like \`Mon-Fri 02:00-05:00 Europe/Berlin\`, or null`,
    );
  });

  it.each([
    ['a zone that there is not', '02:00-05:00 Mars/Base', 'a time zone of the tz database at its end'],
    ['a window without length', '02:00-02:00 UTC', 'an end that is not the beginning; the whole day is 00:00-24:00'],
  ])('refuses %s', (_, window, allowed) => {
    expect(problem(window)).toContain(`remedies.window: got "${window}"; allowed: ${allowed}`);
  });

  it.each([
    'Mon-Fri 02:00-05:00 Europe/Berlin',
    '22:00-04:00 UTC',
    'Sat-Sun 00:00-24:00 America/Argentina/Buenos_Aires',
    'Sun 02:00-05:00 Etc/GMT+5',
    'Fri-Mon 02:00-05:00 CET',
  ])('takes %s, and the planner reads it', (window) => {
    expect(problem(window)).toBe('none');
    expect(parseWindow(window)).not.toBe(null);
  });
});

describe('parseWindow', () => {
  it.each(['', 'always', 'Mon-Fri 02:00-05:00', 'Foo 02:00-05:00 UTC', 'Mon-Foo 02:00-05:00 UTC'])(
    'reads nothing into %j',
    (text) => {
      expect(parseWindow(text)).toBe(null);
    },
  );
});

// 2026-11-22 is a Sunday. Berlin is an hour ahead of UTC in winter, two in summer (29 March to 25 October 2026).
describe('isOpen', () => {
  it.each([
    ['the minute before it begins', '02:00-05:00 UTC', '2026-11-22T01:59:59Z', false],
    ['the minute it begins', '02:00-05:00 UTC', '2026-11-22T02:00:00Z', true],
    ['the last second of it', '02:00-05:00 UTC', '2026-11-22T04:59:59Z', true],
    ['the minute it ends', '02:00-05:00 UTC', '2026-11-22T05:00:00Z', false],
    ['a day that is not one of its', 'Mon-Fri 02:00-05:00 UTC', '2026-11-22T03:00:00Z', false],
    ['its only day', 'Sun 02:00-05:00 UTC', '2026-11-22T03:00:00Z', true],
    ['its first day', 'Mon-Fri 02:00-05:00 UTC', '2026-11-23T03:00:00Z', true],
    ['its last day', 'Mon-Fri 02:00-05:00 UTC', '2026-11-27T03:00:00Z', true],
    ['days around the weekend', 'Fri-Mon 02:00-05:00 UTC', '2026-11-22T03:00:00Z', true],
    ['the midst of the week of days around the weekend', 'Fri-Mon 02:00-05:00 UTC', '2026-11-25T03:00:00Z', false],
    ['the whole day, at its last second', 'Sun 00:00-24:00 UTC', '2026-11-22T23:59:59Z', true],
    ['the whole day, the day after', 'Sun 00:00-24:00 UTC', '2026-11-23T00:00:00Z', false],
    ['midnight, as the hour 0', '00:00-01:00 UTC', '2026-11-22T00:30:00Z', true],
    ['the evening of a night', 'Sat 22:00-04:00 UTC', '2026-11-21T23:00:00Z', true],
    ['the morning after that night', 'Sat 22:00-04:00 UTC', '2026-11-22T03:59:00Z', true],
    ['the end of that night', 'Sat 22:00-04:00 UTC', '2026-11-22T04:00:00Z', false],
    ['the morning before that night', 'Sat 22:00-04:00 UTC', '2026-11-21T03:00:00Z', false],
    ['the morning after Sunday night, on Monday', 'Sun 22:00-04:00 UTC', '2026-11-23T03:00:00Z', true],
    ['the wall clock of winter', '02:00-05:00 Europe/Berlin', '2026-11-22T01:00:00Z', true],
    ['the wall clock of summer', '02:00-05:00 Europe/Berlin', '2026-07-22T00:00:00Z', true],
    ['an hour too early in winter', '02:00-05:00 Europe/Berlin', '2026-11-22T00:59:00Z', false],
    ['the day of its zone, where UTC has another', 'Sun 22:00-24:00 America/New_York', '2026-11-23T03:30:00Z', true],
    ['what is left of it where the clocks skip an hour', '02:00-04:00 Europe/Berlin', '2026-03-29T01:30:00Z', true],
    ['right before the skipped hour', '02:00-04:00 Europe/Berlin', '2026-03-29T00:59:00Z', false],
    ['the hour that comes twice, the first time', '02:00-03:00 Europe/Berlin', '2026-10-25T00:30:00Z', true],
    ['the hour that comes twice, the second time', '02:00-03:00 Europe/Berlin', '2026-10-25T01:30:00Z', true],
  ])('knows %s', (_, window, at, expected) => {
    expect(open(window, at)).toBe(expected);
  });
});

describe('nextOpening', () => {
  it.each([
    ['later today', '12:30-13:00 UTC', '2026-11-22T08:15:40Z', '2026-11-22T12:30'],
    ['tomorrow', '02:00-05:00 UTC', '2026-11-22T08:15:00Z', '2026-11-23T02:00'],
    ['on its next day', 'Wed 02:00-05:00 UTC', '2026-11-22T08:15:00Z', '2026-11-25T02:00'],
    ['in a week', 'Sun 02:00-05:00 UTC', '2026-11-22T08:15:00Z', '2026-11-29T02:00'],
    ['over midnight', 'Sat 22:00-04:00 UTC', '2026-11-22T08:15:00Z', '2026-11-28T22:00'],
    ['in its zone', '02:00-05:00 Europe/Berlin', '2026-11-22T08:15:00Z', '2026-11-23T01:00'],
    ['after the clocks went back', '04:00-05:00 Europe/Berlin', '2026-10-24T08:15:00Z', '2026-10-25T03:00'],
    ['after the clocks went forward', '04:00-05:00 Europe/Berlin', '2026-03-28T08:15:00Z', '2026-03-29T02:00'],
    ['where its beginning is skipped', '02:00-05:00 Europe/Berlin', '2026-03-28T08:15:00Z', '2026-03-29T01:00'],
    ['where all of it is skipped that day', '02:10-02:50 Europe/Berlin', '2026-03-28T08:15:00Z', '2026-03-30T00:10'],
    [
      'a week later where all of its only day is skipped',
      'Sun 02:10-02:50 Europe/Berlin',
      '2026-03-23T08:15:00Z',
      '2026-04-05T00:10',
    ],
    ['where it comes twice', '02:00-03:00 Europe/Berlin', '2026-10-24T08:15:00Z', '2026-10-25T00:00'],
  ])('finds one %s', (_, window, at, expected) => {
    expect(next(window, at)).toBe(expected);
  });
});
