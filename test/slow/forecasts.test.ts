import { describe, expect, it } from 'vitest';
import type { Trace } from '../../bin/backtest/replay.ts';
import { forecast } from '../../lambda/forecast/forecast.ts';
import { packedFiles } from '../../lambda/kit/s3.ts';
import { encodeSamples } from '../../lambda/memory/samples/codec.ts';
import { fleetSamples } from '../../lambda/memory/samples/figures.ts';
import type { HostSample } from '../../lambda/memory/samples/packed-past.ts';
import { EMPTY, withSamples } from '../../lambda/memory/samples/samples.ts';
import type { Clock, MetricPoint, Sample } from '../../lambda/model/index.ts';
import { INSTANCE_METRIC, SAMPLES_KEY } from '../../lambda/model/index.ts';
import { sandboxS3 } from '../../sandbox/aws-s3.ts';
import { syntheticTraces } from '../../tools/forecast/hosts.ts';
import { idOf } from '../support/sandbox-fleet.ts';

const EVERY = 5 * 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const END = Date.UTC(2026, 10, 22, 8, 40);
/** Checks that both ways are asked in: five hours, so that the hour turns often enough. */
const ASKED = 60;
const BUCKET = 'bucket';
const QUIET = { info: () => {}, warn: () => {}, error: () => {} };

/** A host that lived through a trace which ends at END; what the trace doesn't tell of it is as it ever was. */
interface Lived {
  readonly id: string;
  readonly name: string;
  readonly trace: Trace;
  /** By time; silent where it did not answer. */
  readonly samples: ReadonlyMap<number, HostSample>;
}

function lived(trace: Trace, n: number): Lived {
  const id = idOf(n + 1);
  const shift = END - (trace.samples.at(-1)?.at.getTime() ?? END);
  const samples = trace.samples.flatMap(({ at: when, available }): [number, HostSample][] => {
    if (available === null) return [];
    const at = new Date(when.getTime() + shift);
    const figures = trace.resource === 'memory' ? { memory: available, disk: 0.5 } : { memory: 0.5, disk: available };
    return [[at.getTime(), { at, ...figures }]];
  });
  return { id, name: trace.family, trace, samples: new Map(samples) };
}

const pointsAt = (hosts: readonly Lived[], time: number): MetricPoint[] =>
  hosts.flatMap((host) => {
    const sample = host.samples.get(time);
    if (sample === undefined) return [];
    const one = (name: string, available: number): MetricPoint => ({
      name,
      value: (1 - available) * 100,
      unit: 'Percent',
      dimensions: { InstanceId: host.id, Name: host.name },
    });
    return [one(INSTANCE_METRIC.memory, sample.memory ?? 0), one(INSTANCE_METRIC.disk, sample.disk ?? 0)];
  });

/** The days before, as each check had left them. */
async function remembered(hosts: readonly Lived[], clock: { now: Date }) {
  const time: Clock = { now: () => clock.now };
  const s3 = sandboxS3({ name: BUCKET, objects: new Map() });
  const until = END - ASKED * EVERY;
  const pasts = hosts.flatMap(({ id, samples }) => {
    const before = [...samples.values()].filter(({ at }) => at.getTime() < until);
    return [...before.reduce((known, sample) => withSamples(known, new Map([[id, sample]]), sample.at), EMPTY).hosts];
  });
  await packedFiles(s3, BUCKET).put(
    SAMPLES_KEY,
    [encodeSamples({ hosts: new Map(pasts) }, new Date(until - EVERY))],
    null,
  );
  return () => fleetSamples({ s3, bucket: BUCKET, clock: time, log: QUIET });
}

/** What the host has lived through, to the last digit: every check of three to four hours, each hour's worst before. */
function livedBefore({ trace: { resource }, samples }: Lived, now: Date): Sample[] {
  const since = Math.floor((now.getTime() - 3 * HOUR) / HOUR) * HOUR;
  const oldest = since - (resource === 'memory' ? 7 : 14) * DAY;
  const byTime = new Map<number, number>();
  for (const [time, sample] of samples) {
    const available = sample[resource] ?? 0;
    const key = time >= since ? time : Math.floor(time / HOUR) * HOUR;
    if (time < now.getTime() && key >= oldest) byTime.set(key, Math.min(byTime.get(key) ?? 1, available));
  }
  return [...byTime].map(([time, available]) => ({ at: new Date(time), available }));
}

/** What is said of the hosts in one check by such pasts; `speaking` is what was said in the last. */
function said(pasts: readonly (readonly Sample[])[], hosts: readonly Lived[], at: Date, speaking: Set<string>) {
  return hosts.map(({ id, trace: { resource }, samples }, n) => {
    const available = samples.get(at.getTime())?.[resource] ?? null;
    if (available === null) return null;
    const result = forecast(
      resource,
      pasts[n] ?? [],
      { at, available },
      { speaking: speaking.has(id), everyMinutes: 5 },
    );
    speaking[result.speaking ? 'add' : 'delete'](id);
    return result;
  });
}

/** Whether two forecasts agree, but for shares that the samples have rounded. */
const isNear = (one: number | null, other: number | null): boolean =>
  one === null || other === null ? one === other : Math.abs(one - other) <= Math.max(2, 0.05 * one);

describe('the samples beside what hosts have lived through', () => {
  it('has the forecast speak in the same checks, on hosts of every family', async () => {
    const hosts = [...syntheticTraces(12, 1)].map(lived);
    const clock = { now: new Date(END) };
    const samples = await remembered(hosts, clock);
    const [speaking, speakingToo] = [new Set<string>(), new Set<string>()];
    const [differ, families] = [[] as string[], new Set<string>()];
    let [spoken, near] = [0, 0];
    for (let time = END - ASKED * EVERY; time <= END; time += EVERY) {
      clock.now = new Date(time);
      const run = samples();
      const kept = await run.history(hosts);
      const lived = hosts.map((host) => livedBefore(host, clock.now));
      const read = hosts.map(({ id, trace: { resource } }) => kept.get(id)?.[resource] ?? []);
      const one = said(lived, hosts, clock.now, speaking);
      const other = said(read, hosts, clock.now, speakingToo);
      for (const [n, { name }] of hosts.entries()) {
        const [a, b] = [one[n] ?? null, other[n] ?? null];
        if (a?.speaking !== b?.speaking) differ.push(`${name} at ${clock.now.toISOString()}`);
        if (a === null || b === null || !a.speaking) continue;
        families.add(name);
        spoken += 1;
        if (isNear(a.minutes, b.minutes)) near += 1;
      }
      await run.add(pointsAt(hosts, time), clock.now);
    }
    expect(differ).toEqual([]);
    const runningOut = hosts.filter(({ trace }) => trace.exhaustedAt.length > 0).map(({ name }) => name);
    expect(runningOut.filter((name) => !families.has(name))).toEqual(['sudden_balloon']);
    expect(spoken).toBeGreaterThan(100);
    expect(near / spoken).toBeGreaterThan(0.95);
  });
});
