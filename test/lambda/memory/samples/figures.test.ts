import { gzipSync } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeSamples } from '../../../../lambda/memory/samples/codec.ts';
import { fleetSamples, pastSamples } from '../../../../lambda/memory/samples/figures.ts';
import { EMPTY, withSamples } from '../../../../lambda/memory/samples/samples.ts';
import type { MetricPoint } from '../../../../lambda/model/index.ts';
import { FLEET_METRIC, INSTANCE_METRIC } from '../../../../lambda/model/index.ts';
import { type SandboxBucket, sandboxS3 } from '../../../../sandbox/aws-s3.ts';
import { idOf } from '../../../support/sandbox-fleet.ts';

const NOW = new Date('2026-11-22T08:00:00Z');
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const KEY = 'samples';
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

const SILENT = { info() {}, warn() {}, error() {} };

class World {
  now = NOW;
  readonly bucket: SandboxBucket = { name: 'bucket', objects: new Map() };
  readonly s3 = sandboxS3(this.bucket);
  readonly clock = { now: () => this.now };
  readonly warned: string[] = [];

  /** The figures of one run that begins now. */
  run() {
    const warn = (event: string, fields?: object) => void this.warned.push(`${event} ${Object.values(fields ?? {})}`);
    const log = { info: warn, warn, error: warn };
    return fleetSamples({ s3: this.s3, bucket: 'bucket', clock: this.clock, log });
  }

  /** A run of its own at that minute, which saw these hosts. */
  async saw(minute: number, ...hosts: readonly number[]): Promise<void> {
    this.now = later(minute);
    await this.run().add(
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
}

const packed = (bytes: Uint8Array) => gzipSync(bytes);
const good = encodeSamples(withSamples(EMPTY, new Map([[idOf(1), { at: NOW, memory: 0.1, disk: null }]]), NOW), NOW);

describe('samples that can not be used', () => {
  const text = Buffer.from(good).toString('latin1');
  it.each([
    ['that are lost', null, /not there yet, or was removed/],
    ['that are no gzip', Buffer.from('<html>'), /damaged/],
    ['that are empty', packed(new Uint8Array()), /damaged, or not written by crawlwatch/],
    ['that are cut short', packed(good.subarray(0, -1)), /cut short/],
    ['that are packed and cut short', packed(good).subarray(0, 40), /damaged/],
    ['of an older version', packed(Buffer.from(text.replace('samples 1', 'samples 0'), 'latin1')), /version 0/],
    ['from the future', packed(encodeSamples(EMPTY, later(60))), /in the future/],
  ])('%s: nothing is known of before, one line reports it, and the next check has this one', async (_, bytes, says) => {
    const world = new World();
    if (bytes !== null) world.put(bytes);
    const run = world.run();
    expect([...(await run.history([host(1)])).keys()]).toEqual([]);
    expect(await run.lastGood([host(1)])).toEqual(new Map());
    await run.add([...pointsOf(1), BEAT], NOW);
    expect(world.warned).toEqual([expect.stringMatching(says)]);
    expect(world.warned[0]).toMatch(/^samples\.missing .* begin empty with this check\.$/);
    expect(await world.memoryOf(1)).toEqual([[0, 0.5]]);
    expect(world.warned).toHaveLength(1);
  });

  it('since a newer version wrote them are neither read nor replaced, and every caller is refused', async () => {
    const world = new World();
    const bytes = packed(Buffer.from(text.replace('samples 1', 'samples 2'), 'latin1'));
    world.put(bytes);
    const run = world.run();
    const why = /written by a newer crawlwatch \(format 2\).*s3:\/\/bucket\/samples/;
    await expect(run.history([host(1)])).rejects.toThrow(why);
    await expect(run.lastGood([host(1)])).rejects.toThrow(why);
    await expect(run.add(pointsOf(1), NOW)).rejects.toThrow(why);
    expect(world.bucket.objects.get(KEY)?.bytes).toBe(bytes);
    expect(world.warned).toEqual([]);
  });

  it('since S3 refuses reject, and are not overwritten', async () => {
    const world = new World();
    world.put(packed(good));
    world.s3.fail(GetObjectCommand, world.s3.error('AccessDenied', 'no'), 9);
    const run = world.run();
    await expect(run.history([host(1)])).rejects.toThrow('no');
    await expect(run.add([...pointsOf(2), BEAT], NOW)).rejects.toThrow('no');
    expect(world.bucket.objects.get(KEY)?.etag).toBe('"by hand"');
  });

  it('for a moment only is read once more when the figures are to be kept', async () => {
    const world = new World();
    world.put(packed(good));
    world.s3.fail(GetObjectCommand, world.s3.error('SlowDown', 'later'), 1);
    world.now = later(5);
    const run = world.run();
    await expect(run.history([host(1)])).rejects.toThrow('later');
    await run.add(pointsOf(1), world.now);
    expect(await world.memoryOf(1)).toEqual([
      [0, 0.1],
      [5, 0.5],
    ]);
  });

  it('because another clock is some seconds ahead is used all the same', async () => {
    const world = new World();
    world.put(
      packed(
        encodeSamples(
          withSamples(EMPTY, new Map([[idOf(1), { at: NOW, memory: 0.1, disk: null }]]), NOW),
          new Date(NOW.getTime() + 20_000),
        ),
      ),
    );
    expect((await world.memoryOf(1))?.length).toBe(1);
    expect(world.warned).toEqual([]);
  });
});

describe('a run', () => {
  it('reads the samples once, however often it asks, and writes them once', async () => {
    const world = new World();
    const run = world.run();
    await Promise.all([run.history([host(1)]), run.lastGood([host(1)]), run.history([host(2)])]);
    await run.add(pointsOf(1), NOW);
    expect([...world.s3.calls]).toEqual([
      ['GetObjectCommand', 1],
      ['PutObjectCommand', 1],
    ]);
  });

  it('without figures of instances, as an act is, does not call S3', async () => {
    const world = new World();
    const failed: MetricPoint[] = pointsOf(1).slice(0, 1);
    await world.run().add([...failed, BEAT], NOW);
    expect(world.s3.calls.size).toBe(0);
  });

  it('leaves a figure out that is no number, with its host where it is the memory', async () => {
    const world = new World();
    const points = [...pointsOf(1), ...pointsOf(2)].map((point) =>
      point.name === INSTANCE_METRIC.memory &&
      'InstanceId' in point.dimensions &&
      point.dimensions.InstanceId === idOf(1)
        ? { ...point, value: Number.NaN }
        : point,
    );
    await world.run().add(points, NOW);
    expect([await world.memoryOf(1), await world.memoryOf(2)]).toEqual([undefined, [[0, 0.5]]]);
  });

  it('that only looks back sees what the last one kept, and can not write', async () => {
    const world = new World();
    await world.saw(0, 1);
    const past = pastSamples({ s3: world.s3, bucket: 'bucket', clock: world.clock, log: SILENT });
    expect([...(await past.history([host(1), host(2)])).keys()]).toEqual([idOf(1)]);
    expect(await past.lastGood([host(1), host(2)])).toEqual(new Map([[idOf(1), { at: NOW, memory: 0.5, disk: 0.5 }]]));
    expect(past).not.toHaveProperty('add');
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
            await figures.add(
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
    await Promise.all([one.add(pointsOf(1), NOW), other.add(pointsOf(2), NOW)]);
    expect([await world.memoryOf(1), await world.memoryOf(2)]).toEqual([[[0, 0.5]], [[0, 0.5]]]);
    expect(world.s3.calls.get('PutObjectCommand')).toBe(3);
  });

  it('and keep being overtaken say whose figures are not kept, and leave what the others wrote', async () => {
    const world = new World();
    await world.saw(0, 1);
    world.s3.fail(PutObjectCommand, world.s3.error('PreconditionFailed', 'changed'), 2);
    world.now = later(5);
    await expect(world.run().add([...pointsOf(1), ...pointsOf(2)], world.now)).rejects.toThrow(
      'the samples were written by other checks meanwhile, twice: the figures of 2 instances are not in them',
    );
    expect(await world.memoryOf(1)).toEqual([[0, 0.5]]);
  });
});
