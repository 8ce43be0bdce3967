/**
 * Synthetic hosts for the forecast, from a seed: memory and disk minute by minute, then sampled every five with losses.
 * Used shares are 0 to 1; a family either runs out or never does.
 */
import type { Trace } from '../../bin/backtest/index.ts';
import { seeded } from '../random.ts';

const HOUR = 60;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5);

/** One host's random numbers, and curves over its minutes. */
class Host {
  readonly minutes: number;
  readonly #random: () => number;

  constructor(seed: number, minutes: number) {
    this.minutes = minutes;
    this.#random = seeded(seed);
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.#random();
  }
  /** Evenly on a logarithmic scale: for durations. */
  around(least: number, most: number): number {
    return Math.exp(this.between(Math.log(least), Math.log(most)));
  }
  chance(share: number): boolean {
    return this.#random() < share;
  }
  shape(at: (minute: number) => number): Float64Array {
    return Float64Array.from({ length: this.minutes }, (_, minute) => at(minute));
  }
  flat(value: number): Float64Array {
    return this.shape(() => value);
  }
  /** Noise that decays over `tau` minutes. */
  noise(deviation: number, tau: number): Float64Array {
    const keep = Math.exp(-1 / tau);
    let value = 0;
    return this.shape(() => {
      const normal = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
      value = keep * value + deviation * Math.sqrt(1 - keep * keep) * normal;
      return value;
    });
  }
  /** Jobs that use some for a while and free it. */
  jobs(perHour: number, size: readonly [number, number], minutes: readonly [number, number]): Float64Array {
    const used = this.flat(0);
    for (let at = -Math.log(1 - this.#random()) / (perHour / HOUR); at < this.minutes; ) {
      const [height, length, rise] = [this.around(...size), this.around(...minutes), this.between(2, 30)];
      for (let m = Math.floor(at); m < Math.min(this.minutes, at + length); m++) {
        used[m] = (used[m] ?? 0) + height * Math.min(1, (m - at + 1) / Math.min(rise, length));
      }
      at += -Math.log(1 - this.#random()) / (perHour / HOUR);
    }
    return used;
  }
  everyday(): Float64Array {
    return sum(this.noise(this.between(0.002, 0.01), this.around(3, 20)), this.jobs(0.7, [0.004, 0.03], [3, 15]));
  }
  /** Climbs and falls back, until it only climbs. */
  saw(height: number, period: number, until = Number.POSITIVE_INFINITY): Float64Array {
    let [from, length, top] = [0, period * this.between(0.3, 1), height];
    return this.shape((minute) => {
      if (minute >= from + length && from + length < until) {
        [from, length, top] = [from + length, period * this.between(0.7, 1.3), height * this.between(0.8, 1.2)];
      }
      return (top * (minute - from)) / length;
    });
  }
  ramp(from: number, minutes: number, rise: number): Float64Array {
    return this.shape((minute) => (rise * Math.max(0, minute - from)) / minutes);
  }
  daily(height: number): Float64Array {
    const [phase, sharpness] = [this.between(0, DAY), this.between(0.6, 2)];
    return this.shape((m) => height * (0.5 - 0.5 * Math.cos((2 * Math.PI * (m + phase)) / DAY)) ** sharpness);
  }
  steps(count: number, size: readonly [number, number], gap: readonly [number, number]): Float64Array {
    const steps = Array.from({ length: count }, () => [this.between(...size), this.between(5, 50)] as const);
    let at = this.between(4 * HOUR, 30 * HOUR);
    const timed = steps.map(([height, rise]) => {
      const step = { at, height, rise };
      at += this.around(...gap);
      return step;
    });
    return this.shape((m) => timed.reduce((s, step) => s + step.height * clamp((m - step.at) / step.rise), 0));
  }
}

const clamp = (value: number): number => Math.max(0, Math.min(1, value));
function sum(...parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts[0] ?? [], (_, i) => parts.reduce((total, part) => total + (part[i] ?? 0), 0));
}

interface Family {
  readonly runsOut: boolean;
  used(host: Host): Float64Array;
}
const out = (used: Family['used']): Family => ({ runsOut: true, used });
const never = (used: Family['used']): Family => ({ runsOut: false, used });

/** A leak from somewhere in the middle that reaches the end before the trace does. */
function leak(host: Host, base: Float64Array, slowest = 96 * HOUR): Float64Array {
  const length = Math.min(host.around(3 * HOUR, slowest), host.minutes - 30 * HOUR);
  const from = host.between(12 * HOUR, host.minutes - length - 4 * HOUR);
  return sum(base, host.ramp(from, length, Math.max(0.1, 1 - (base[Math.floor(from)] ?? 0))));
}
const base = (host: Host): Float64Array => sum(host.flat(host.between(0.15, 0.4)), host.everyday());

const MEMORY: Readonly<Record<string, Family>> = {
  steady_leak: out((h) => leak(h, base(h))),
  leak_gc: out((h) => leak(h, sum(base(h), h.saw(h.between(0.03, 0.12), h.around(10, 90))))),
  leak_missing: out((h) => leak(h, sum(base(h), h.saw(h.between(0, 0.1), h.around(10, 90))))),
  leak_daily: out((h) => leak(h, sum(base(h), h.daily(h.between(0.08, 0.25))), 130 * HOUR)),
  restart_fails: out((h) => {
    const saw = h.saw(h.between(0.25, 0.45), h.around(4 * HOUR, 26 * HOUR), h.between(0.35, 0.7) * h.minutes);
    return sum(base(h), saw);
  }),
  drift_sawtooth: out((h) =>
    sum(base(h), h.saw(h.between(0.12, 0.35), h.around(3 * HOUR, 16 * HOUR)), h.ramp(0, h.between(2, 5) * DAY, 0.7)),
  ),
  late_accel: out((h) => {
    const [from, tau] = [h.between(0.3, 0.9) * h.minutes, h.around(20, 110)];
    return sum(
      base(h),
      h.shape((m) => 0.01 * (Math.exp(Math.max(0, Math.min(6, (m - from) / tau))) - 1)),
    );
  }),
  step_exhaust: out((h) => sum(base(h), h.steps(12, [0.05, 0.15], [2 * HOUR, 14 * HOUR]))),
  oom_drop: out((h) => leak(h, sum(base(h), h.saw(h.between(0, 0.06), h.around(10, 60))))),
  sudden_balloon: out((h) => {
    const [from, rise] = [h.between(0.3, 0.95) * h.minutes, h.between(6, 18)];
    return sum(
      base(h),
      h.shape((m) => clamp((m - from) / rise)),
    );
  }),
  quiet: never(base),
  gc_only: never((h) => sum(base(h), h.saw(h.between(0.05, 0.25), h.around(10, 240)))),
  leak_restarts: never((h) => sum(base(h), h.saw(h.between(0.15, 0.5), h.around(2 * HOUR, 30 * HOUR)))),
  step_plateau: never((h) => sum(base(h), h.steps(Math.floor(h.between(2, 6)), [0.04, 0.14], [2 * HOUR, 36 * HOUR]))),
  plateau_warmup: never((h) => {
    const [height, tau] = [h.between(0.3, 0.6), h.around(15, 300)];
    const period = h.around(10 * HOUR, 72 * HOUR);
    return sum(
      base(h),
      h.shape((m) => height * (1 - 0.8 * Math.exp(-(m % period) / tau))),
    );
  }),
  diurnal: never((h) => sum(base(h), h.daily(h.between(0.12, 0.45)))),
  bursty_jobs: never((h) => sum(base(h), h.jobs(h.around(0.05, 1.5), [0.03, 0.25], [5, 150]))),
  cache_drift: never((h) => sum(base(h), h.noise(h.between(0.02, 0.06), h.around(2 * HOUR, 12 * HOUR)))),
  worker_crash: never((h) => {
    const [from, away, load] = [h.between(0.1, 0.6) * h.minutes, h.around(15, 8 * HOUR), h.between(0.2, 0.4)];
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
      h.ramp(h.between(0.3, 0.9) * h.minutes, h.around(1.5 * HOUR, 14 * HOUR), 1 - full),
      smallFiles(h),
    );
  }),
  disk_rotate_drift: out((h) => {
    const full = h.between(0.35, 0.6);
    const logs = h.saw(h.between(0.02, 0.1), DAY * h.around(0.25, 1));
    return sum(h.flat(full), logs, h.ramp(0, h.between(0.5, 0.9) * h.minutes, 1 - full), smallFiles(h));
  }),
  disk_logrotate: never((h) => sum(h.flat(0.3), h.saw(h.between(0.03, 0.35), DAY * h.around(0.2, 4)), smallFiles(h))),
  disk_tmp_bursts: never((h) => sum(h.flat(0.3), h.jobs(h.around(0.02, 0.4), [0.03, 0.3], [8, 420]), smallFiles(h))),
  disk_steady: never((h) => {
    const full = h.between(0.2, 0.8);
    return sum(h.flat(full), h.ramp(0, h.minutes, (1 - full) * h.between(0.02, 0.3)), smallFiles(h));
  }),
};

/** So many hosts of every family, the same for the same seed. */
export function* syntheticTraces(seed: number, perFamily: number): Generator<Trace> {
  const families = [...Object.entries(MEMORY), ...Object.entries(DISK)];
  for (const [index, [family, { runsOut, used }]] of families.entries()) {
    const resource = family in DISK ? 'disk' : 'memory';
    for (let made = 0, draw = 0; made < perFamily; draw++) {
      const host = new Host(seed * 1_000_003 + index * 10_007 + draw, (resource === 'disk' ? 14 : 7) * DAY);
      const trace = sampled(family, resource, runsOut, host, used(host));
      if (trace === null) continue;
      made += 1;
      yield trace;
    }
  }
}

/** Null where chance made a host run out that should not, or the other way round. */
function sampled(
  family: string,
  resource: Trace['resource'],
  runsOut: boolean,
  host: Host,
  used: Float64Array,
): Trace | null {
  const floor = resource === 'disk' ? 0.004 : host.between(0.005, 0.04);
  // Families that never run out come close to it by chance: near misses are the hard cases.
  const top = used.reduce((most, value) => Math.max(most, value), 0);
  const lift = runsOut || family === 'disk_steady' ? 0 : 1 - host.around(0.05, 0.45) - top;
  const end = used.findIndex((value) => value + lift >= 1 - floor);
  if (runsOut !== end >= 0 || (runsOut && end < 8 * HOUR)) return null;
  const last = end < 0 ? host.minutes : Math.min(host.minutes, end + 60);
  let gapUntil = -1;
  const samples: { at: Date; available: number | null }[] = [];
  for (let minute = 0; minute < last; minute += 5) {
    if (family === 'leak_missing' && host.chance(0.03)) gapUntil = minute + host.around(5, 60);
    const isLost = minute < gapUntil || host.chance(0.004) || (end >= 0 && minute >= end && resource === 'memory');
    const available = Math.max(
      resource === 'disk' && end >= 0 && minute >= end ? 0.003 : 0,
      1 - (used[minute] ?? 0) - lift,
    );
    samples.push({ at: new Date(START + minute * 60_000), available: isLost ? null : Math.min(1, available) });
  }
  return { family, resource, everyMinutes: 5, samples, exhaustedAt: end < 0 ? [] : [new Date(START + end * 60_000)] };
}
