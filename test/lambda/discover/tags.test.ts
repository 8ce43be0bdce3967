import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readState, writeState } from '../../../lambda/discover/tags.ts';
import { type InstanceState, kindOf, REASON_CLASS, type ReasonCode, TAG } from '../../../lambda/model/index.ts';
import { HOST_KEY } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';

const codes = Object.keys(REASON_CLASS) as ReasonCode[];
const date = fc
  .date({ min: new Date('2000-01-01T00:00:00Z'), max: new Date('2099-12-31T00:00:00Z'), noInvalidDate: true })
  .map((at) => new Date(Math.floor(at.getTime() / 1000) * 1000));
const kinds = ['measured', 'hung', 'inconclusive'] as const;
const of = (kind: (typeof kinds)[number]) => codes.filter((code) => kindOf(code) === kind);
/** A status is about one kind of reason; what is kept from before is of the others. */
const standing = fc.constantFrom(...kinds).chain((kind) =>
  fc.record({
    reasons: fc.uniqueArray(fc.constantFrom(...of(kind)), { minLength: 1, maxLength: 4 }),
    kept: fc.uniqueArray(fc.constantFrom(...kinds.filter((other) => other !== kind).flatMap(of)), { maxLength: 3 }),
  }),
);
const state: fc.Arbitrary<InstanceState> = fc
  .record({
    status: fc.constantFrom('OK', 'WARNING', 'CRITICAL', 'UNKNOWN'),
    standing: fc.oneof(standing, fc.constant({ reasons: [], kept: [] })),
    events: fc.subarray<ReasonCode>(['OomKill']),
    told: fc.integer({ min: 0, max: 99 }),
    stood: fc.integer({ min: 1, max: 10 }).map((n) => Math.min(n, 9)),
    since: date,
    failures: fc.integer({ min: 0, max: 100 }),
    flag: fc.option(fc.record({ reason: fc.constantFrom(...codes), at: date })),
    hostKey: fc.constantFrom(null, HOST_KEY),
    seen: fc.option(
      fc.record({
        boot: fc.constantFrom('1a2b3c4d', 'ffffffff'),
        oomKills: fc.option(fc.integer({ min: 0, max: 1e9 })),
      }),
    ),
    acted: fc.option(fc.record({ what: fc.constantFrom('reboot', 'booted'), at: date })),
  })
  .map(({ standing: { reasons, kept }, ...rest }) => ({ ...rest, reasons, kept }));

describe('the remembered state', () => {
  it.each([
    [TAG.status, 'BROKEN'],
    [TAG.status, ''],
    [NOTE.since, 'yesterday'],
    [NOTE.since, '2026-13-45T00:00:00Z'],
    [NOTE.failures, '-1'],
    [NOTE.failures, '3 of them'],
    [TAG.flag, 'BannerTimeout'],
    [TAG.flag, 'Nonsense@2026-11-22T08:05:00Z'],
    [TAG.hostKey, 'MD5:00:11'],
    [NOTE.seen, '<script>/1'],
  ])('takes %s = %s for absent and names it', (key, value) => {
    const { state: read, unreadable } = readState({ [key]: value });
    expect(unreadable).toEqual([key]);
    expect(read).toEqual(readState({}).state);
  });

  it('comes back from the tags as it was written', () => {
    fc.assert(
      fc.property(state, (before) => {
        const tags = Object.entries(writeState(before)).filter((pair): pair is [string, string] => pair[1] !== null);
        expect(tags.every(([, value]) => value.length <= 256)).toBe(true);
        expect(readState(Object.fromEntries(tags))).toEqual({ state: before, unreadable: [] });
      }),
    );
  });

  it('writes a first sight without milliseconds, and what was told in them', () => {
    const { state: empty } = readState({});
    const since = new Date('2026-11-22T08:05:00Z');
    const first = { ...empty, status: 'WARNING', since, reasons: ['DiskLow'] } as const;
    expect(writeState(first)).toMatchObject({
      [TAG.status]: 'WARNING:DiskLow',
      [NOTE.since]: '2026-11-22T08:05:00Z',
      [NOTE.failures]: null,
    });
    expect(writeState({ ...first, told: 1 })[NOTE.since]).toBe('2026-11-22T08:05:00.001Z');
    expect(writeState({ ...first, stood: 3, told: 2 })[NOTE.since]).toBe('2026-11-22T08:05:00.202Z');
  });

  it('tells what stands from what was mailed before and from what only happened', () => {
    const { state: read } = readState({ [TAG.status]: 'CRITICAL:BannerTimeout,MemoryLow,OomKill' });
    expect(read).toMatchObject({ reasons: ['BannerTimeout'], kept: ['MemoryLow'], events: ['OomKill'] });
    expect(readState({ [TAG.status]: 'OK:OomKill' }).state).toMatchObject({ status: 'OK', reasons: [], kept: [] });
  });

  it('keeps whole codes only where they would not fit in a tag', () => {
    const { state: empty } = readState({});
    const value = writeState({ ...empty, status: 'CRITICAL', reasons: codes })[TAG.status] ?? '';
    expect(value.length).toBeLessThanOrEqual(256);
    expect(
      value
        .split(':')[1]
        ?.split(',')
        .every((code) => code in REASON_CLASS),
    ).toBe(true);
  });
});
