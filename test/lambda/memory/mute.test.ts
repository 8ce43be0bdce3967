import { describe, expect, it } from 'vitest';
import { endedMuted, isMuted, muteEnd, muteWords, nextMute } from '../../../lambda/memory/mute.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { instance } from '../../support/fleet.ts';

const muted = (value: string) => instance({ tags: { [TAG.mute]: value } });
const window = (text: string) => muted(`window=${text}`);
const iso = (at: Date | null) => at?.toISOString().slice(0, 16) ?? null;

// 2026-11-21 is a Saturday. Berlin is an hour ahead of UTC in winter, two in summer (29 March to 25 October 2026).
describe('an instance that is muted in a window', () => {
  it.each([
    ['before it', 'Sat 02:00-06:00 Europe/Berlin', '2026-11-21T00:59:59Z', null, '2026-11-21T01:00'],
    ['at its beginning', 'Sat 02:00-06:00 Europe/Berlin', '2026-11-21T01:00:00Z', '2026-11-21T05:00', null],
    ['in its last second', 'Sat 02:00-06:00 Europe/Berlin', '2026-11-21T04:59:59Z', '2026-11-21T05:00', null],
    ['at its end', 'Sat 02:00-06:00 Europe/Berlin', '2026-11-21T05:00:00Z', null, '2026-11-28T01:00'],
    ['over midnight', 'Fri 22:00-04:00 UTC', '2026-11-21T01:00:00Z', '2026-11-21T04:00', null],
    [
      'on a day that follows another of it',
      'Sat-Sun 00:00-24:00 UTC',
      '2026-11-21T12:00:00Z',
      '2026-11-23T00:00',
      null,
    ],
    ['in two that touch', 'Sat 02:00-06:00 UTC,Sat 06:00-07:30 UTC', '2026-11-21T03:00:00Z', '2026-11-21T07:30', null],
    ['between two', 'Sat 02:00-04:00 UTC,Sat 06:00-07:00 UTC', '2026-11-21T05:00:00Z', null, '2026-11-21T06:00'],
    [
      'where the clocks skip its last hour',
      '01:00-03:00 Europe/Berlin',
      '2026-03-29T00:30:00Z',
      '2026-03-29T01:00',
      null,
    ],
    [
      'where the clocks skip an hour of it',
      '01:00-05:00 Europe/Berlin',
      '2026-03-29T00:30:00Z',
      '2026-03-29T03:00',
      null,
    ],
    ['where its last hour comes twice', '01:00-03:00 Europe/Berlin', '2026-10-24T23:30:00Z', '2026-10-25T02:00', null],
    ['where an hour of it comes twice', '01:00-05:00 Europe/Berlin', '2026-10-24T23:30:00Z', '2026-10-25T04:00', null],
    ['where all of it is skipped', '02:10-02:50 Europe/Berlin', '2026-03-29T01:00:00Z', null, '2026-03-30T00:10'],
    [
      'in the other hemisphere, where an hour comes twice',
      '02:00-04:00 Australia/Sydney',
      '2026-04-04T15:30:00Z',
      '2026-04-04T18:00',
      null,
    ],
    [
      'where clocks change by half an hour',
      '01:00-03:00 Australia/Lord_Howe',
      '2026-04-04T14:30:00Z',
      '2026-04-04T16:30',
      null,
    ],
  ])('%s', (_, text, at, end, next) => {
    const one = window(text);
    const now = new Date(at);
    expect({ muted: isMuted(one, now), end: iso(muteEnd(one, now)), next: iso(nextMute(one, now)) }).toEqual({
      muted: end !== null,
      end,
      next,
    });
  });

  it('has no end where its windows leave no gap', () => {
    const one = window('00:00-24:00 UTC;why=retired');
    expect(muteEnd(one, new Date('2026-11-21T03:00:00Z'))).toBe(null);
    expect(muteWords(one, new Date('2026-11-21T03:00:00Z'))).toBe(
      'muted in the window 00:00-24:00 UTC, which never closes',
    );
  });

  it('agrees with itself in every minute of the nights in which clocks change', () => {
    const one = window('Sat 23:30-02:30 Europe/Berlin,Sun 03:15-03:45 Europe/Berlin');
    for (const night of ['2026-03-28T20:00:00Z', '2026-10-24T20:00:00Z']) {
      const start = new Date(night).getTime();
      const minutes = Array.from({ length: 600 }, (__, n) => new Date(start + n * 60_000));
      for (const at of minutes.filter((minute) => isMuted(one, minute))) {
        const end = muteEnd(one, at);
        const closed = minutes.find((minute) => minute > at && !isMuted(one, minute));
        expect(iso(end)).toBe(iso(closed ?? null));
      }
    }
  });
});

describe('what is said of a mute', () => {
  const NOW = new Date('2026-11-21T03:00:00Z');

  it.each([
    ['until=2026-11-21T04:00:00Z', 'muted until 04:00 UTC'],
    ['until=2026-11-22T04:00:00Z;why=disk', 'muted until 2026-11-22 04:00 UTC'],
    ['window=Sun 01:00-02:00 UTC,Sat 02:00-06:00 UTC', 'muted in the window Sat 02:00-06:00 UTC, until 06:00 UTC'],
    ['until=2026-11-21T03:00:00Z', null],
    ['window=Sun 01:00-02:00 UTC', null],
    ['tomorrow', null],
  ])('%s: %s', (value, words) => {
    expect(muteWords(muted(value), NOW)).toBe(words);
    expect(isMuted(muted(value), NOW)).toBe(words !== null);
  });
});

describe('an incident that has ended', () => {
  const over = (mailed: 'c' | null, since: string | null, isOver = true) => ({
    isOver,
    after: { since: since === null ? null : new Date(since), incident: { mailed } as never },
  });
  const ONE = window('Sat 02:00-06:00 UTC');

  it.each([
    ['inside', over('c', '2026-11-21T05:30:00Z'), '2026-11-21T05:40:00Z', true],
    ['inside, confirmed after it', over(null, '2026-11-21T05:58:00Z'), '2026-11-21T06:03:00Z', true],
    ['inside, though it was mailed before', over('c', '2026-11-21T05:58:00Z'), '2026-11-21T06:03:00Z', false],
    ['after it', over(null, '2026-11-21T06:03:00Z'), '2026-11-21T06:08:00Z', false],
    ['not yet', over(null, '2026-11-21T05:30:00Z', false), '2026-11-21T05:40:00Z', false],
    ['nobody knows when', over(null, null), '2026-11-21T06:03:00Z', false],
  ])('%s', (_, transition, at, silent) => {
    expect(endedMuted(ONE, transition, new Date(at))).toBe(silent);
  });
});
