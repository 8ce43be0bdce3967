import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeState, decodeWhole, encodeState, StateReader } from '../../../lambda/memory/schema.ts';
import {
  EMPTY_STATE,
  type FleetState,
  type InstanceState,
  type Letter,
  NOTHING_REMEMBERED,
  REASON_CLASS,
  type ReasonCode,
} from '../../../lambda/model/index.ts';
import { HOST_KEY } from '../../support/fleet.ts';

const date = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });
const codes = fc.uniqueArray(fc.constantFrom(...(Object.keys(REASON_CLASS) as ReasonCode[])), { maxLength: 8 });
const letters = fc
  .array(fc.constantFrom<Letter>('.', 'w', 'c', 'h', 'k', 'u', '-'), { maxLength: 24 })
  .map((all) => all.join(''));
const incidentClass = fc.constantFrom(null, 'w', 'c', 'h', 'k', 'u');
const sentences = fc.array(fc.constantFrom('it answers', "EC2's own status check (impaired)"), { maxLength: 3 });
const instance: fc.Arbitrary<InstanceState> = fc.record({
  letters,
  fresh: fc.integer({ min: 0, max: 24 }),
  incident: fc.option(
    fc.record(
      {
        openedAt: date,
        due: incidentClass,
        mailed: incidentClass,
        mailedAt: fc.option(date),
        codes,
        heldMailed: fc.boolean(),
        flagMailed: fc.boolean(),
        vainMailed: fc.boolean(),
        // Absent in what earlier versions wrote.
        ack: fc.record({
          by: fc.string({ maxLength: 64 }),
          at: date,
          why: fc.option(fc.string({ maxLength: 200 })),
          class: fc.constantFrom('w', 'c', 'h', 'k', 'u'),
          codes,
        }),
      },
      {
        requiredKeys: [
          ...(['openedAt', 'due', 'mailed', 'mailedAt', 'codes'] as const),
          ...(['heldMailed', 'flagMailed', 'vainMailed'] as const),
        ],
      },
    ),
  ),
  ends: fc.array(date, { maxLength: 5 }),
  mails: fc.array(date, { maxLength: 12 }),
  status: fc.constantFrom(null, 'OK', 'WARNING', 'CRITICAL', 'UNKNOWN'),
  reasons: codes,
  since: fc.option(date),
  failures: fc.nat(),
  failingSince: fc.option(date),
  flag: fc.option(fc.record({ reason: fc.constantFrom<ReasonCode>('BannerTimeout', 'ConnectionReset'), at: date })),
  acted: fc.option(fc.record({ what: fc.constantFrom('reboot', 'booted', 'restart-worker'), at: date })),
  pin: fc.constantFrom(null, HOST_KEY),
  renewed: fc.boolean(),
  seen: fc.option(
    fc.record(
      {
        boot: fc.constantFrom('1a2b3c4d', 'ffffffff'),
        oomKills: fc.option(fc.nat()),
        writable: fc.constantFrom([], ['a7x2', 'zz9q1b']),
        waited: fc.record({ upSeconds: fc.nat(), fullMicros: fc.nat() }),
      },
      { requiredKeys: ['boot', 'oomKills'] },
    ),
  ),
  events: fc.constantFrom<ReasonCode[]>([], ['OomKill']),
  bootedAt: fc.option(date),
  decisions: fc.array(
    fc.record({
      at: date,
      flag: fc.boolean(),
      why: fc.constantFrom('flagged', ''),
      for: sentences,
      against: sentences,
    }),
    { maxLength: 6 },
  ),
});
const state: fc.Arbitrary<FleetState> = fc.record({
  at: fc.option(date),
  instances: fc
    .array(fc.tuple(fc.constantFrom('i-1', 'i-2', 'web1', 'a b'), instance), { maxLength: 4 })
    .map((all) => new Map(all)),
  breaker: fc.record({ suppressed: fc.boolean(), mailed: fc.boolean() }),
  mailing: fc.option(fc.record({ since: date, at: date })),
});
const AT = new Date('2026-11-22T08:05:00Z');
const ONE: FleetState = { ...EMPTY_STATE, at: AT, instances: new Map([['i-1', NOTHING_REMEMBERED]]) };
/** A field that is added to InstanceState, or to what it holds, has to be added here. */
const WHOLE: Required<{ readonly [K in keyof InstanceState]: Required<NonNullable<InstanceState[K]>> }> = {
  ...{ letters: '.hh', fresh: 2, ends: [AT], mails: [AT], status: 'CRITICAL', reasons: ['BannerTimeout'], since: AT },
  ...{ failures: 2, failingSince: AT, flag: { reason: 'BannerTimeout', at: AT, evidence: 'direct' } },
  ...{
    acted: { what: 'reboot', at: AT },
    pin: HOST_KEY,
    renewed: true,
    bootedAt: AT,
    freed: [AT],
    events: ['OomKill'],
  },
  incident: {
    ...{ openedAt: AT, due: 'h', mailed: 'h', mailedAt: AT, codes: ['BannerTimeout'] },
    ...{ heldMailed: true, flagMailed: true, vainMailed: true },
    ack: { by: 'me', at: AT, why: 'known', class: 'h', codes: ['BannerTimeout'] },
  },
  seen: {
    ...{ boot: '1a2b3c4d', oomKills: 1, writable: ['a7x2'] },
    ...{ waited: { upSeconds: 1, fullMicros: 2 }, swap: { upSeconds: 3, freeBytes: 4 } },
  },
  decisions: [{ at: AT, flag: true, why: 'flagged', for: ['it hangs'], against: ['it answers'] }],
};
const written = (change: (file: Record<string, unknown>) => void): string => {
  const file = JSON.parse(encodeState(ONE));
  change(file);
  return JSON.stringify(file);
};

describe('the file of the state', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(state, (one) => {
        expect(decodeState(encodeState(one))).toEqual({ kind: 'state', state: one, unread: [] });
      }),
    );
  });

  it('keeps each field of an instance that has them all', () => {
    const one: FleetState = { ...ONE, instances: new Map([['i-1', WHOLE]]) };
    expect(decodeState(encodeState(one))).toEqual({ kind: 'state', state: one, unread: [] });
  });

  it('is the same in whatever pieces it comes', () => {
    fc.assert(
      fc.property(state, fc.integer({ min: 1, max: 400 }), fc.boolean(), (one, size, isIndented) => {
        const text = isIndented ? JSON.stringify(JSON.parse(encodeState(one)), null, 1) : encodeState(one);
        const bytes = Buffer.from(text);
        const reader = new StateReader();
        for (let at = 0; at < bytes.length; at += size) {
          // In the same place each time, as the next piece may be.
          const piece = Uint8Array.from(bytes.subarray(at, at + size));
          reader.read(piece);
          piece.fill(0);
        }
        expect(reader.end() ?? decodeWhole(bytes)).toEqual(decodeState(text));
        expect(reader.isWhole).toBe(isIndented);
      }),
    );
  });

  it('has a line for each instance, and is the same in any other layout of its JSON', () => {
    fc.assert(
      fc.property(state, fc.constantFrom(undefined, 1), (one, indent) => {
        const text = encodeState(one);
        expect(text.split('\n')).toHaveLength(2 + one.instances.size);
        expect(decodeState(JSON.stringify(JSON.parse(text), null, indent))).toEqual(decodeState(text));
      }),
    );
  });

  it('is read line by line as its JSON says, and not at all where it is none', () => {
    const known = NOTHING_REMEMBERED;
    const text = encodeState({ ...ONE, instances: new Map(['a', 'b', 'c'].map((id) => [id, known])) });
    const spoilt = fc.oneof(
      fc
        .tuple(
          fc.nat(text.length - 1),
          fc.nat(3),
          fc.constantFrom('', '\n', ',', '}', '{', '"', ' ', '"d":1', ',"e":2,', '0'),
        )
        .map(([at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut)),
      fc.shuffledSubarray(text.split('\n')).map((lines) => lines.join('\n')),
    );
    fc.assert(
      fc.property(spoilt, (any) => {
        let json: string | null = null;
        try {
          json = JSON.stringify(JSON.parse(any));
        } catch {
          // None.
        }
        expect(decodeState(any)).toEqual(json === null ? { kind: 'foreign' } : decodeState(json));
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"format":"crawlwatch state","version":1'],
    ['a list', '[]'],
    ['null', 'null'],
    ["somebody else's JSON", '{"version":1,"instances":{}}'],
    ['another format', written((file) => Object.assign(file, { format: 'terraform' }))],
    ['an older version than the first', written((file) => Object.assign(file, { version: 0 }))],
    ['without its breaker', written((file) => delete file.breaker)],
    ['of a time that is none', written((file) => Object.assign(file, { at: 'yesterday' }))],
    ['of instances in a list', written((file) => Object.assign(file, { instances: [] }))],
  ])('that is %s is foreign', (_, text) => {
    expect(decodeState(text)).toEqual({ kind: 'foreign' });
  });

  it('of a newer version is not taken for damaged, whatever else it holds', () => {
    expect(decodeState('{"format":"crawlwatch state","version":2,"hosts":[]}')).toEqual({ kind: 'newer', version: 2 });
  });

  it('may hold keys that this version does not know', () => {
    expect(decodeState(written((file) => Object.assign(file, { more: true })))).toMatchObject({ kind: 'state' });
  });

  it.each<[string, object]>([
    ['a letter that is none', { letters: 'x' }],
    ['more letters than are kept', { letters: '.'.repeat(25) }],
    ['a reason that is none', { reasons: ['<b>'] }],
    ['a status that is none', { status: 'FINE' }],
    ['a pin that is none', { pin: 'MD5:00:11' }],
    ['failures below zero', { failures: -1 }],
    ['a flag without a time', { flag: { reason: 'BannerTimeout' } }],
    ['a time that is none', { since: '2026-13-45T00:00:00Z' }],
    ['more mails than a day can have', { mails: Array(500).fill(AT.toISOString()) }],
    ['more mounts than are kept', { seen: { boot: 'ffffffff', oomKills: 0, writable: Array(65).fill('a') } }],
    ['a mount in full', { seen: { boot: 'ffffffff', oomKills: 0, writable: ['/var/lib/data'] } }],
    ['waits below zero', { seen: { boot: 'ffffffff', oomKills: 0, waited: { upSeconds: 1, fullMicros: -1 } } }],
    ['an act of any length', { acted: { what: 'x'.repeat(100), at: AT.toISOString() } }],
  ])('with an instance of %s loses that one alone, and names it', (_, damage) => {
    const text = written((file) => {
      const good = (file.instances as Record<string, object>)['i-1'];
      file.instances = { 'i-1': good, 'i-2': { ...good, ...damage } };
    });
    expect(decodeState(text)).toEqual({ kind: 'state', state: ONE, unread: ['i-2'] });
  });

  it('with a name of any length loses that one alone', () => {
    const text = written((file) => {
      const good = (file.instances as Record<string, object>)['i-1'];
      file.instances = { 'i-1': good, ['i'.repeat(1000)]: good };
    });
    expect(decodeState(text)).toEqual({ kind: 'state', state: ONE, unread: ['i'.repeat(300)] });
  });

  it('of a version that kept no decisions yet has none', () => {
    const text = written((file) => {
      const { decisions: _, ...older } = (file.instances as Record<string, Record<string, unknown>>)['i-1'] ?? {};
      file.instances = { 'i-1': older };
    });
    expect(decodeState(text)).toEqual({ kind: 'state', state: ONE, unread: [] });
  });

  it('is never the reason of an exception, whatever it holds', () => {
    const text = encodeState(ONE);
    const cut = fc.nat(text.length).map((end) => text.slice(0, end));
    const spoilt = fc
      .tuple(fc.nat(text.length - 1), fc.string({ maxLength: 3 }))
      .map(([at, put]) => text.slice(0, at) + put + text.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(cut, spoilt, fc.json(), fc.string({ unit: 'binary' })), (any) => {
        expect(() => decodeState(any)).not.toThrow();
      }),
    );
  });

  it('is bounded: more instances than a stack can watch are not read', () => {
    const one = JSON.parse(encodeState(ONE)).instances['i-1'];
    const instances = Object.fromEntries(Array.from({ length: 200_001 }, (_, n) => [`i-${n}`, null]));
    const read = decodeState(written((file) => Object.assign(file, { instances: { ...instances, 'i-last': one } })));
    expect(read).toMatchObject({ kind: 'state', state: { instances: new Map() } });
  });
});
