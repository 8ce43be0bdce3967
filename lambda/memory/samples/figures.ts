/** The samples for the length of one run: read once, when first needed, and written once, at its end. */

import type { S3 } from '../../kit/index.ts';
import { packedFiles, packedPieces, packedReader, plural, unpacked } from '../../kit/index.ts';
import type { Clock, History, LastGood, Log, MetricPoint } from '../../model/index.ts';
import { INSTANCE_METRIC, SAMPLES_KEY } from '../../model/index.ts';
import { SamplesReader, SamplesWriter } from './codec.ts';
import { copyOfPast, EMPTY_PAST, type HostSample, type PackedPast } from './packed-past.ts';
import {
  agedBy,
  type Histories,
  lastGoodIn,
  type Named,
  type PastFigures,
  type ProcessesById,
  unpackedHistory,
} from './samples.ts';

export interface FleetSamples extends PastFigures {
  /**
   * Adds the instances' figures among the points; without any, S3 isn't called.
   * @param processes who held their memory, by instance id
   * @throws where S3 refuses, where a newer version wrote the file, or where two other runs have written meanwhile
   */
  add(points: Iterable<MetricPoint>, at: Date, processes?: ProcessesById): Promise<void>;
}

export interface SamplesOptions {
  readonly s3: S3;
  readonly bucket: string;
  readonly clock: Clock;
  readonly log: Log;
}

interface Held {
  /** The file as it is in the bucket; null where there is none that can be used. */
  readonly packed: Uint8Array | null;
  readonly etag: string | null;
}

/** Of the file, as much as is packed at once. */
const PIECE_BYTES = 64 * 1024;

/** For functions that only look back: what writes isn't in their bundle. */
export function pastSamples(options: SamplesOptions): PastFigures {
  const { history, lastGood } = samplesReader(options);
  return { history, lastGood };
}

export function fleetSamples(options: SamplesOptions): FleetSamples {
  const { s3, bucket, clock } = options;
  const { history, lastGood, load, read, hostsOf, forget } = samplesReader(options);

  async function write(
    before: Held,
    added: ReadonlyMap<string, HostSample>,
    processes: ProcessesById | undefined,
  ): Promise<boolean> {
    const now = clock.now();
    const writer = new SamplesWriter(2 * PIECE_BYTES);
    const aging = agedBy(added, now, (id) => processes?.get(id));
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for await (const hosts of hostsOf(before)) {
        for (const [id, past] of hosts) {
          const next = aging.next(id, past);
          if (next !== null) writer.add(id, next);
        }
        yield* full();
      }
      for (const [id, past] of aging.others()) {
        writer.add(id, past);
        yield* full();
      }
      yield writer.view();
    }
    function* full(): Generator<Uint8Array> {
      if (writer.length < PIECE_BYTES) return;
      yield writer.view();
      writer.clear();
    }
    let packed: Uint8Array;
    try {
      packed = await packedPieces(pieces(), () => writer.head(now));
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      // What was read of it until then is not to be kept either.
      return write({ packed: null, etag: before.etag }, added, processes);
    }
    return (await packedFiles(s3, bucket).putPacked(SAMPLES_KEY, packed, before.etag)) !== null;
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

/** The file is none of which anything can be used. */
class Unusable extends Error {}

function samplesReader({ s3, bucket, clock, log }: SamplesOptions) {
  let held: Promise<Held> | undefined;
  /** The pasts that were asked for, and found in the file or not. */
  let looked = new Map<string, PackedPast | null>();
  let isReported = false;
  const forget = () => {
    held = undefined;
    looked = new Map();
  };

  const missing = (why: string) => {
    if (isReported) return;
    isReported = true;
    log.warn('samples.missing', {
      text: `The file of samples is ${why}: forecasts and last figures begin empty with this check.`,
    });
  };

  async function load(): Promise<Held> {
    const { packed, etag } = (await packedReader(s3, bucket).getPacked(SAMPLES_KEY)) ?? { packed: null, etag: null };
    if (packed === null) missing('not there yet, or was removed');
    return { packed, etag };
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

  /**
   * Unpacks the hosts some at a time; their pasts are good until the next ones are asked for.
   * @throws Unusable, after hosts perhaps, and having warned; Error where a newer version wrote the file
   */
  async function* hostsOf({ packed }: Held): AsyncGenerator<Iterable<readonly [id: string, past: PackedPast]>> {
    if (packed === null) return;
    const reader = new SamplesReader(clock.now());
    try {
      for await (const piece of unpacked(packed)) {
        yield reader.read(piece);
        if (reader.trouble !== null) break;
      }
    } catch (error) {
      missing('damaged');
      throw new Unusable('damaged', { cause: error });
    }
    yield reader.last();
    const { trouble } = reader;
    if (trouble?.kind === 'newer') {
      throw new Error(
        `the samples were written by a newer crawlwatch (format ${trouble.version}): they are neither read nor replaced; deploy that version again, or delete s3://${bucket}/${SAMPLES_KEY}`,
      );
    }
    if (trouble === null) return;
    missing(trouble.why);
    throw new Unusable(trouble.why);
  }

  /** The pasts of these instances, in one pass over the file. */
  async function look(instances: readonly Named[]): Promise<ReadonlyMap<string, PackedPast | null>> {
    const file = await read();
    const known = looked;
    const asked = new Set(instances.map(({ id }) => id).filter((id) => !known.has(id)));
    if (asked.size === 0) return known;
    const found = new Map<string, PackedPast>();
    try {
      for await (const hosts of hostsOf(file)) {
        for (const [id, past] of hosts) if (asked.has(id)) found.set(id, copyOfPast(past));
      }
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      found.clear();
    }
    for (const id of asked) known.set(id, found.get(id) ?? null);
    return known;
  }

  const past: PastFigures = {
    history: async (instances) => {
      const pasts = await look(instances);
      const now = clock.now();
      const known = instances.map(({ id }) => id).filter((id) => pasts.get(id) != null);
      return new Unpacked(known, (id) => unpackedHistory(pasts.get(id) ?? EMPTY_PAST, now));
    },
    lastGood: async (instances) => {
      const pasts = await look(instances);
      const now = clock.now();
      return new Map(
        instances.flatMap(({ id }): [string, LastGood][] => {
          const packed = pasts.get(id);
          const last = packed == null ? null : lastGoodIn(packed, now);
          return last === null ? [] : [[id, last]];
        }),
      );
    },
  };
  return { ...past, load, read, hostsOf, forget };
}
/** Unpacks each host's when it is asked for: some 90 kB of samples, and in a large fleet thousands of hosts may be low. */
class Unpacked implements Histories {
  readonly #ids: ReadonlySet<string>;
  readonly #of: (id: string) => History;

  constructor(ids: readonly string[], of: (id: string) => History) {
    this.#ids = new Set(ids);
    this.#of = of;
  }

  get size(): number {
    return this.#ids.size;
  }

  get(id: string): History | undefined {
    return this.#ids.has(id) ? this.#of(id) : undefined;
  }

  keys(): Iterable<string> {
    return this.#ids.keys();
  }
}

/** Percent used become shares available. A host without a figure of its memory did not answer. */
function samplesOf(points: Iterable<MetricPoint>, at: Date): Map<string, HostSample> {
  const samples = new Map<string, { at: Date; memory: number; disk: number | null }>();
  for (const [id, memory] of availableIn(points, INSTANCE_METRIC.memory)) samples.set(id, { at, memory, disk: null });
  for (const [id, disk] of availableIn(points, INSTANCE_METRIC.disk)) {
    const sample = samples.get(id);
    if (sample !== undefined) sample.disk = disk;
  }
  return samples;
}

function* availableIn(points: Iterable<MetricPoint>, metric: string): Generator<readonly [id: string, share: number]> {
  for (const { name, value, dimensions } of points) {
    if (name !== metric || !('InstanceId' in dimensions) || !Number.isFinite(value)) continue;
    yield [dimensions.InstanceId, 1 - value / 100];
  }
}
