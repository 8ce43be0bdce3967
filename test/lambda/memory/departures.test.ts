import { describe, expect, it } from 'vitest';
import { departuresOf } from '../../../lambda/memory/departures.ts';
import type { Instance, InstanceState } from '../../../lambda/model/index.ts';
import { NOTHING_REMEMBERED, TAG } from '../../../lambda/model/index.ts';
import { hungFor, instance, minutesAgo, NOW } from '../../support/fleet.ts';
import { rememberedBy } from '../../support/remembered.ts';

const ID = 'i-00000000000000001';
const FLAGGED = rememberedBy({ ...hungFor(3), [TAG.flag]: `BannerTimeout@${minutesAgo(5)}` });
const UNMAILED: InstanceState = { ...FLAGGED, flag: null, incident: { ...FLAGGED.incident!, mailed: null } };
const stopped = (tags = {}) => instance({ state: 'stopped', tags });
const departing = (state: InstanceState, found: readonly Instance[], isWhole = true) =>
  departuresOf(new Map([[ID, state]]), found, isWhole, NOW);

describe('an instance that is stopped', () => {
  it('loses flag, count and incident, and keeps key, boot and letters', () => {
    const { departures, kept } = departing(FLAGGED, [stopped()]);
    expect(departures).toEqual([
      {
        id: ID,
        name: ID,
        what: 'is stopped, not running',
        codes: ['BannerTimeout'],
        wasFlagged: true,
        openedAt: FLAGGED.incident?.openedAt,
        isNews: true,
      },
    ]);
    const { pin, seen, letters } = FLAGGED;
    expect(kept.get(ID)).toEqual({ ...NOTHING_REMEMBERED, pin, seen, letters });
  });

  it.each<[string, InstanceState, Record<string, string>]>([
    ['of which no mail spoke', UNMAILED, {}],
    ['that is muted', FLAGGED, { [TAG.mute]: 'until=2026-11-23T06:00:00Z' }],
  ])('and %s is no news', (_, state, tags) => {
    expect(departing(state, [stopped(tags)]).departures.map(({ isNews }) => isNews)).toEqual([false]);
  });

  it('ends no incident of which no mail spoke, and so no event', () => {
    const flagOnly = { ...UNMAILED, flag: FLAGGED.flag };
    expect(departing(flagOnly, [stopped()]).departures).toMatchObject([{ isNews: true, openedAt: null }]);
  });

  it('whose mute is over is news', () => {
    const { departures } = departing(FLAGGED, [stopped({ [TAG.mute]: 'until=2026-11-22T06:00:00Z' })]);
    expect(departures).toMatchObject([{ isNews: true }]);
  });

  it('that was well departs without a word', () => {
    expect(departing(rememberedBy(hungFor(0)), [stopped()]).departures).toEqual([]);
  });

  it('for the sixth time a day keeps its incident, so that no mail says that it is back', () => {
    const mails = Array.from({ length: 6 }, (_, n) => new Date(NOW.getTime() - n * 3_600_000));
    const { departures, kept } = departing({ ...FLAGGED, mails }, [stopped()]);
    expect(departures).toEqual([]);
    expect(kept.get(ID)).toMatchObject({ incident: FLAGGED.incident, flag: null, failures: 0 });
  });

  it('says no word of what another stack took over either, but that it did', () => {
    const taken = instance({ tags: { [TAG.stack]: 'Other' } });
    expect(departing(FLAGGED, [taken]).departures).toMatchObject([{ what: 'is watched by the stack Other' }]);
  });
});

describe('an instance that is not listed', () => {
  it('is forgotten after 24 checks, with a mail where one spoke of its trouble', () => {
    let state = FLAGGED;
    for (let check = 1; check < 24; check++) {
      const { departures, kept } = departing(state, []);
      expect(departures).toEqual([]);
      state = kept.get(ID) ?? NOTHING_REMEMBERED;
      expect(state).toMatchObject({ flag: FLAGGED.flag, incident: FLAGGED.incident });
    }
    const { departures, kept } = departing(state, []);
    expect(departures).toMatchObject([{ id: ID, what: 'is no longer listed', wasFlagged: true, isNews: true }]);
    expect(kept.size).toBe(0);
  });

  it('is as it was while a part of the fleet can not be read, however long', () => {
    let state = FLAGGED;
    for (let check = 0; check < 50; check++) state = departing(state, [], false).kept.get(ID) ?? NOTHING_REMEMBERED;
    expect(state).toEqual(FLAGGED);
  });

  it('leaves those that are checked to their check', () => {
    expect(departing(FLAGGED, [instance()])).toEqual({ departures: [], kept: new Map() });
  });
});
