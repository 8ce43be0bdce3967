/**
 * Synthetic hosts for the forecast, from a seed: memory and disk minute by minute, then sampled every five with losses.
 * Used shares are 0 to 1; a family either runs out or never does.
 */
import type { Trace } from '../../bin/backtest/index.ts';
import { clamp, DAY, HOUR, Host, type Profile, sum } from './host.ts';

const START = Date.UTC(2026, 0, 5);

interface Family {
  readonly runsOut: boolean;
  /** Where it lives is drawn as it is: nothing lifts it to a near miss, and it hangs only at the very end. */
  readonly asDrawn?: boolean;
  /** @default 7, of a disk 14 */
  readonly days?: number;
  used(host: Host): Float64Array;
}
const out = (used: Family['used']): Family => ({ runsOut: true, used });
const never = (used: Family['used']): Family => ({ runsOut: false, used });

/** A leak from somewhere in the middle that reaches the end before the trace does. */
function leak(host: Host, base: Float64Array, slowest = 96 * HOUR): Float64Array {
  const length = Math.min(host.lasting(3 * HOUR, slowest), host.minutes - 30 * HOUR);
  const from = host.between(12 * HOUR, host.minutes - length - 4 * HOUR);
  return sum(base, host.ramp(from, length, Math.max(0.1, 1 - (base[Math.floor(from)] ?? 0))));
}
const base = (host: Host): Float64Array => sum(host.flat(host.between(0.15, 0.4)), host.everyday());

const MEMORY: Readonly<Record<string, Family>> = {
  steady_leak: out((h) => leak(h, base(h))),
  leak_gc: out((h) => leak(h, sum(base(h), h.saw(h.between(0.03, 0.12), h.lasting(10, 90))))),
  leak_missing: out((h) => leak(h, sum(base(h), h.saw(h.between(0, 0.1), h.lasting(10, 90))))),
  leak_daily: out((h) => leak(h, sum(base(h), h.daily(h.between(0.08, 0.25))), 130 * HOUR)),
  restart_fails: out((h) => {
    const saw = h.saw(h.between(0.25, 0.45), h.lasting(4 * HOUR, 26 * HOUR), h.between(0.35, 0.7) * h.minutes);
    return sum(base(h), saw);
  }),
  drift_sawtooth: out((h) =>
    sum(base(h), h.saw(h.between(0.12, 0.35), h.lasting(3 * HOUR, 16 * HOUR)), h.ramp(0, h.between(2, 5) * DAY, 0.7)),
  ),
  late_accel: out((h) => {
    const [from, tau] = [h.between(0.3, 0.9) * h.minutes, h.lasting(20, 110)];
    return sum(
      base(h),
      h.shape((m) => 0.01 * (Math.exp(Math.max(0, Math.min(6, (m - from) / tau))) - 1)),
    );
  }),
  step_exhaust: out((h) => sum(base(h), h.steps(12, [0.05, 0.15], [2 * HOUR, 14 * HOUR]))),
  oom_drop: out((h) => leak(h, sum(base(h), h.saw(h.between(0, 0.06), h.lasting(10, 60))))),
  sudden_balloon: out((h) => {
    const [from, rise] = [h.between(0.3, 0.95) * h.minutes, h.between(6, 18)];
    return sum(
      base(h),
      h.shape((m) => clamp((m - from) / rise)),
    );
  }),
  quiet: never(base),
  gc_only: never((h) => sum(base(h), h.saw(h.between(0.05, 0.25), h.lasting(10, 240)))),
  leak_restarts: never((h) => sum(base(h), h.saw(h.between(0.15, 0.5), h.lasting(2 * HOUR, 30 * HOUR)))),
  step_plateau: never((h) => sum(base(h), h.steps(Math.floor(h.between(2, 6)), [0.04, 0.14], [2 * HOUR, 36 * HOUR]))),
  plateau_warmup: never((h) => {
    const [height, tau] = [h.between(0.3, 0.6), h.lasting(15, 300)];
    const period = h.lasting(10 * HOUR, 72 * HOUR);
    return sum(
      base(h),
      h.shape((m) => height * (1 - 0.8 * Math.exp(-(m % period) / tau))),
    );
  }),
  diurnal: never((h) => sum(base(h), h.daily(h.between(0.12, 0.45)))),
  bursty_jobs: never((h) => sum(base(h), h.jobs(h.around(0.05, 1.5), [0.03, 0.25], [5, 150]))),
  cache_drift: never((h) => sum(base(h), h.noise(h.between(0.02, 0.06), h.lasting(2 * HOUR, 12 * HOUR)))),
  worker_crash: never((h) => {
    const [from, away, load] = [h.between(0.1, 0.6) * h.minutes, h.lasting(15, 8 * HOUR), h.between(0.2, 0.4)];
    return sum(
      base(h),
      h.shape((m) => (m < from ? load : m < from + away ? 0 : load * (1 - Math.exp((from + away - m) / 60)))),
    );
  }),
};

const smallFiles = (h: Host): Float64Array => sum(h.noise(0.0006, 30), h.jobs(0.3, [0.001, 0.012], [3, 40]));
const DISK: Readonly<Record<string, Family>> = {
  disk_slow_fill: out((h) => {
    const full = h.between(0.3, 0.75);
    return sum(h.flat(full), h.ramp(0, h.between(0.55, 0.95) * h.minutes, 1 - full), smallFiles(h));
  }),
  disk_fast_fill: out((h) => {
    const full = h.between(0.35, 0.75);
    return sum(
      h.flat(full),
      h.ramp(h.between(0.3, 0.9) * h.minutes, h.lasting(1.5 * HOUR, 14 * HOUR), 1 - full),
      smallFiles(h),
    );
  }),
  disk_rotate_drift: out((h) => {
    const full = h.between(0.35, 0.6);
    const logs = h.saw(h.between(0.02, 0.1), DAY * h.lasting(0.25, 1));
    return sum(h.flat(full), logs, h.ramp(0, h.between(0.5, 0.9) * h.minutes, 1 - full), smallFiles(h));
  }),
  disk_logrotate: never((h) => sum(h.flat(0.3), h.saw(h.between(0.03, 0.35), DAY * h.lasting(0.2, 4)), smallFiles(h))),
  disk_tmp_bursts: never((h) => sum(h.flat(0.3), h.jobs(h.around(0.02, 0.4), [0.03, 0.3], [8, 420]), smallFiles(h))),
  disk_steady: never((h) => {
    const full = h.between(0.2, 0.8);
    return sum(h.flat(full), h.ramp(0, h.minutes, (1 - full) * h.between(0.02, 0.3)), smallFiles(h));
  }),
};

/** What makes a host low for good: between 2 and 8 % are left for weeks, in waves of minutes to hours. */
function livesLow(h: Host): Float64Array {
  const left = h.between(0.03, 0.065);
  const waves = sum(
    h.noise(h.between(0.003, 0.012), h.around(10, 300)),
    h.jobs(h.around(0.05, 0.6), [0.004, 0.02], [10, 150]),
  );
  return h.shape((m) => 1 - Math.max(0.015, Math.min(0.12, left - (waves[m] ?? 0))));
}

/** Three cases that ordinary families hardly have. Scored apart, so that the sums of those stay comparable. */
const HARD: Readonly<Record<string, Family>> = {
  survived_dip: out((h) => {
    const kinds = [MEMORY.steady_leak, MEMORY.leak_gc, MEMORY.leak_daily, MEMORY.restart_fails];
    const used = kinds[Math.floor(h.between(0, kinds.length))]?.used(h) ?? h.flat(0);
    const from = used.findIndex((value) => value > 0.97) - Math.round(h.between(1.5, 4) * DAY);
    // One half hour at 7 %. A host that ends too soon for it is drawn again.
    return from < 12 * HOUR
      ? h.flat(0)
      : used.map((value, m) => (m >= from && m < from + 30 ? Math.max(value, 0.93) : value));
  }),
  lives_low: { runsOut: false, asDrawn: true, days: 28, used: livesLow },
  lives_low_ends: {
    runsOut: true,
    asDrawn: true,
    used: (h) => sum(livesLow(h), h.ramp(h.between(0.5, 0.9) * h.minutes, h.lasting(2 * HOUR, 30 * HOUR), 0.12)),
  },
  rising_floor: out((h) => {
    const jobs = h.jobs(h.around(0.1, 0.8), [0.06, 0.25], [15, 150]);
    return leak(h, sum(base(h), jobs), 130 * HOUR);
  }),
  // The same jobs over a floor that rises for a day or two and then stays.
  bounded_floor: never((h) => {
    const jobs = h.jobs(h.around(0.1, 0.8), [0.06, 0.25], [15, 150]);
    const [from, length] = [h.between(0.1, 0.4) * h.minutes, h.lasting(12 * HOUR, 48 * HOUR)];
    return sum(
      base(h),
      jobs,
      h.shape((m) => 0.35 * clamp((m - from) / length)),
    );
  }),
};

/** So many hosts of every ordinary family, the same for the same seed. */
export const syntheticTraces = (seed: number, perFamily: number, profile: Profile = 'base'): Generator<Trace> =>
  traces({ ...MEMORY, ...DISK }, seed, perFamily, profile);

/** So many hosts of each family that dips, lives low, or has jobs on a rising floor. */
export const hardTraces = (seed: number, perFamily: number): Generator<Trace> => traces(HARD, seed, perFamily, 'base');

function* traces(
  families: Readonly<Record<string, Family>>,
  seed: number,
  perFamily: number,
  profile: Profile,
): Generator<Trace> {
  for (const [index, [family, drawn]] of Object.entries(families).entries()) {
    const resource = family in DISK ? 'disk' : 'memory';
    for (let made = 0, draw = 0; made < perFamily; draw++) {
      const days = drawn.days ?? (resource === 'disk' ? 14 : 7);
      const host = new Host(seed * 1_000_003 + index * 10_007 + draw, days * DAY, profile);
      const trace = sampled(family, resource, drawn, host);
      if (trace === null) continue;
      made += 1;
      yield trace;
    }
  }
}

/** Null where chance made a host run out that should not, or the other way round. */
function sampled(family: string, resource: Trace['resource'], drawn: Family, host: Host): Trace | null {
  const { runsOut, asDrawn = family === 'disk_steady' } = drawn;
  const used = drawn.used(host);
  const floor = resource === 'disk' || asDrawn ? 0.004 : host.between(0.005, 0.04);
  // Families that never run out come close to it by chance: near misses are the hard cases.
  const top = used.reduce((most, value) => Math.max(most, value), 0);
  const lift = runsOut || asDrawn ? 0 : 1 - host.around(0.05, 0.45) - top;
  const end = used.findIndex((value) => value + lift >= 1 - floor);
  if (runsOut !== end >= 0 || (runsOut && end < 8 * HOUR)) return null;
  const last = end < 0 ? host.minutes : Math.min(host.minutes, end + 60);
  let gapUntil = -1;
  const samples: { at: Date; available: number | null }[] = [];
  for (let minute = 0; minute < last; minute += 5) {
    if (family === 'leak_missing' && host.chance(0.03)) gapUntil = minute + host.around(5, 60);
    const isLost =
      minute < gapUntil || host.chance(host.rough.loss) || (end >= 0 && minute >= end && resource === 'memory');
    const available = Math.max(
      resource === 'disk' && end >= 0 && minute >= end ? 0.003 : 0,
      1 - (used[minute] ?? 0) - lift,
    );
    samples.push({ at: new Date(START + minute * 60_000), available: isLost ? null : Math.min(1, available) });
  }
  return { family, resource, everyMinutes: 5, samples, exhaustedAt: end < 0 ? [] : [new Date(START + end * 60_000)] };
}
