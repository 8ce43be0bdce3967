import { gzipSync } from 'node:zlib';
import { GetMetricDataCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { figuresOf, fleetSnapshot } from '../../../lambda/memory/figures.ts';
import { EMPTY, withSamples } from '../../../lambda/memory/snapshot.ts';
import { encodeSnapshot } from '../../../lambda/memory/snapshot-codec.ts';
import type { MetricPoint } from '../../../lambda/model/index.ts';
import { FLEET_METRIC, INSTANCE_METRIC } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { SandboxAws } from '../../../sandbox/aws.ts';
import { type SandboxBucket, sandboxS3 } from '../../../sandbox/aws-s3.ts';
import { idOf } from '../../support/sandbox-fleet.ts';

const NOW = new Date('2026-11-22T08:00:00Z');
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const KEY = 'samples';
const NONE = parseSettings({ metrics: { perInstance: 'none' } });
const BEAT: MetricPoint = { name: FLEET_METRIC.duration, value: 1, unit: 'Milliseconds', dimensions: { Stack: 'One' } };

const host = (n: number) => ({ id: idOf(n), name: `crawler${n}` });
/** What a host that has this share of its memory left is published with, and half of its disk. */
function pointsOf(n: number, available = 0.5): MetricPoint[] {
  const dimensions = { InstanceId: idOf(n), Name: `crawler${n}` };
  const percent = (name: string, value: number): MetricPoint => ({ name, value, unit: 'Percent', dimensions });
  return [
    { name: INSTANCE_METRIC.success, value: 1, unit: 'Count', dimensions },
    percent(INSTANCE_METRIC.memory, 100 * (1 - available)),
    percent(INSTANCE_METRIC.disk, 50),
  ];
}

class World {
  now = NOW;
  readonly bucket: SandboxBucket = { name: 'bucket', objects: new Map() };
  readonly s3 = sandboxS3(this.bucket);
  readonly clock = { now: () => this.now };
  readonly aws = new SandboxAws({ now: this.clock.now });
  readonly warned: string[] = [];

  /** The figures of one run that begins now. */
  run() {
    const warn = (event: string, fields?: object) => void this.warned.push(`${event} ${Object.values(fields ?? {})}`);
    const log = { info: warn, warn, error: warn };
    const snapshot = fleetSnapshot({ s3: this.s3, bucket: 'bucket', clock: this.clock, log });
    return figuresOf({ settings: NONE, cloudWatch: this.aws.cloudwatch, clock: this.clock, snapshot });
  }

  /** A run of its own at that minute, which saw these hosts. */
  async saw(minute: number, ...hosts: readonly number[]): Promise<void> {
    this.now = later(minute);
    await this.run().publish(
      hosts.flatMap((n) => pointsOf(n)),
      this.now,
    );
  }

  async memoryOf(n: number) {
    const history = (await this.run().history([host(n)])).get(idOf(n));
    return history?.memory.map(({ at, available }) => [(at.getTime() - NOW.getTime()) / 60_000, available]);
  }

  put(bytes: Uint8Array): void {
    this.bucket.objects.set(KEY, { bytes, etag: '"by hand"' });
  }

  get beats(): number {
    return this.aws.cloudwatch.calls.get('PutMetricDataCommand') ?? 0;
  }
}

const packed = (bytes: Uint8Array) => gzipSync(bytes);
const good = encodeSnapshot(withSamples(EMPTY, new Map([[idOf(1), { at: NOW, memory: 0.1, disk: null }]]), NOW), NOW);

describe('a snapshot that can not be used', () => {
  const text = Buffer.from(good).toString('latin1');
  it.each([
    ['that is lost', null, /no snapshot of the fleet yet, or it was removed/],
    ['that is no gzip', Buffer.from('<html>'), /damaged/],
    ['that is empty', packed(new Uint8Array()), /damaged/],
    ['that is cut short', packed(good.subarray(0, -1)), /damaged/],
    ['that is packed and cut short', packed(good).subarray(0, 40), /damaged/],
    ['of another version', packed(Buffer.from(text.replace('snapshot 1', 'snapshot 2'), 'latin1')), /another version/],
    ['from a time to come', packed(encodeSnapshot(EMPTY, later(60))), /a time to come/],
  ])('%s: nothing is known of before, one line says so, and the next check has this one', async (_, bytes, says) => {
    const world = new World();
    if (bytes !== null) world.put(bytes);
    const run = world.run();
    expect(await run.history([host(1)])).toEqual(new Map());
    expect(await run.lastGood([host(1)])).toEqual(new Map());
    await run.publish([...pointsOf(1), BEAT], NOW);
    expect(world.warned).toEqual([expect.stringMatching(says)]);
    expect(world.warned[0]).toMatch(/^snapshot\.missing .* begin anew with this check\.$/);
    expect(await world.memoryOf(1)).toEqual([[0, 0.5]]);
    expect(world.warned).toHaveLength(1);
  });

  it('because S3 refuses fails whoever asks, is not written over, and costs the heartbeat nothing', async () => {
    const world = new World();
    world.put(packed(good));
    world.s3.fail(GetObjectCommand, world.s3.error('AccessDenied', 'no'), 9);
    const run = world.run();
    await expect(run.history([host(1)])).rejects.toThrow('no');
    await expect(run.publish([...pointsOf(2), BEAT], NOW)).rejects.toThrow('no');
    expect(world.beats).toBe(1);
    expect(world.bucket.objects.get(KEY)?.etag).toBe('"by hand"');
  });

  it('for a moment only is read once more when the figures are to be kept', async () => {
    const world = new World();
    world.put(packed(good));
    world.s3.fail(GetObjectCommand, world.s3.error('SlowDown', 'later'), 1);
    world.now = later(5);
    const run = world.run();
    await expect(run.history([host(1)])).rejects.toThrow('later');
    await run.publish(pointsOf(1), world.now);
    expect(await world.memoryOf(1)).toEqual([
      [0, 0.1],
      [5, 0.5],
    ]);
  });

  it('because another clock is some seconds ahead is used all the same', async () => {
    const world = new World();
    world.put(
      packed(
        encodeSnapshot(
          withSamples(EMPTY, new Map([[idOf(1), { at: NOW, memory: 0.1, disk: null }]]), NOW),
          new Date(NOW.getTime() + 20_000),
        ),
      ),
    );
    expect((await world.memoryOf(1))?.length).toBe(1);
    expect(world.warned).toEqual([]);
  });
});

describe('where no metrics of instances are published', () => {
  it('the metrics get what is told of the fleet alone, and are never asked for the past', async () => {
    const world = new World();
    await world.run().publish([...pointsOf(1), BEAT], NOW);
    const [put] = [PutMetricDataCommand, GetMetricDataCommand].map((one) => world.aws.cloudwatch.calls.get(one.name));
    expect(put).toBe(1);
    world.now = later(5);
    const run = world.run();
    expect((await run.lastGood([host(1), host(2)])).get(idOf(1))).toEqual({ at: NOW, memory: 0.5, disk: 0.5 });
    expect([...(await run.history([host(1), host(2)])).keys()]).toEqual([idOf(1)]);
    expect(world.aws.cloudwatch.calls.has('GetMetricDataCommand')).toBe(false);
    const byMetrics = figuresOf({ settings: parseSettings({}), cloudWatch: world.aws.cloudwatch, clock: world.clock });
    expect(await byMetrics.history([host(1)])).toEqual(new Map());
  });

  it('a run reads the snapshot once, however often it asks, and writes it once', async () => {
    const world = new World();
    const run = world.run();
    await Promise.all([run.history([host(1)]), run.lastGood([host(1)]), run.history([host(2)])]);
    await run.publish(pointsOf(1), NOW);
    expect([...world.s3.calls]).toEqual([
      ['GetObjectCommand', 1],
      ['PutObjectCommand', 1],
    ]);
  });

  it('what has no figures of instances to tell, as an act has not, does not touch the snapshot', async () => {
    const world = new World();
    const failed: MetricPoint[] = pointsOf(1).slice(0, 1);
    await world.run().publish([...failed, BEAT], NOW);
    expect([world.s3.calls.size, world.beats]).toEqual([0, 1]);
  });

  it('a figure that is none is left out, with its host where it is the memory', async () => {
    const world = new World();
    const points = [...pointsOf(1), ...pointsOf(2)].map((point) =>
      point.name === INSTANCE_METRIC.memory &&
      'InstanceId' in point.dimensions &&
      point.dimensions.InstanceId === idOf(1)
        ? { ...point, value: Number.NaN }
        : point,
    );
    await world.run().publish(points, NOW);
    expect([await world.memoryOf(1), await world.memoryOf(2)]).toEqual([undefined, [[0, 0.5]]]);
  });

  it('without a bucket nothing is known of before, and the fleet is still told of', async () => {
    const world = new World();
    const figures = figuresOf({ settings: NONE, cloudWatch: world.aws.cloudwatch, clock: world.clock });
    await figures.publish([...pointsOf(1), BEAT], NOW);
    expect([(await figures.history([host(1)])).size, (await figures.lastGood([host(1)])).size]).toEqual([0, 0]);
    expect(world.beats).toBe(1);
  });
});

describe('runs that overlap', () => {
  it('lose nothing of what another has written since they read: each host has the newest of all of them', async () => {
    const run = fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(run, { minLength: 2, maxLength: 4 }),
        fc.infiniteStream(fc.nat()),
        async (runs, dice) => {
          const world = new World();
          await world.saw(0, 1, 2, 3, 4, 5, 6);
          // All have read before the first of them writes; they write in any order.
          const begun = [];
          for (const [n, hosts] of runs.entries()) {
            world.now = later(1 + n);
            const figures = world.run();
            await figures.history([host(1)]);
            begun.push({ figures, hosts, at: world.now, turn: dice.next().value });
          }
          world.now = later(10);
          for (const { figures, hosts, at } of begun.toSorted((a, b) => a.turn - b.turn)) {
            await figures.publish(
              hosts.flatMap((n) => pointsOf(n, 0.4)),
              at,
            );
          }
          for (const n of [1, 2, 3, 4, 5, 6]) {
            const memory = (await world.memoryOf(n)) ?? [];
            expect(memory[0]).toEqual([0, 0.5]);
            expect(memory.at(-1)?.[0]).toBe(Math.max(0, ...runs.map((hosts, i) => (hosts.includes(n) ? i + 1 : 0))));
          }
        },
      ),
      // A run makes up to a dozen checks against S3 and CloudWatch of the sandbox.
      { numRuns: 40 },
    );
  });

  it('at the same instant have both what they saw', async () => {
    const world = new World();
    const [one, other] = [world.run(), world.run()];
    await Promise.all([one.publish(pointsOf(1), NOW), other.publish(pointsOf(2), NOW)]);
    expect([await world.memoryOf(1), await world.memoryOf(2)]).toEqual([[[0, 0.5]], [[0, 0.5]]]);
    expect(world.s3.calls.get('PutObjectCommand')).toBe(3);
  });

  it('and keep being overtaken say whose figures are not kept, and leave what the others wrote', async () => {
    const world = new World();
    await world.saw(0, 1);
    world.s3.fail(PutObjectCommand, world.s3.error('PreconditionFailed', 'changed'), 2);
    world.now = later(5);
    await expect(world.run().publish([...pointsOf(1), ...pointsOf(2)], world.now)).rejects.toThrow(
      'the snapshot was written by other checks meanwhile, twice: the figures of 2 instances are not in it',
    );
    expect(await world.memoryOf(1)).toEqual([[0, 0.5]]);
  });
});
