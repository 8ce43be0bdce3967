import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecast } from '../../../../lambda/forecast/forecast.ts';
import { decodeSamples, encodeSamples, SamplesReader } from '../../../../lambda/memory/samples/codec.ts';
import { copyOfPast, type HostSample } from '../../../../lambda/memory/samples/packed-past.ts';
import {
  EMPTY,
  historyOf,
  lastGoodOf,
  pastOf,
  type Samples,
  withSamples,
} from '../../../../lambda/memory/samples/samples.ts';
import { noisyFleet } from '../../../support/noisy-fleet.ts';

const NOW = new Date('2026-11-22T08:00:00Z');
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const sample = (minutes: number, memory: number | null = 0.5, disk: number | null = 0.4): HostSample => ({
  at: later(minutes),
  memory,
  disk,
});
const HOUR = 3_600_000;
const ID = 'i-00000000000000001';

/** @throws where the bytes are no samples */
function decoded(bytes: Uint8Array, now: Date): Samples {
  const file = decodeSamples(bytes, now);
  if (file.kind !== 'samples') throw new Error(JSON.stringify(file));
  return file.samples;
}

/** One host's samples, five minutes apart, each check through the file's bytes. */
function lived(shares: readonly number[], every = 5): { samples: Samples; now: Date } {
  let samples = EMPTY;
  let now = NOW;
  for (const [n, share] of shares.entries()) {
    now = later(n * every);
    samples = withSamples(samples, new Map([[ID, { at: now, memory: share, disk: share }]]), now);
    samples = decoded(encodeSamples(samples, now), now);
  }
  return { samples, now };
}

describe('a file that holds no samples', () => {
  const good = encodeSamples(withSamples(EMPTY, new Map([[ID, sample(0)]]), NOW), NOW);
  const text = new TextDecoder('latin1').decode(good);
  const bytes = (from: string) => Uint8Array.from(from, (character) => character.charCodeAt(0));
  it.each([
    ['empty', new Uint8Array(), /not written by crawlwatch/],
    ['foreign', bytes('{"hosts":[]}\n'), /not written by crawlwatch/],
    ['cut short', good.subarray(0, -1), /cut short/],
    ['cut in its first line', good.subarray(0, 12), /not written by crawlwatch/],
    ['with more behind it', bytes(`${text}x`), /damaged/],
    ['of a version that was', bytes(text.replace('samples 1', 'samples 0')), /version 0/],
    ['from the future', encodeSamples(EMPTY, later(2)), /in the future/],
  ])('is unusable, and says why: %s', (_, spoilt, why) => {
    expect(decodeSamples(spoilt, NOW)).toEqual({ kind: 'unusable', why: expect.stringMatching(why) });
  });

  it('is kept apart where a newer version wrote it, whatever is in it', () => {
    expect(decodeSamples(bytes('crawlwatch samples 2\n{}'), NOW)).toEqual({ kind: 'newer', version: 2 });
  });

  it('is not one whose writer is a minute ahead', () => {
    expect(decodeSamples(encodeSamples(EMPTY, later(1)), NOW).kind).toBe('samples');
  });

  it('never throws, whatever the bytes', () => {
    const looked = (some: Uint8Array) => {
      const file = decodeSamples(some, NOW);
      if (file.kind !== 'samples') return;
      for (const id of file.samples.hosts.keys()) historyOf(file.samples, id, NOW);
      withSamples(file.samples, new Map(), NOW);
    };
    const head = bytes('crawlwatch samples 1\n');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (some) => {
        looked(some);
        looked(Uint8Array.from([...head, ...some]));
        // One host whose past is noise.
        looked(Uint8Array.from([...head, 0, 1, 1, 65, ...(some.length < 128 ? [some.length] : []), ...some]));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => looked(good.with(at, value))),
      { numRuns: 500 },
    );
  });
});

describe('a file that comes in pieces', () => {
  const hosts = Array.from({ length: 9 }, (_, n) => [`i-${n}`, sample(-5 * n)] as const);
  const good = encodeSamples(withSamples(EMPTY, new Map(hosts), NOW), NOW);
  const inPieces = (bytes: Uint8Array, cuts: readonly number[]) => {
    const reader = new SamplesReader(NOW);
    const read = new Map();
    for (const [n, end] of [...cuts, bytes.length].entries()) {
      for (const [id, past] of reader.read(bytes.subarray(cuts[n - 1] ?? 0, end))) read.set(id, copyOfPast(past));
    }
    for (const [id, past] of reader.last()) read.set(id, copyOfPast(past));
    return reader.trouble ?? { kind: 'samples', samples: { hosts: read } };
  };
  const cutsOf = (bytes: Uint8Array) => fc.array(fc.nat(bytes.length)).map((cuts) => cuts.sort((a, b) => a - b));

  it('is read as the whole of it is, wherever it is cut', () => {
    fc.assert(
      fc.property(cutsOf(good), (cuts) => {
        expect(inPieces(good, cuts)).toEqual(decodeSamples(good, NOW));
      }),
      { numRuns: 200 },
    );
    expect(decoded(good, NOW).hosts.size).toBe(9);
  });

  it('is read to its end where all of it is shorter than a head may be', () => {
    const short = encodeSamples(withSamples(EMPTY, new Map([['', sample(0, 0, null)]]), NOW), NOW);
    expect(short.length).toBeLessThan(40);
    for (const cut of [0, 1, short.length - 1, short.length]) {
      expect(inPieces(short, [cut])).toEqual(decodeSamples(short, NOW));
      expect([...decoded(short, NOW).hosts.keys()]).toEqual(['']);
    }
  });

  it('is refused as the whole of it is, where a byte is wrong, or some are missing or too many', () => {
    const spoilt = fc.oneof(
      fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, value]) => good.with(at, value)),
      fc.nat(good.length).map((end) => good.subarray(0, end)),
      fc.uint8Array({ minLength: 1, maxLength: 9 }).map((more) => Uint8Array.from([...good, ...more])),
    );
    fc.assert(
      fc.property(
        spoilt.chain((bytes) => fc.tuple(fc.constant(bytes), cutsOf(bytes))),
        ([bytes, cuts]) => {
          expect(inPieces(bytes, cuts)).toEqual(decodeSamples(bytes, NOW));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the samples', () => {
  it('come back as they were, to a minute and a hundredth of a percent', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const host = fc.array(fc.tuple(share, fc.option(share)), { minLength: 1, maxLength: 36 });
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 20 }), host, { noNullPrototype: true }), (hosts) => {
        const at = (n: number) => later(5 * n - 175);
        let samples = EMPTY;
        for (let n = 0; n < 36; n++) {
          const seen = Object.entries(hosts).flatMap(([id, shares]): [string, HostSample][] => {
            const [memory, disk] = shares[n] ?? [];
            return memory === undefined ? [] : [[id, { at: at(n), memory, disk: disk ?? null }]];
          });
          samples = withSamples(samples, new Map(seen), NOW);
        }
        const read = decoded(encodeSamples(samples, NOW), NOW);
        expect([...read.hosts.keys()].sort()).toEqual(Object.keys(hosts).sort());
        for (const [id, shares] of Object.entries(hosts)) {
          const past = pastOf(read, id);
          expect(past).toEqual(pastOf(samples, id));
          const { recent = [] } = past ?? {};
          expect(recent.map((one) => one.at)).toEqual(shares.map((_, n) => at(n)));
          for (const [n, [memory, disk]] of shares.entries()) {
            expect(Math.abs((recent[n]?.memory ?? 2) - memory)).toBeLessThanOrEqual(0.000_050_1);
            if (disk === null) expect(recent[n]?.disk).toBeNull();
            else expect(Math.abs((recent[n]?.disk ?? 2) - disk)).toBeLessThanOrEqual(0.000_050_1);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('hand on what a later version has kept of a host, which they cannot read', () => {
    const one = withSamples(EMPTY, new Map([[ID, sample(0)]]), NOW);
    const extras = Uint8Array.from([7, 3, 1, 2, 3]);
    const known = { hosts: new Map([...one.hosts].map(([id, past]) => [id, { ...past, extras }])) };
    const read = decoded(encodeSamples(known, NOW), NOW);
    expect(historyOf(read, ID, NOW)).toEqual(historyOf(one, ID, NOW));
    const next = withSamples(read, new Map([[ID, sample(5)]]), later(5));
    expect(decoded(encodeSamples(next, later(5)), later(5)).hosts.get(ID)?.extras).toEqual(extras);
  });

  it('keeps three to four hours by the sample, and before that the worst of each hour', () => {
    const { samples, now } = lived(Array.from({ length: 120 }, (_, n) => (n === 5 ? 0.01 : 0.5)));
    const past = pastOf(samples, ID)!;
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
    const { samples, now } = lived(
      Array.from({ length: 15 * 24 }, () => 0.5),
      60,
    );
    const history = historyOf(samples, ID, now)!;
    const days = ([first]: readonly { readonly at: Date }[]) =>
      Math.round((now.getTime() - first!.at.getTime()) / 86_400_000);
    expect([days(history.memory), days(history.disk)]).toEqual([7, 14]);
    const inTwoWeeks = new Date(now.getTime() + 15 * 86_400_000);
    expect(withSamples(samples, new Map(), inTwoWeeks).hosts.size).toBe(0);
  });

  it('puts a sample from before its last one into its place, and of two in one minute has the first', () => {
    const samples = [sample(5), sample(0, 0.1), sample(5, 0.2)].reduce(
      (known, one) => withSamples(known, new Map([[ID, one]]), later(5)),
      EMPTY,
    );
    expect(pastOf(samples, ID)?.recent).toEqual([sample(0, 0.1), sample(5)]);
  });

  it('tells the last good figures for six hours', () => {
    const { samples } = lived([0.5, 0.03]);
    expect(lastGoodOf(samples, ID, later(6 * 60))).toEqual({ at: later(5), memory: 0.03, disk: 0.03 });
    expect(lastGoodOf(samples, ID, later(6 * 60 + 6))).toBeNull();
    expect(lastGoodOf(samples, 'i-2', NOW)).toBeNull();
    const silent = withSamples(samples, new Map([['i-2', sample(300)]]), later(300));
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
        const { samples, now } = lived(shares.slice(0, -1));
        const at = new Date(now.getTime() + 5 * 60_000);
        const present = { at, available: shares.at(-1)! };
        const options = { speaking: false, everyMinutes: 5 };
        const history = historyOf(samples, ID, now)!;
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
      { numRuns: 100 },
    );
    expect(spoken).toBeGreaterThan(5);
  });

  it('drop the memory of hours that are over a week ago, and keep their disk', () => {
    const { samples } = lived(
      Array.from({ length: 9 * 24 }, () => 0.5),
      60,
    );
    const { hourly } = pastOf(samples, ID)!;
    expect(hourly.filter(({ memory }) => memory === null)).toHaveLength(9 * 24 - 7 * 24 - 4);
    expect(hourly.every(({ disk }) => disk === 0.5)).toBe(true);
  });

  it('of 1,000 noisy hosts over two weeks are a tenth of the 12 MB that ten times as many may take', () => {
    const bytes = encodeSamples(noisyFleet(1_000, NOW), NOW);
    const packed = gzipSync(bytes);
    expect(packed.length).toBeLessThan(1_200_000);
  });
});
