/**
 * Where a check's figures of single instances go, and where those of before come from: the metrics, or one snapshot of
 * the whole fleet in S3 where the settings have no metrics of instances published.
 */

import type { CloudWatch, S3 } from '../kit/index.ts';
import { plural } from '../kit/index.ts';
import type { Clock, History, LastGood, Log, MetricPoint } from '../model/index.ts';
import { INSTANCE_METRIC, isFleetMetric } from '../model/index.ts';
import { keepsSnapshot, type Settings } from '../settings/index.ts';
import { publishMetrics, readHistory, readLastGood } from './cloudwatch.ts';
import { metricDimensions } from './dimensions.ts';
import type { HostSample } from './packed-past.ts';
import { readSnapshotFile, writeSnapshotFile } from './s3.ts';
import { EMPTY, historyOf, lastGoodOf, type Snapshot, withSamples } from './snapshot.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot-codec.ts';

type Asked = Parameters<typeof metricDimensions>[0];

/** The past of single instances, by instance id; those of which nothing is known are absent. */
export interface PastFigures {
  /** What forecasts and the widget's lines are drawn from. */
  history(instances: readonly Asked[]): Promise<ReadonlyMap<string, History>>;
  /** How each stood when it last told. */
  lastGood(instances: readonly Asked[]): Promise<ReadonlyMap<string, LastGood>>;
}

export interface Figures extends PastFigures {
  /** @throws Error that says what was lost, once the rest is published */
  publish(points: readonly MetricPoint[], at: Date): Promise<void>;
}

/** The fleet's snapshot for the length of one run: it is read once, when first asked for. */
export interface FleetSnapshot extends PastFigures {
  /**
   * Adds the instances' figures among the points; without any, S3 isn't asked. Absent where it is only looked back on.
   * @throws where S3 refuses, or where two other runs have written in between
   */
  add?(points: readonly MetricPoint[], at: Date): Promise<void>;
}

export interface FiguresWorld {
  readonly settings: Settings;
  readonly cloudWatch: CloudWatch;
  readonly clock: Clock;
  readonly snapshot?: FleetSnapshot;
}

/** Figures by metrics, or by the snapshot; where there should be one and isn't, nothing is known of before. */
export function pastFiguresOf({ settings, cloudWatch, clock, snapshot = NOTHING_KNOWN }: FiguresWorld): PastFigures {
  if (keepsSnapshot(settings)) return snapshot;
  return {
    history: (instances) => readHistory(cloudWatch, instances.map(metricDimensions), clock.now()),
    lastGood: (instances) => readLastGood(cloudWatch, instances.map(metricDimensions), clock.now()),
  };
}

/** Those, and where new ones go. */
export function figuresOf(world: FiguresWorld): Figures {
  const { settings, cloudWatch, snapshot = NOTHING_KNOWN } = world;
  const { history, lastGood } = pastFiguresOf(world);
  if (!keepsSnapshot(settings)) {
    return { history, lastGood, publish: (points, at) => publishMetrics(cloudWatch, points, at) };
  }
  return {
    history,
    lastGood,
    publish: async (points, at) => {
      const ofFleet = points.filter(isFleetMetric);
      try {
        await snapshot.add?.(points, at);
      } finally {
        // Whatever became of the snapshot: the heartbeat is that the check was made.
        await publishMetrics(cloudWatch, ofFleet, at);
      }
    },
  };
}

const NOTHING_KNOWN: FleetSnapshot = {
  history: async () => new Map(),
  lastGood: async () => new Map(),
};

export interface SnapshotWorld {
  readonly s3: S3;
  readonly bucket: string;
  readonly clock: Clock;
  readonly log: Log;
}

interface Held {
  readonly snapshot: Snapshot;
  readonly etag: string | null;
}

/** So far may another function's clock be ahead: two weeks of figures are not to be dropped for a second. */
const SKEW_MS = 60_000;

/** For whoever only looks back on it: what writes it isn't in that function's bundle. */
export function pastSnapshot(world: SnapshotWorld): PastFigures {
  const { history, lastGood } = snapshotReader(world);
  return { history, lastGood };
}

export function fleetSnapshot(world: SnapshotWorld): Required<FleetSnapshot> {
  const { s3, bucket, clock } = world;
  const { history, lastGood, load, read, forget } = snapshotReader(world);

  function write({ snapshot, etag }: Held, samples: ReadonlyMap<string, HostSample>): Promise<boolean> {
    const now = clock.now();
    return writeSnapshotFile(s3, bucket, encodeSnapshot(withSamples(snapshot, samples, now), now), etag);
  }

  return {
    history,
    lastGood,
    add: async (points, at) => {
      const samples = samplesOf(points, at);
      if (samples.size === 0) return;
      const before = await read();
      forget();
      // Whoever has written meanwhile saw what this run did not: both are kept.
      if ((await write(before, samples)) || (await write(await load(), samples))) return;
      throw new Error(
        `the snapshot was written by other checks meanwhile, twice: the figures of ${plural(samples.size, 'instance')} are not in it`,
      );
    },
  };
}

function snapshotReader({ s3, bucket, clock, log }: SnapshotWorld) {
  let held: Promise<Held> | undefined;
  const forget = () => {
    held = undefined;
  };

  async function load(): Promise<Held> {
    const { bytes, etag } = await readSnapshotFile(s3, bucket);
    const found = bytes.length === 0 ? null : decodeSnapshot(bytes, new Date(clock.now().getTime() + SKEW_MS));
    if (found === null) log.warn('snapshot.missing', { text: etag === null ? NONE_YET : UNREADABLE });
    return { snapshot: found ?? EMPTY, etag };
  }

  function read(): Promise<Held> {
    if (held === undefined) {
      const reading = load();
      held = reading;
      // What failed now may be had when the figures are to be kept.
      reading.catch(forget);
    }
    return held;
  }

  const past: PastFigures = {
    history: async (instances) => {
      const { snapshot } = await read();
      return byId(instances, (id) => historyOf(snapshot, id, clock.now()));
    },
    lastGood: async (instances) => {
      const { snapshot } = await read();
      return byId(instances, (id) => lastGoodOf(snapshot, id, clock.now()));
    },
  };
  return { ...past, load, read, forget };
}

const NONE_YET =
  'There is no snapshot of the fleet yet, or it was removed: forecasts and last figures begin anew with this check.';
const UNREADABLE =
  'The snapshot of the fleet is damaged, of another version or from a time to come: forecasts and last figures begin anew with this check.';

function byId<T>(instances: readonly Asked[], of: (id: string) => T | null | undefined): Map<string, T> {
  const found = new Map<string, T>();
  for (const { id } of instances) {
    const value = of(id);
    if (value !== null && value !== undefined) found.set(id, value);
  }
  return found;
}

/** Percent used become shares available. A host that did not tell its memory did not answer. */
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
