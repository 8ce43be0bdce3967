import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecast } from '../../../lambda/forecast/forecast.ts';
import type { Resource } from '../../../lambda/forecast/rules.ts';
import type { Sample } from '../../../lambda/model/index.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 22, 8);
const at = (minutesAgo: number, available: number): Sample => ({ at: new Date(NOW - minutesAgo * MINUTE), available });
const options = { speaking: false, everyMinutes: 5 };

/** A sample every five minutes from `from` minutes ago to `to`, at the level that `level` returns for the minutes ago. */
function every5(from: number, to: number, level: (minutesAgo: number) => number): Sample[] {
  return Array.from({ length: Math.floor((from - to) / 5) + 1 }, (_, i) => at(from - i * 5, level(from - i * 5)));
}
/** Minima of an hour, for the days before the last three hours. */
function hourly(days: number, level: (minutesAgo: number) => number): Sample[] {
  const hours = days * 24 - 3;
  return Array.from({ length: hours }, (_, i) => (days * 24 - i) * 60).map((ago) => at(ago, level(ago)));
}
const flat = (available: number) => () => available;
/** A fall that is at `now` now and lost `perHour` in each hour before. */
const falling = (now: number, perHour: number) => (ago: number) => now + (perHour * ago) / 60;
const ask = (samples: readonly Sample[], more: Partial<typeof options> = {}, resource: Resource = 'memory') =>
  forecast(resource, samples.slice(0, -1), samples.at(-1)!, { ...options, ...more });

const leak = [...hourly(7, flat(0.5)), ...every5(175, 0, falling(0.2, 0.15))];

describe('a forecast', () => {
  it('ends with a rescue, however long it has spoken', () => {
    const exhausted = [...hourly(7, flat(0.5)), ...every5(175, 5, falling(0.024, 0.15))];
    expect(ask([...exhausted, at(0, 0.023)], { speaking: true }).speaking).toBe(true);
    expect(ask([...exhausted, at(0, 0.38)], { speaking: true }).speaking).toBe(false);
    // A leap from higher up is a saw's tooth: there the hold keeps it from flapping.
    const low = [...hourly(7, flat(0.5)), ...every5(175, 5, falling(0.1, 0.15))];
    expect(ask([...low, at(0, 0.38)], { speaking: true }).speaking).toBe(true);
  });

  describe('stays silent', () => {
    it.each([
      ['without any past but one sample', [at(0, 0.02)]],
      ['on a host that is high and flat', [...hourly(7, flat(0.5)), ...every5(175, 0, flat(0.5))]],
      [
        'on a fall that will take longer than the horizon',
        [...hourly(7, flat(0.5)), ...every5(175, 0, falling(0.28, 0.1))],
      ],
      [
        'on a fall to where the host has been before and come back from, twice',
        [...hourly(7, (ago) => ([3000, 4500].includes(ago) ? 0.15 : 0.5)), ...every5(175, 0, falling(0.2, 0.15))],
      ],
      [
        'on the rising edge of a sawtooth after a restart',
        [...hourly(7, flat(0.5)), ...every5(175, 20, falling(0.1, 0.15)), ...every5(15, 0, flat(0.6))],
      ],
      [
        'at the first sample that would make it speak',
        [...hourly(7, flat(0.5)), ...every5(175, 5, flat(0.4)), at(0, 0.1)],
      ],
      ['in the first day, above a tenth', every5(600, 0, falling(0.1, 0.06))],
      [
        'on the trend when less than half of the hour was seen',
        [...hourly(7, flat(0.5)), ...[60, 20, 10, 5, 0].map((ago) => at(ago, falling(0.2, 0.15)(ago)))],
      ],
    ])('%s', (_why, samples) => {
      expect(ask(samples)).toMatchObject({ speaking: false, minutes: null });
    });
  });

  describe('speaks', () => {
    it('of a steady leak below what was survived, with the minutes that the fall leaves', () => {
      // 0.17 above the floor at 0.15 an hour: 68 minutes.
      expect(ask(leak)).toEqual({ speaking: true, minutes: 68, survivedLow: expect.closeTo(0.5), livedLow: 0.5 });
    });

    it('without the lowest that it came back from, where it was once as low', () => {
      const once = leak.map((sample, i) => (i === 90 ? { ...sample, available: 0.2 } : sample));
      expect(ask(once)).toEqual({ speaking: true, minutes: 68, survivedLow: expect.closeTo(0.38) });
    });

    it.each([
      ['of a level far below all that was survived, without minutes when it falls no more', flat(0.1), null],
      ['with no minutes left of a host that falls and has reached the floor', falling(0.02, 0.05), 0],
    ])('%s', (_what, level, minutes) => {
      expect(ask([...hourly(7, flat(0.5)), ...every5(175, 0, level)])).toMatchObject({ speaking: true, minutes });
    });

    it('in the first day only well below a tenth', () => {
      expect(ask(every5(600, 0, falling(0.06, 0.06)))).toMatchObject({ speaking: true, survivedLow: 0.1 });
    });

    it('of a host that lives just above the floor when it comes still lower', () => {
      const living = (level: number) => [...hourly(7, flat(0.05)), ...every5(175, 0, flat(level))];
      expect(ask(living(0.03))).toMatchObject({ speaking: true, survivedLow: expect.closeTo(0.05) });
      expect(ask(living(0.045))).toMatchObject({ speaking: false });
    });

    it('of a host that lives low by one sample, where that is well below all that it lived through', () => {
      const fell = (level: number) => [...hourly(7, flat(0.05)), ...every5(175, 5, flat(0.05)), at(0, level)];
      expect(ask(fell(0.042))).toMatchObject({ speaking: true });
      expect(ask(fell(0.043))).toMatchObject({ speaking: false });
      const once = [...hourly(7, flat(0.5)), ...every5(175, 5, flat(0.5)), at(0, 0.042)];
      expect(ask(once)).toMatchObject({ speaking: false });
    });

    it('of a fall that goes on, and not of a step that has reached its plateau', () => {
      const stepped = (last: number) => [
        ...hourly(7, flat(0.5)),
        ...every5(175, 25, falling(0.095, 0.3)),
        ...[20, 15, 10].map((ago) => at(ago, 0.2)),
        at(5, 0.202),
        at(0, last),
      ];
      expect(ask(stepped(0.201))).toMatchObject({ speaking: false });
      expect(ask(stepped(0.199))).toMatchObject({ speaking: true });
    });

    it('of a fall whose samples have jitter and gaps', () => {
      const gapped = leak.filter((_, i) => i < leak.length - 12 || i % 2 === 1);
      const jittered = gapped.map(({ at, available }, i) => ({ at: new Date(+at + ((i * 7) % 19) * 1000), available }));
      expect(ask(jittered).speaking).toBe(true);
    });

    it.each([1, 15, 30, 60])('of a leak that is checked every %i minutes', (everyMinutes) => {
      const points = Array.from({ length: (14 * 24 * 60) / everyMinutes }, (_, i) => i * everyMinutes).reverse();
      const slow = points.map((ago) => at(ago, Math.min(0.6, falling(0.07, 0.035)(ago))));
      expect(ask(slow, { everyMinutes })).toMatchObject({ speaking: true, minutes: expect.closeTo(69, -1) });
    });
  });

  describe('takes as survived', () => {
    const dips = (low: number, ...hoursAgo: number[]) => hourly(7, (ago) => (hoursAgo.includes(ago / 60) ? low : 0.5));
    /** A low that came again two hours later. */
    const week = (dip: number, day: number) => dips(dip, day * 24, day * 24 + 2);
    const recent = every5(175, 0, flat(0.5));
    it.each([
      ['a low of three days ago that came again', week(0.2, 3), 0.2],
      ['less than half of a low that came once', dips(0.2, 72), 0.38],
      ['no more of one that fell into two hours, since half an hour can', dips(0.2, 72, 71), 0.38],
      ['no low of the last ten hours', hourly(7, (ago) => (ago <= 540 ? 0.2 : 0.5)), 0.5],
      ['no low from before a week', hourly(9, (ago) => (ago > 7 * 1440 ? 0.2 : 0.5)), 0.5],
      ['a low followed by a gap, where it was not near the bottom', week(0.2, 3).filter((s) => !isIn(s, 3)), 0.2],
      ['no low that ended in silence near the bottom', week(0.1, 3).filter((s) => !isIn(s, 3)), 0.5],
      ['a low near the bottom that ended without silence', week(0.1, 3), 0.1],
      ['no low from which the host leapt out', week(0.04, 3), 0.5],
      ['nothing lower than 0.08 of a host that was rarely lower', week(0.06, 3), 0.08],
      ['what a host lives at, however low', hourly(7, flat(0.06)), 0.06],
    ])('%s', (_what, past, survivedLow) => {
      expect(ask([...past, ...recent]).survivedLow).toBeCloseTo(survivedLow, 6);
    });
    /** The three hours after the dip that many days ago. */
    function isIn(sample: Sample, day: number): boolean {
      const after = +sample.at - (NOW - day * 1440 * MINUTE);
      return after > 0 && after <= 180 * MINUTE;
    }

    it('nothing lower than 0.01', () => {
      expect(ask([...hourly(7, flat(0.002)), ...every5(175, 0, flat(0.05))]).survivedLow).toBe(0.01);
    });

    it.each([
      ['no low that ended with a boot or a kill', 0.1, 72 * 60 - 30, 0.5],
      ['a low that a later boot found over', 0.1, 60 * 60, 0.1],
      ['a low that was none when it was killed', 0.2, 72 * 60 - 30, 0.2],
    ])('%s', (_what, low, endedAgo, survivedLow) => {
      const samples = [...week(low, 3), ...recent];
      const ends = [at(endedAgo, 0).at];
      const found = forecast('memory', samples.slice(0, -1), samples.at(-1)!, { ...options, ends });
      expect(found.survivedLow).toBeCloseTo(survivedLow, 6);
    });

    it('no more than a tenth after an exhaustion before which less than a day is known, for a day', () => {
      const rebooted = (days: number) => [
        ...hourly(days, flat(0.5)).slice(0, -9),
        at(700, 0.04),
        ...every5(640, 0, flat(0.5)),
      ];
      expect(ask(rebooted(1)).survivedLow).toBe(0.1);
      expect(ask(rebooted(7)).survivedLow).toBe(0.5);
    });

    it('what it came back from before an exhaustion, but no low of the ten hours that led to it', () => {
      const ended = (lowAgo: number) => [
        ...hourly(7, (ago) => (ago > lowAgo && ago <= lowAgo + 180 ? 0.2 : 0.5)).slice(0, -40),
        at(40 * 60, 0.04),
        ...hourly(2, flat(0.5)).slice(-36),
        ...every5(175, 0, flat(0.5)),
      ];
      expect(ask(ended(60 * 60)).survivedLow).toBeCloseTo(0.2, 6);
      expect(ask(ended(45 * 60)).survivedLow).toBeCloseTo(0.5, 6);
    });

    it('from a leap out of an exhaustion no trend that led to it, however far up it leaps', () => {
      const ended = [...hourly(7, flat(0.5)), ...every5(175, 25, falling(-0.03, 0.15))];
      const back = (level: number) => [...ended, ...every5(20, 0, flat(level))];
      for (const speaking of [true, false]) {
        expect(ask(back(0.3), { speaking }).speaking).toBe(false);
        expect(ask(back(0.45), { speaking }).speaking).toBe(false);
      }
    });

    it('the low of a disk that rotates its logs from a few percent free, day by day', () => {
      const rotating = hourly(14, (ago) => 0.045 + (0.3 * (ago % 1440)) / 1440);
      expect(ask([...rotating, ...every5(175, 0, flat(0.2))], {}, 'disk').survivedLow).toBeCloseTo(0.045, 2);
    });
  });

  describe('once it speaks', () => {
    const past = hourly(7, flat(0.5));
    it.each([
      [
        'goes on while the fall is slower, up to twice the horizon',
        [...past, ...every5(175, 0, falling(0.3, 0.1))],
        true,
      ],
      [
        'goes on for two hours after a rise',
        [...past, ...every5(175, 120, flat(0.5)), at(115, 0.1), ...every5(110, 0, flat(0.6))],
        true,
      ],
      [
        'stops after two hours of quiet',
        [...past, ...every5(175, 125, flat(0.5)), at(120, 0.1), ...every5(115, 0, flat(0.6))],
        false,
      ],
    ])('%s', (_what, samples, speaking) => {
      expect(ask(samples, { speaking: true }).speaking).toBe(speaking);
    });

    it('stops on a disk after two hours of quiet', () => {
      const samples = (quiet: number) => [
        ...hourly(14, flat(0.5)),
        ...every5(175, quiet + 5, flat(0.03)),
        ...every5(quiet, 0, flat(0.5)),
      ];
      expect([110, 120].map((quiet) => ask(samples(quiet), { speaking: true }, 'disk').speaking)).toEqual([
        true,
        false,
      ]);
    });
  });

  it.each([
    ['jobs took it, above 8 %', 0.14, 0.5, false],
    ['jobs took less than half of it', 0.14, 0.49, true],
    ['nothing is known of processes', 0.14, null, true],
    ['jobs took it, down to 8 %', 0.08, 1, true],
  ])('where %s, it speaks: of %d, %d taken by jobs: %s', (_what, level, fresh, speaking) => {
    const samples = [
      ...hourly(7, flat(0.5)),
      ...every5(175, 90, flat(0.5)),
      ...every5(85, 0, (ago) => level + 0.004 * ago),
    ];
    const found = forecast('memory', samples.slice(0, -1), samples.at(-1)!, { ...options, fresh });
    expect(found.speaking).toBe(speaking);
  });

  describe('of a drop all at once', () => {
    const dropped = (minutesAgo: number) => [
      ...hourly(7, flat(0.5)),
      ...every5(175, minutesAgo + 5, flat(0.5)),
      ...every5(minutesAgo, 0, flat(0.08)),
    ];
    it.each([
      [5, false],
      [30, false],
      [35, true],
    ])('after %i minutes: %s', (minutesAgo, speaking) => {
      expect(ask(dropped(minutesAgo)).speaking).toBe(speaking);
    });
  });

  it('speaks of a floor that rises under jobs, and goes on between them', () => {
    // A job of an hour in every three takes 0.2; the floor loses 0.02 an hour and is 0.1 without a job now.
    const level = (job: number) => (ago: number) =>
      0.1 + (0.02 * ago) / 60 + (Math.floor(ago / 60) % 3 === job ? 0 : 0.2);
    const past = (job: number) => [...hourly(3, level(job)), ...every5(175, 0, level(job))];
    expect(ask(past(0)).speaking).toBe(true);
    expect(ask(past(2), { speaking: true }).speaking).toBe(true);
  });

  it('speaks of a disk that fills within the day, where memory would stay silent', () => {
    const samples = [...hourly(14, flat(0.5)), ...every5(175, 0, falling(0.2, 0.01))];
    expect([ask(samples, {}, 'disk').minutes, ask(samples).minutes]).toEqual([1140, null]);
  });

  it('never throws, and never gives minutes that are no whole number from 0 up, whatever the samples', () => {
    const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.03, 0.05, 0.12, 1));
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 9000 }), share), { minLength: 1, maxLength: 120 });
    const resources = fc.constantFrom<Resource>('memory', 'disk');
    fc.assert(
      fc.property(
        steps,
        resources,
        fc.boolean(),
        fc.integer({ min: 1, max: 60 }),
        (list, resource, speaking, everyMinutes) => {
          let time = NOW;
          const samples = list.map(([seconds, available]) => {
            time += seconds * 1000;
            return { at: new Date(time), available };
          });
          const found = ask(samples, { speaking, everyMinutes }, resource);
          expect(found.minutes === null || (Number.isInteger(found.minutes) && found.minutes >= 0)).toBe(true);
          expect(found.minutes === null || found.speaking).toBe(true);
          expect(found.survivedLow).toBeGreaterThan(0);
          expect(found.survivedLow).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('does not speak more of a host that has more available throughout', () => {
    const lift = fc.double({ min: 0, max: 0.3, noNaN: true });
    fc.assert(
      fc.property(lift, fc.double({ min: 0, max: 0.3, noNaN: true }), (by, perHour) => {
        const level = (up: number) => every5(175, 0, (ago) => Math.min(1, falling(0.15, perHour)(ago) + up));
        const [lower, higher] = [0, by].map((up) => ask([...hourly(7, flat(0.6)), ...level(up)]).speaking);
        expect(higher && !lower).toBe(false);
      }),
    );
  });
});
