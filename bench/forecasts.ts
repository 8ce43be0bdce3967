/** What the forecasts of a whole fleet cost one check, from pasts as the samples keep them. */
import { forecast } from '../lambda/forecast/index.ts';
import type { Sample } from '../lambda/model/index.ts';
import type { Effort, Say } from './measure.ts';
import { fixed, type Section, seconds } from './table.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 0, 5, 8, 40);
/** Of the pasts: as long as they are kept. */
const HOURS = { memory: 7 * 24, disk: 14 * 24 } as const;
const MAX_CPU_MS = 2_000;
/** Forecasts are for hosts; a smoke run has few. */
const HOSTS_FOR_EACH = 10;

/** Four hours of checks, and hours before that, as `level` has them at so many milliseconds ago. */
function pastOf(hours: number, level: (ago: number) => number): Sample[] {
  const sample = (ago: number): Sample => ({ at: new Date(NOW - ago), available: level(ago) });
  const before = Array.from({ length: hours - 4 }, (_, i) => sample((hours - i) * HOUR));
  return [...before, ...Array.from({ length: 48 }, (_, i) => sample((48 - i) * 5 * MINUTE))];
}

/** Small waves, the same in every run. */
const noise = (host: number, ago: number): number => 0.01 + 0.01 * Math.sin(host + ago / (7 * MINUTE));

/** Worst first: one that speaks and is quiet again is looked at by every sample of the hold. */
const KINDS: Readonly<Record<string, { readonly speaking: boolean; level(noise: number, ago: number): number }>> = {
  'speaking, and quiet since': { speaking: true, level: (noise, ago) => (ago > 3 * HOUR ? 0.6 : 0.36) + noise },
  'falling, not yet speaking': { speaking: false, level: (noise, ago) => 0.2 + (0.05 * ago) / HOUR / 4 + noise },
  'under 40 %, and quiet': { speaking: false, level: (noise) => 0.3 + noise },
};

export function forecasts({ manyHosts }: Effort, say: Say): Section {
  const hosts = manyHosts * HOSTS_FOR_EACH;
  const took = Object.entries(KINDS).map(([kind, { speaking, level }]) => {
    const pasts = Array.from({ length: 100 }, (_, host) => ({
      memory: pastOf(HOURS.memory, (ago) => level(noise(host, ago), ago)),
      disk: pastOf(HOURS.disk, (ago) => level(noise(host, ago), ago)),
    }));
    const before = process.cpuUsage();
    for (let host = 0; host < hosts; host++) {
      const past = pasts[host % pasts.length];
      for (const resource of ['memory', 'disk'] as const) {
        const now = { at: new Date(NOW), available: level(0.01, 0) };
        forecast(resource, past?.[resource] ?? [], now, { speaking, everyMinutes: 5 });
      }
    }
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1000;
    say(`${hosts} hosts ${kind}: ${seconds(cpuMs)}`);
    return { kind, cpuMs };
  });
  const worst = Math.max(...took.map(({ cpuMs }) => cpuMs));
  return {
    title: `Forecasts of memory and disk for ${hosts} hosts`,
    columns: ['all hosts are', 'CPU', 'µs a host'],
    rows: took.map(({ kind, cpuMs }) => [kind, seconds(cpuMs), fixed((1000 * cpuMs) / hosts)]),
    notes: ['Only hosts with less than 40 % available are forecast: of a usual fleet a tenth.'],
    targets: [
      {
        what: 'CPU of one check',
        got: seconds(worst),
        target: `at most ${MAX_CPU_MS / 1000} s`,
        met: worst <= MAX_CPU_MS,
      },
    ],
  };
}
