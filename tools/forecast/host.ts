/** One synthetic host: its random numbers, how rough it is, and curves over its minutes. */
import { seeded } from '../random.ts';

export const HOUR = 60;
export const DAY = 24 * HOUR;

export const clamp = (value: number): number => Math.max(0, Math.min(1, value));
export function sum(...parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts[0] ?? [], (_, i) => parts.reduce((total, part) => total + (part[i] ?? 0), 0));
}

/** How rough the hosts are: `base` is what rules are tuned on, the others are for a last look. */
export const PROFILES = ['base', 'shifted', 'harsh'] as const;
export type Profile = (typeof PROFILES)[number];
/** Times the noise; the share of samples that are lost; the logarithm by which durations are stretched at most. */
const ROUGHNESS: Readonly<Record<Profile, { noise: number; loss: number; stretch: number }>> = {
  base: { noise: 1, loss: 0.004, stretch: 0 },
  shifted: { noise: 1.4, loss: 0.01, stretch: 0.7 },
  harsh: { noise: 2, loss: 0.03, stretch: 0 },
};

export class Host {
  readonly minutes: number;
  readonly rough: (typeof ROUGHNESS)[Profile];
  readonly #random: () => number;
  readonly #stretch: number;

  constructor(seed: number, minutes: number, profile: Profile) {
    this.minutes = minutes;
    this.rough = ROUGHNESS[profile];
    this.#random = seeded(seed);
    const { stretch } = this.rough;
    this.#stretch = stretch === 0 ? 1 : Math.exp(this.between(-stretch, stretch));
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.#random();
  }
  /** Evenly on a logarithmic scale: for durations. */
  around(least: number, most: number): number {
    return Math.exp(this.between(Math.log(least), Math.log(most)));
  }
  /** A duration, which some profiles stretch for all of a host. */
  lasting(least: number, most: number): number {
    return this.#stretch * this.around(least, most);
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
      value = keep * value + this.rough.noise * deviation * Math.sqrt(1 - keep * keep) * normal;
      return value;
    });
  }
  /** Jobs that use some for a while and free it. */
  jobs(perHour: number, size: readonly [number, number], minutes: readonly [number, number]): Float64Array {
    const used = this.flat(0);
    for (let at = -Math.log(1 - this.#random()) / (perHour / HOUR); at < this.minutes; ) {
      const height = this.rough.noise * this.around(...size);
      const [length, rise] = [this.lasting(...minutes), this.between(2, 30)];
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
      at += this.lasting(...gap);
      return step;
    });
    return this.shape((m) => timed.reduce((s, step) => s + step.height * clamp((m - step.at) / step.rise), 0));
  }
}
