/** Fleets with two weeks behind them, as noisy as crawlers are: for what their samples take. */
import { EMPTY_PAST, type HostSample, packHourly, packRecent } from '../../lambda/memory/samples/packed-past.ts';
import { type Samples, withSamples } from '../../lambda/memory/samples/samples.ts';
import type { CurrentProcesses, FleetState, Incident, InstanceState, SeenProcess } from '../../lambda/model/index.ts';
import { EMPTY_STATE, NOTHING_REMEMBERED } from '../../lambda/model/index.ts';
import { seeded } from '../../tools/random.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * Memory that leaks for one to three days and is freed, swings by the day, and jumps about by 3 % of the whole (one standard
 * deviation) from check to check; a disk that fills by a few percent a week, with its own small noise.
 */
export function noisyFleet(count: number, now: Date, everyMinutes = 5): Samples {
  const random = seeded(count);
  const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const begin = Math.floor(now.getTime() / HOUR) * HOUR - 3 * HOUR;
  const hosts = Array.from({ length: count }, (_, n) => {
    const [level, swing, period] = [0.3 + 0.5 * random(), 0.1 * random(), (24 + 48 * random()) * HOUR];
    const [full, filling] = [0.2 + 0.7 * random(), 0.05 * random()];
    const one = (at: number, noise: number): HostSample => ({
      at: new Date(at),
      memory:
        level - 0.2 * ((at % period) / period) + swing * Math.sin((at / (24 * HOUR)) * 2 * Math.PI) + noise * gauss(),
      disk: full - filling * (at / (7 * 24 * HOUR) - 2_900) * 0.01 + 0.0005 * gauss(),
    });
    const weekAgo = begin - 7 * 24 * HOUR;
    const hourly = Array.from({ length: 14 * 24 - 4 }, (_, hour) => {
      const at = begin - (14 * 24 - 4 - hour) * HOUR;
      const kept = one(at, 0.03);
      return at < weekAgo ? { ...kept, memory: null } : kept;
    });
    const checks = Math.floor((now.getTime() - begin) / (everyMinutes * MINUTE));
    const recent = Array.from({ length: checks }, (_, check) => one(begin + check * everyMinutes * MINUTE, 0.03));
    const id = `i-0${Math.floor(random() * 2 ** 48)
      .toString(16)
      .padStart(12, '0')}${n.toString(16).padStart(4, '0')}`;
    return [id, { ...EMPTY_PAST, recent: packRecent(recent), hourly: packHourly(hourly) }] as const;
  });
  return { hosts: new Map(hosts) };
}

const NAMES = ['ruby', 'sidekiq', 'node', 'chrome', 'python3', 'java', 'nginx', 'postgres', 'puma: cluster w'];

/**
 * The same fleet, low as a whole, so that every host's largest processes are kept: two of five are jobs, of which one in
 * ten is another one in the next check.
 */
export function lowFleet(count: number, now: Date): Samples {
  const random = seeded(count);
  const fleet = noisyFleet(count, now);
  const some = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  let pid = 1000;
  const begun = (startedSeconds: number): SeenProcess => {
    pid += 1 + Math.floor(random() * 400);
    return { pid, name: some(NAMES), kib: 2 ** (15 + 8 * random()), startedSeconds, parentPid: pid - 50 };
  };
  const running = [...fleet.hosts.keys()].map((id) => ({ id, holders: Array.from({ length: 5 }, () => begun(9_999)) }));
  const checks = Array.from({ length: 19 }, (_, n) => new Date(now.getTime() - (18 - n) * 20 * MINUTE));
  let samples: Samples = {
    hosts: new Map([...fleet.hosts].map(([id, past]) => [id, { ...past, recent: EMPTY_PAST.recent }])),
  };
  for (const at of checks) {
    const seen = new Map<string, CurrentProcesses>();
    for (const host of running) {
      host.holders = host.holders.map((one, n) =>
        n > 2 && random() < 0.34
          ? begun(at.getTime() / 1000 - 1.7e9)
          : { ...one, kib: one.kib * (0.98 + 0.05 * random()) },
      );
      const processes = host.holders.toSorted((a, b) => b.kib - a.kib);
      const sizes = { totalKib: 16e6, availableKib: 4e6 * random(), sharedKib: 1e5 * random() };
      seen.set(host.id, { at, ...sizes, uptimeSeconds: 9e6, processes });
    }
    const low = new Map(running.map(({ id }) => [id, { at, memory: 0.2, disk: null }]));
    samples = withSamples(samples, low, at, seen);
  }
  return {
    hosts: new Map([...fleet.hosts].map(([id, past]) => [id, { ...past, extras: samples.hosts.get(id)!.extras }])),
  };
}

/** One host in ten in the midst of an incident, one in ten at the end of one, each with its own pin, boot and times. */
export function noisyState(ids: readonly string[], now: Date): FleetState {
  const random = seeded(ids.length);
  const ago = (most: number) => new Date(now.getTime() - Math.floor(random() * most));
  const bytes = (count: number) => Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)));
  const instances = ids.map((id, n): [string, InstanceState] => {
    const isIll = n % 10 === 0;
    const letters = Array.from({ length: 24 }, () => '.wchku-'[Math.floor(random() * 7)]).join('');
    const incident: Incident = {
      ...{ openedAt: ago(HOUR), due: 'h', mailed: 'h', mailedAt: ago(HOUR) },
      ...{ codes: ['MemoryLow', 'BannerTimeout'], heldMailed: true, flagMailed: true, vainMailed: false },
    };
    return [
      id,
      {
        ...NOTHING_REMEMBERED,
        letters: n % 5 === 0 ? letters : '.'.repeat(24),
        fresh: 24,
        status: isIll ? 'CRITICAL' : 'OK',
        reasons: isIll ? ['BannerTimeout'] : [],
        since: ago(14 * 24 * HOUR),
        pin: `SHA256:${bytes(33).toString('base64').slice(0, 43)}`,
        seen: { boot: bytes(4).toString('hex'), oomKills: Math.floor(random() * 3) },
        ...(isIll && {
          ...{ incident, failures: 5, failingSince: ago(HOUR), flag: { reason: 'BannerTimeout', at: ago(HOUR) } },
          ...{ ends: [ago(6 * HOUR)], mails: [ago(24 * HOUR), ago(24 * HOUR)] },
        }),
      },
    ];
  });
  return { ...EMPTY_STATE, at: now, instances: new Map(instances) };
}
