import { describe, expect, it } from 'vitest';
import type { Trace } from '../../bin/backtest/replay.ts';
import { forecast } from '../../lambda/forecast/forecast.ts';
import { metricDimensions } from '../../lambda/memory/dimensions.ts';
import { type Figures, figuresOf, fleetSnapshot } from '../../lambda/memory/figures.ts';
import type { HostPast, HostSample } from '../../lambda/memory/packed-past.ts';
import { writeSnapshotFile } from '../../lambda/memory/s3.ts';
import { EMPTY, withSamples } from '../../lambda/memory/snapshot.ts';
import { encodeSnapshot } from '../../lambda/memory/snapshot-codec.ts';
import type { Clock, MetricPoint } from '../../lambda/model/index.ts';
import { INSTANCE_METRIC } from '../../lambda/model/index.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { SandboxAws } from '../../sandbox/aws.ts';
import { sandboxS3 } from '../../sandbox/aws-s3.ts';
import { syntheticTraces } from '../../tools/forecast/hosts.ts';
import { idOf } from '../support/sandbox-fleet.ts';

const EVERY = 5 * 60_000;
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
    const told = trace.resource === 'memory' ? { memory: available, disk: 0.5 } : { memory: 0.5, disk: available };
    return [[at.getTime(), { at, ...told }]];
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
      dimensions: metricDimensions(host),
    });
    return [one(INSTANCE_METRIC.memory, sample.memory), one(INSTANCE_METRIC.disk, sample.disk ?? 0)];
  });

/** The days before, in both: by metrics as they were published, by the snapshot as each check had left it. */
async function remembered(hosts: readonly Lived[], clock: { now: Date }) {
  const time: Clock = { now: () => clock.now };
  const [aws, s3] = [new SandboxAws({ now: time.now }), sandboxS3({ name: BUCKET, objects: new Map() })];
  const world = { cloudWatch: aws.cloudwatch, clock: time };
  const byMetrics = figuresOf({ ...world, settings: parseSettings({}) });
  const until = END - ASKED * EVERY;
  const times = [...new Set(hosts.flatMap(({ samples }) => [...samples.keys()]))]
    .filter((at) => at < until)
    .sort((a, b) => a - b);
  for (const at of times) {
    clock.now = new Date(at);
    await byMetrics.publish(pointsAt(hosts, at), clock.now);
  }
  const pasts = hosts.map(({ id, samples }): [string, HostPast][] => {
    const before = [...samples.values()].filter(({ at }) => at.getTime() < until);
    const one = before.reduce((known, sample) => withSamples(known, new Map([[id, sample]]), sample.at), EMPTY);
    return [...one.hosts];
  });
  const last = new Date(until - EVERY);
  await writeSnapshotFile(s3, BUCKET, encodeSnapshot({ hosts: new Map(pasts.flat()) }, last), null);
  const bySnapshot = (): Figures =>
    figuresOf({
      ...world,
      settings: parseSettings({ metrics: { perInstance: 'none' } }),
      snapshot: fleetSnapshot({ s3, bucket: BUCKET, clock: time, log: QUIET }),
    });
  return { byMetrics, bySnapshot };
}

/** What is said of the hosts in one check, by one of the ways; `speaking` is what it said in the last. */
async function said(figures: Figures, hosts: readonly Lived[], at: Date, speaking: Set<string>) {
  const histories = await figures.history(hosts);
  return hosts.map(({ id, trace: { resource }, samples }) => {
    const sample = samples.get(at.getTime());
    const available = sample?.[resource] ?? null;
    if (available === null) return null;
    const past = histories.get(id)?.[resource] ?? [];
    const told = forecast(resource, past, { at, available }, { speaking: speaking.has(id), everyMinutes: 5 });
    speaking[told.speaking ? 'add' : 'delete'](id);
    return told;
  });
}

/** Whether two tell the same, but for a share that the snapshot has rounded to a hundredth of a percent. */
const isNear = (one: number | null, other: number | null): boolean =>
  one === null || other === null ? one === other : Math.abs(one - other) <= Math.max(2, 0.05 * one);

describe('the snapshot beside the metrics', () => {
  it('has the forecast speak in the same checks, on hosts of every family', { timeout: 120_000 }, async () => {
    const hosts = [...syntheticTraces(12, 1)].map(lived);
    const clock = { now: new Date(END) };
    const { byMetrics, bySnapshot } = await remembered(hosts, clock);
    const [speaking, speakingToo] = [new Set<string>(), new Set<string>()];
    const [differ, families] = [[] as string[], new Set<string>()];
    let [spoken, near] = [0, 0];
    for (let time = END - ASKED * EVERY; time <= END; time += EVERY) {
      clock.now = new Date(time);
      const kept = bySnapshot();
      const one = await said(byMetrics, hosts, clock.now, speaking);
      const other = await said(kept, hosts, clock.now, speakingToo);
      for (const [n, { name }] of hosts.entries()) {
        const [a, b] = [one[n] ?? null, other[n] ?? null];
        if (a?.speaking !== b?.speaking) differ.push(`${name} at ${clock.now.toISOString()}`);
        if (a === null || b === null || !a.speaking) continue;
        families.add(name);
        spoken += 1;
        if (isNear(a.minutes, b.minutes)) near += 1;
      }
      await byMetrics.publish(pointsAt(hosts, time), clock.now);
      await kept.publish(pointsAt(hosts, time), clock.now);
    }
    expect(differ).toEqual([]);
    const runningOut = hosts.filter(({ trace }) => trace.exhaustedAt.length > 0).map(({ name }) => name);
    expect(runningOut.filter((name) => !families.has(name))).toEqual(['sudden_balloon']);
    expect(spoken).toBeGreaterThan(100);
    expect(near / spoken).toBeGreaterThan(0.95);
  });
});
