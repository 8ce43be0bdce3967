import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecast } from '../../../lambda/forecast/forecast.ts';
import type { HostSample } from '../../../lambda/memory/packed-past.ts';
import { EMPTY, historyOf, lastGoodOf, type Snapshot, withSamples } from '../../../lambda/memory/snapshot.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../lambda/memory/snapshot-codec.ts';

const NOW = new Date('2026-11-22T08:00:00Z');
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const sample = (minutes: number, memory = 0.5, disk: number | null = 0.4): HostSample => ({
  at: later(minutes),
  memory,
  disk,
});
const HOUR = 3_600_000;
const ID = 'i-00000000000000001';

/** One host's samples, five minutes apart, each check through the file's bytes. */
function lived(shares: readonly number[], every = 5): { snapshot: Snapshot; now: Date } {
  let snapshot = EMPTY;
  let now = NOW;
  for (const [n, share] of shares.entries()) {
    now = later(n * every);
    snapshot = withSamples(snapshot, new Map([[ID, { at: now, memory: share, disk: share }]]), now);
    snapshot = decodeSnapshot(encodeSnapshot(snapshot, now), now) ?? EMPTY;
  }
  return { snapshot, now };
}

describe('a snapshot that is not one', () => {
  const good = encodeSnapshot(withSamples(EMPTY, new Map([[ID, sample(0)]]), NOW), NOW);
  const text = new TextDecoder('latin1').decode(good);
  const bytes = (from: string) => Uint8Array.from(from, (character) => character.charCodeAt(0));
  it.each([
    ['cut short', good.subarray(0, -1)],
    ['with more behind it', bytes(`${text}x`)],
    ['of another version', bytes(text.replace('snapshot 1', 'snapshot 2'))],
    ['from the future', encodeSnapshot(EMPTY, later(10))],
    ['no JSON', bytes('x\n')],
    ['no line', bytes('{')],
    ['a count that can not be', bytes(text.replace(',1,0]', ',-1,0]'))],
  ])('is not read: %s', (_, spoilt) => {
    expect(decodeSnapshot(spoilt, NOW)).toBeNull();
  });

  it('is empty where there is nothing', () => {
    expect(decodeSnapshot(new Uint8Array(), NOW)).toEqual(EMPTY);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (some) => {
        decodeSnapshot(some, NOW);
      }),
    );
    fc.assert(
      fc.property(fc.json(), (some) => {
        expect(decodeSnapshot(bytes(`${some}\n`), NOW)).toBeNull();
      }),
    );
  });
});

describe('a snapshot', () => {
  it('comes back as it was, to a hundredth of a percent and a minute', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(share, fc.option(share)), { minLength: 1, maxLength: 100 }), (shares) => {
        const samples = new Map(shares.map(([memory, disk], n) => [`i-${n}`, sample(0, memory, disk)]));
        const snapshot = withSamples(EMPTY, samples, NOW);
        const read = decodeSnapshot(encodeSnapshot(snapshot, NOW), NOW)!;
        expect([...read.hosts.keys()]).toEqual([...snapshot.hosts.keys()]);
        for (const [id, { recent }] of read.hosts) {
          const [was, is] = [samples.get(id)!, recent[0]!];
          expect(is.at).toEqual(was.at);
          expect(Math.abs(is.memory - was.memory)).toBeLessThan(0.0001);
          expect(is.disk === null).toBe(was.disk === null);
        }
      }),
    );
  });

  it('keeps three to four hours by the sample, and before that the worst of each hour', () => {
    const { snapshot, now } = lived(Array.from({ length: 120 }, (_, n) => (n === 5 ? 0.01 : 0.5)));
    const past = snapshot.hosts.get(ID)!;
    expect(past.recent[0]!.at).toEqual(new Date('2026-11-22T14:00:00Z'));
    expect(now).toEqual(new Date('2026-11-22T17:55:00Z'));
    expect(past.hourly.map(({ at, memory }) => [at.getUTCHours(), memory])).toEqual([
      [8, 0.01],
      [9, 0.5],
      [10, 0.5],
      [11, 0.5],
      [12, 0.5],
      [13, 0.5],
    ]);
  });

  it('looks a week back on memory and two on disks, and forgets a host of which nothing is left', () => {
    const { snapshot, now } = lived(
      Array.from({ length: 15 * 24 }, () => 0.5),
      60,
    );
    const history = historyOf(snapshot, ID, now)!;
    const days = ([first]: readonly { readonly at: Date }[]) =>
      Math.round((now.getTime() - first!.at.getTime()) / 86_400_000);
    expect([days(history.memory), days(history.disk)]).toEqual([7, 14]);
    const inTwoWeeks = new Date(now.getTime() + 15 * 86_400_000);
    expect(withSamples(snapshot, new Map(), inTwoWeeks).hosts.size).toBe(0);
  });

  it('puts a sample from before its last one into its place, and of two in one minute has the first', () => {
    const snapshot = [sample(5), sample(0, 0.1), sample(5, 0.2)].reduce(
      (known, one) => withSamples(known, new Map([[ID, one]]), later(5)),
      EMPTY,
    );
    expect(snapshot.hosts.get(ID)!.recent).toEqual([sample(0, 0.1), sample(5)]);
  });

  it('tells the last good figures for six hours', () => {
    const { snapshot } = lived([0.5, 0.03]);
    expect(lastGoodOf(snapshot, ID, later(6 * 60))).toEqual({ at: later(5), memory: 0.03, disk: 0.03 });
    expect(lastGoodOf(snapshot, ID, later(6 * 60 + 6))).toBeNull();
    expect(lastGoodOf(snapshot, 'i-2', NOW)).toBeNull();
    const silent = withSamples(snapshot, new Map([['i-2', sample(300)]]), later(300));
    expect(lastGoodOf(silent, ID, later(300))).toEqual({ at: NOW, memory: 0.03, disk: 0.03 });
  });

  it('gives the same forecasts as the samples themselves', () => {
    const leak = fc.record({
      from: fc.double({ min: 0.2, max: 0.9, noNaN: true }),
      perHour: fc.double({ min: 0.01, max: 0.3, noNaN: true }),
      rest: fc.integer({ min: 0, max: 100 }),
    });
    let spoken = 0;
    fc.assert(
      fc.property(leak, ({ from, perHour, rest }) => {
        const shares = Array.from({ length: rest + 40 }, (_, n) =>
          Math.max(0.02, from - (Math.max(0, n - rest) / 12) * perHour),
        );
        const { snapshot, now } = lived(shares.slice(0, -1));
        const at = new Date(now.getTime() + 5 * 60_000);
        const present = { at, available: shares.at(-1)! };
        const options = { speaking: false, everyMinutes: 5 };
        const history = historyOf(snapshot, ID, now)!;
        const direct = shares.slice(0, -1).map((available, n) => ({ at: later(n * 5), available }));
        const boundary = Math.floor((now.getTime() - 3 * HOUR) / HOUR) * HOUR;
        const hours = new Map<number, number>();
        for (const { at: time, available } of direct.filter(({ at: time }) => time.getTime() < boundary)) {
          const hour = Math.floor(time.getTime() / HOUR) * HOUR;
          hours.set(hour, Math.min(hours.get(hour) ?? 1, available));
        }
        const same = [
          ...[...hours].map(([hour, available]) => ({ at: new Date(hour), available })),
          ...direct.filter(({ at: time }) => time.getTime() >= boundary),
        ];
        const [one, other] = [
          forecast('memory', history.memory, present, options),
          forecast('memory', same, present, options),
        ];
        expect(one === null).toBe(other === null);
        if (one !== null) spoken += 1;
      }),
      // A run writes and reads a snapshot up to 140 times.
      { numRuns: 100 },
    );
    expect(spoken).toBeGreaterThan(5);
  });

  it('of 10,000 hosts over two weeks is a file of some megabytes', () => {
    const random = fc.sample(fc.double({ min: 0, max: 1, noNaN: true }), { numRuns: 500, seed: 1 });
    const past = {
      recent: Array.from({ length: 48 }, (_, n) => sample(n * 5 - 240, random[n], random[n + 100])),
      hourly: Array.from({ length: 332 }, (_, n) => sample((n - 336) * 60, random[n], random[n])),
    };
    const snapshot = {
      hosts: new Map(Array.from({ length: 1_000 }, (_, n) => [`i-${String(n).padStart(17, '0')}`, past])),
    };
    const bytes = encodeSnapshot(snapshot, NOW);
    expect(bytes.length / 1_000).toBeLessThan(2_400);
    expect(gzipSync(bytes).length).toBeLessThan(bytes.length);
  });
});
