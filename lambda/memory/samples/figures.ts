/** The samples for the length of one run: read once, when first needed, and written once, at its end. */

import type { S3 } from '../../kit/index.ts';
import { packedFiles, packedReader, plural } from '../../kit/index.ts';
import type { Clock, CurrentProcesses, Log, MetricPoint } from '../../model/index.ts';
import { INSTANCE_METRIC, SAMPLES_KEY } from '../../model/index.ts';
import { decodeSamples, encodeHosts } from './codec.ts';
import type { HostSample } from './packed-past.ts';
import { agedHosts, EMPTY, historyOf, lastGoodOf, type Named, type PastFigures, type Samples } from './samples.ts';

export interface FleetSamples extends PastFigures {
  /**
   * Adds the instances' figures among the points; without any, S3 isn't called.
   * @param processes who held their memory, by instance id
   * @throws where S3 refuses, where a newer version wrote the file, or where two other runs have written meanwhile
   */
  add(points: readonly MetricPoint[], at: Date, processes?: ReadonlyMap<string, CurrentProcesses>): Promise<void>;
}

export interface SamplesOptions {
  readonly s3: S3;
  readonly bucket: string;
  readonly clock: Clock;
  readonly log: Log;
}

interface Held {
  readonly samples: Samples;
  readonly etag: string | null;
  /** Of the file, unpacked. */
  readonly byteLength: number;
}

/** A check adds a few bytes to a host. */
const NEW_BYTES = 16;
const GROWTH_BYTES = 64 * 1024;

/** For functions that only look back: what writes isn't in their bundle. */
export function pastSamples(options: SamplesOptions): PastFigures {
  const { history, lastGood } = samplesReader(options);
  return { history, lastGood };
}

export function fleetSamples(options: SamplesOptions): FleetSamples {
  const { s3, bucket, clock } = options;
  const { history, lastGood, load, read, forget } = samplesReader(options);

  async function write(
    before: Held,
    added: ReadonlyMap<string, HostSample>,
    processes: ReadonlyMap<string, CurrentProcesses> | undefined,
  ): Promise<boolean> {
    const now = clock.now();
    const aged = agedHosts(before.samples, added, now, processes);
    const bytes = encodeHosts(aged, now, before.byteLength + GROWTH_BYTES + added.size * NEW_BYTES);
    return (await packedFiles(s3, bucket).put(SAMPLES_KEY, bytes, before.etag)) !== null;
  }

  return {
    history,
    lastGood,
    add: async (points, at, processes) => {
      const added = samplesOf(points, at);
      if (added.size === 0) return;
      const before = await read();
      forget();
      // Another run that has written meanwhile saw what this one did not: both are kept.
      if ((await write(before, added, processes)) || (await write(await load(), added, processes))) return;
      throw new Error(
        `the samples were written by other checks meanwhile, twice: the figures of ${plural(added.size, 'instance')} are not in them`,
      );
    },
  };
}

function samplesReader({ s3, bucket, clock, log }: SamplesOptions) {
  let held: Promise<Held> | undefined;
  const forget = () => {
    held = undefined;
  };

  async function load(): Promise<Held> {
    const { bytes, etag } = (await packedReader(s3, bucket).get(SAMPLES_KEY)) ?? { bytes: null, etag: null };
    const decoded = bytes === null ? null : decodeSamples(bytes, clock.now());
    if (decoded?.kind === 'samples') return { samples: decoded.samples, etag, byteLength: bytes?.length ?? 0 };
    if (decoded?.kind === 'newer') {
      throw new Error(
        `the samples were written by a newer crawlwatch (format ${decoded.version}): they are neither read nor replaced; deploy that version again, or delete s3://${bucket}/${SAMPLES_KEY}`,
      );
    }
    const why = etag === null ? 'not there yet, or was removed' : (decoded?.why ?? 'damaged');
    log.warn('samples.missing', {
      text: `The file of samples is ${why}: forecasts and last figures begin empty with this check.`,
    });
    return { samples: EMPTY, etag, byteLength: 0 };
  }

  function read(): Promise<Held> {
    if (held === undefined) {
      const reading = load();
      held = reading;
      // A read that failed is tried again when the figures are to be kept.
      reading.catch(forget);
    }
    return held;
  }

  const past: PastFigures = {
    history: async (instances) => {
      const { samples } = await read();
      return byId(instances, (id) => historyOf(samples, id, clock.now()));
    },
    lastGood: async (instances) => {
      const { samples } = await read();
      return byId(instances, (id) => lastGoodOf(samples, id, clock.now()));
    },
  };
  return { ...past, load, read, forget };
}

function byId<T>(instances: readonly Named[], of: (id: string) => T | null | undefined): Map<string, T> {
  const found = new Map<string, T>();
  for (const { id } of instances) {
    const value = of(id);
    if (value !== null && value !== undefined) found.set(id, value);
  }
  return found;
}

/** Percent used become shares available. A host without a figure of its memory did not answer. */
function samplesOf(points: readonly MetricPoint[], at: Date): Map<string, HostSample> {
  const available = (name: string): Map<string, number> =>
    new Map(
      points.flatMap((point) =>
        'InstanceId' in point.dimensions && point.name === name && Number.isFinite(point.value)
          ? [[point.dimensions.InstanceId, 1 - point.value / 100]]
          : [],
      ),
    );
  const disk = available(INSTANCE_METRIC.disk);
  return new Map(
    [...available(INSTANCE_METRIC.memory)].map(([id, memory]) => [id, { at, memory, disk: disk.get(id) ?? null }]),
  );
}
