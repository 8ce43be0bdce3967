import { describe, expect, it } from 'vitest';
import { weighHypervisor } from '../../../lambda/flag/evidence/hypervisor.ts';
import type { HypervisorPeriod } from '../../../lambda/model/index.ts';

const MINUTE = 60_000;
const LAST = new Date('2026-11-22T08:05:00Z');
const FAILED = new Date('2026-11-22T08:10:00Z');
const NOW = new Date('2026-11-22T08:25:00Z');
type Figures = Partial<Omit<HypervisorPeriod, 'at'>>;
const USUAL = { networkOut: 12e6, packetsOut: 12_000, cpu: 40, readOps: 500, credits: null };
const period = (at: Date, figures: Figures): HypervisorPeriod => ({ at, ...USUAL, ...figures });
const day = (figures: Figures = {}, count = 288) =>
  Array.from({ length: count }, (_, n) => period(new Date(LAST.getTime() - (count - n) * 5 * MINUTE), figures));
/** Five minutes each from the last answer on; null: not published. */
const since = (...of: (Figures | null)[]) =>
  of.flatMap((figures, n) => (figures === null ? [] : [period(new Date(LAST.getTime() + n * 5 * MINUTE), figures)]));
const MUTE = { reached: true, mute: true };
const weigh = (periods: readonly HypervisorPeriod[] | null, phase = MUTE) =>
  weighHypervisor(periods, { lastAnswer: LAST, since: LAST, failingSince: FAILED, now: NOW, ...phase });
const sides = (periods: readonly HypervisorPeriod[] | null) => {
  const { direct = [], circumstantial = [], against = [] } = weigh(periods);
  return { direct: direct.length, circumstantial: circumstantial.length, against: against.length };
};

const NONE = { direct: 0, circumstantial: 0, against: 0 };
const GONE = { networkOut: 6_000, packetsOut: 80 };
const THRASHING = { ...GONE, cpu: 99 };
const READING = { ...GONE, cpu: 50, readOps: 400_000 };
const IDLE = { ...GONE, cpu: 1, readOps: 0 };
const DIRECT = { ...NONE, direct: 1 };
const CIRCUMSTANTIAL = { ...NONE, circumstantial: 1 };
const AGAINST = { ...NONE, against: 1 };

describe("what a hung host's hypervisor measures", () => {
  it.each<[string, HypervisorPeriod[], typeof NONE]>([
    ['traffic gone, all of the processor taken, twice', [...day(), ...since({}, THRASHING, THRASHING)], DIRECT],
    ['traffic gone, the disk read without end, twice', [...day(), ...since(READING, READING)], DIRECT],
    ['one and then the other', [...day(), ...since({}, THRASHING, READING)], DIRECT],
    ['the same, and dead after it', [...day(), ...since({}, THRASHING, THRASHING, IDLE)], DIRECT],
    ['the same in a single period', [...day(), ...since({}, THRASHING)], NONE],
    [
      'the same twice, with a period between that is not published',
      [...day(), ...since(THRASHING, null, THRASHING)],
      NONE,
    ],
    ['the same before the last answer', [...day({}, 286), ...day(THRASHING, 2)], NONE],
    [
      'the same with 4 % of its traffic',
      [...day(), ...since({ ...THRASHING, networkOut: 480_000 }, { ...THRASHING, networkOut: 480_000 })],
      NONE,
    ],
    [
      'the same with many small packets',
      [...day(), ...since({ ...THRASHING, packetsOut: 6_000 }, { ...THRASHING, packetsOut: 6_000 })],
      NONE,
    ],
    ['the same with a processor that is always taken', [...day({ cpu: 99 }), ...since(THRASHING, THRASHING)], NONE],
    [
      'the same with a disk that is always read so much',
      [...day({ readOps: 300_000 }), ...since(READING, READING)],
      NONE,
    ],
    [
      'the same with a disk read little, though five times as much',
      [...day({ readOps: 10 }), ...since({ ...READING, readOps: 2_000 }, { ...READING, readOps: 2_000 })],
      NONE,
    ],
    ['traffic gone, processor quiet', [...day(), ...since({}, IDLE)], CIRCUMSTANTIAL],
    [
      'a twelfth of its traffic, processor quiet',
      [...day(), ...since({ ...IDLE, networkOut: 1e6, packetsOut: 1_000 })],
      CIRCUMSTANTIAL,
    ],
    ['an eighth of its traffic, processor quiet', [...day(), ...since({ ...IDLE, networkOut: 1.5e6 })], NONE],
    ['traffic gone, processor as usual', [...day(), ...since({}, GONE, GONE)], NONE],
    ['traffic as usual', [...day(), ...since({}, {})], AGAINST],
    ['a quarter of its traffic', [...day(), ...since({}, { networkOut: 3e6 })], AGAINST],
    ['less than a quarter of it', [...day(), ...since({}, { networkOut: 2.9e6 })], NONE],
    ['traffic as usual, processor taken', [...day(), ...since({}, { cpu: 100 }, { cpu: 100 })], AGAINST],
    ['traffic as usual ten minutes ago', [...day(), ...since({}, {}, IDLE)], AGAINST],
    [
      'traffic as usual a quarter of an hour ago, and gone since',
      [...day(), ...since({}, {}, THRASHING, THRASHING)],
      DIRECT,
    ],
    ['traffic as usual in the period in which it hung', [...day(), ...since({}, IDLE)], CIRCUMSTANTIAL],
    ['CPU credits gone', [...day(), ...since({ networkOut: 2e6, credits: 0 })], CIRCUMSTANTIAL],
    [
      'CPU credits gone, before the last answer alone',
      [...day({ credits: 0 }), ...since({ networkOut: 2e6, credits: 3 })],
      NONE,
    ],
    ['CPU credits gone, of a host without a usual level', since({ networkOut: 2e6, credits: 0 }), CIRCUMSTANTIAL],
    ['nothing published since', day(), NONE],
    ['nothing ever', [], NONE],
    ['no day before: an hour of five minutes less', [...day({}, 11), ...since(THRASHING, THRASHING)], NONE],
    ['an hour before', [...day({}, 12), ...since(THRASHING, THRASHING)], DIRECT],
    ['a host that never sends much', [...day({ networkOut: 900_000 }), ...since(THRASHING, THRASHING)], NONE],
    ['a host that never sends much, as usual', [...day({ networkOut: 900_000 }), ...since({}, {})], NONE],
    ['a host that never sends', [...day({ networkOut: 0 }), ...since({ networkOut: 0 })], NONE],
  ])('%s', (_, periods, expected) => {
    expect(sides(periods)).toEqual(expected);
  });

  it('is none where it could not be read', () => {
    expect(weigh(null)).toEqual({ isAwaited: false, circumstantial: [] });
  });

  it.each<[string, HypervisorPeriod[], boolean]>([
    ['no period since it failed', [...day(), ...since({})], true],
    ['one', [...day(), ...since({}, {})], false],
    ['one, though the one before is missing', [...day(), ...since(null, {})], false],
    ['none, of a host without a usual level', day({ networkOut: 0 }), false],
    ['none, of a host without metrics', [], false],
  ])('is waited for with %s: %#', (_, periods, isAwaited) => {
    expect(weigh(periods).isAwaited).toBe(isAwaited);
  });

  it('takes the median of the day before the last answer for usual: a night of silence and a burst count little', () => {
    const uneven = day().map((one, n) => (n % 3 === 0 ? { ...one, networkOut: n % 2 === 0 ? 0 : 9e9 } : one));
    expect(sides([...uneven, ...since({}, {})])).toEqual(AGAINST);
    expect(weigh([...uneven, ...since({}, {})]).notes).toEqual([
      'Its hypervisor: 11 MiB sent, CPU at 40 %, 500 reads in the 5 min from 08:10 UTC, usually 11 MiB, 40 %, 500 reads.',
    ]);
  });

  it('is the same without a figure as without its period', () => {
    const missing = { networkOut: null, packetsOut: null, cpu: null, readOps: null, credits: null };
    const all = [...day(), ...since({}, THRASHING, THRASHING)];
    for (let n = 286; n < all.length; n++) {
      const without = all.filter((_, index) => index !== n);
      const blank = all.map((one, index) => (index === n ? { ...one, ...missing } : one));
      expect(sides(blank)).toEqual(sides(without));
    }
  });

  it.each<[string, typeof MUTE, Figures, boolean]>([
    ['a taken processor, of one that accepted and said nothing', MUTE, THRASHING, true],
    ['a disk that is read without end, of one that accepted', { reached: true, mute: false }, READING, true],
    ['a taken processor, of one whose sshd had begun to speak', { reached: true, mute: false }, THRASHING, false],
    ['a taken processor, of one that was not reached', { reached: false, mute: false }, THRASHING, false],
    ['a disk that is read without end, of one that was not reached', { reached: false, mute: false }, READING, false],
  ])('is enough for an automatic reboot or not: %s', (_, phase, figures, isEnough) => {
    const { direct, flagsOnly } = weigh([...day(), ...since(figures, figures)], phase);
    expect([direct?.length, flagsOnly]).toEqual([1, !isEnough]);
  });

  it('is not enough for an automatic reboot once it is over', () => {
    const { direct, flagsOnly } = weigh([...day(), ...since(THRASHING, THRASHING, IDLE)]);
    expect([direct?.length, flagsOnly]).toEqual([1, true]);
  });

  it('says nothing of what came after a reboot, where it was before it', () => {
    const rebooted = new Date(LAST.getTime() + 10 * MINUTE);
    const options = { lastAnswer: LAST, since: rebooted, failingSince: FAILED, now: NOW, ...MUTE };
    const periods = [...day(), ...since(THRASHING, THRASHING)];
    expect(weighHypervisor(periods, options)).toEqual({ isAwaited: true, circumstantial: [] });
  });

  it.each([
    ['within ten minutes of its end', 15, false],
    ['long ago', 26, true],
  ])('is waited for where its newest period was %s', (_, minutes, isAwaited) => {
    const newest = new Date(FAILED.getTime() + 5 * MINUTE);
    const now = new Date(newest.getTime() + minutes * MINUTE);
    const options = { lastAnswer: LAST, since: LAST, failingSince: FAILED, now, ...MUTE };
    expect(weighHypervisor([...day(), ...since(IDLE, IDLE, IDLE)], options).isAwaited).toBe(isAwaited);
  });

  it('is no evidence against a hang once its metrics have stopped', () => {
    const now = new Date(FAILED.getTime() + 60 * MINUTE);
    const options = { lastAnswer: LAST, since: LAST, failingSince: FAILED, now, ...MUTE };
    expect(weighHypervisor([...day(), ...since({}, {}, {})], options)).toMatchObject({ isAwaited: true });
    expect(weighHypervisor([...day(), ...since({}, {}, {})], options)).not.toHaveProperty('against');
  });
});
