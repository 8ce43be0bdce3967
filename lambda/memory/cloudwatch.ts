/** Metrics: a check's out, and past ones back in. */

import {
  type Dimension,
  type MetricDataQuery,
  type MetricDatum,
  PutMetricDataCommand,
  paginateGetMetricData,
} from '@aws-sdk/client-cloudwatch';
import pLimit from 'p-limit';
import type { CloudWatch } from '../kit/index.ts';
import { chunks, errorText } from '../kit/index.ts';
import type { FleetDimensions, History, LastGood, MetricDimensions, MetricPoint, Sample } from '../model/index.ts';
import { FLEET_METRIC, INSTANCE_METRIC, isFleetMetric, METRIC_NAMESPACE } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';

/** API_PutMetricData.html allows 1,000 and 1 MB; a datum is under 1 kB where no Name tag is over 256 characters. */
const DATUMS_PER_CALL = 1_000;
const PUTS_AT_ONCE = 4;
/** API_GetMetricData.html. */
const QUERIES_PER_CALL = 500;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What tells an instance's series apart: spelt exactly as it was published. */
export type InstanceDimensions = MetricDimensions;

/**
 * Publishes what a check measured, the fleet's own metrics in a last call of their own: they are the heartbeat.
 * A call that fails costs no other.
 *
 * @param at the check's time, stamped on every value
 * @throws Error that says how many values were lost, and to what, once all calls have been made
 */
export async function publishMetrics(cw: CloudWatch, points: readonly MetricPoint[], at: Date): Promise<void> {
  // One value that isn't finite would have CloudWatch refuse the whole call.
  const good = points.filter((point) => Number.isFinite(point.value));
  const problems: string[] = [];
  let cause: unknown;
  if (good.length < points.length) problems.push(`${points.length - good.length} not finite`);

  const put = async (some: readonly MetricPoint[]): Promise<void> => {
    try {
      const MetricData = some.map((point) => datum(point, at));
      await cw.send(new PutMetricDataCommand({ Namespace: METRIC_NAMESPACE, MetricData }));
    } catch (error) {
      cause ??= error;
      problems.push(`${some.length} refused (${errorText(error)})`);
    }
  };
  const limit = pLimit(PUTS_AT_ONCE);
  const ofInstances = good.filter((point) => !isFleetMetric(point));
  await Promise.all(chunks(ofInstances, DATUMS_PER_CALL).map((some) => limit(put, some)));
  const ofFleet = good.filter(isFleetMetric);
  for (const some of chunks(ofFleet, DATUMS_PER_CALL)) await put(some);

  if (problems.length > 0) {
    throw new Error(`of ${points.length} metric values, lost: ${problems.join('; ')}`, { cause });
  }
}

function datum(point: MetricPoint, at: Date): MetricDatum {
  return {
    MetricName: point.name,
    Value: point.value,
    Unit: point.unit,
    Timestamp: at,
    Dimensions: asList(point.dimensions),
  };
}

const asList = (dimensions: InstanceDimensions | FleetDimensions): Dimension[] =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));

/** One series to read: its query, and where its values go. */
interface Series {
  readonly query: Omit<MetricDataQuery, 'Id'>;
  see(sample: Sample): void;
}

/**
 * What forecasts look back on: at least the last three hours by five minutes, and before that the hour's worst, a week
 * of memory and two weeks of disk. Each metric read costs $0.00001, four to an instance.
 *
 * @returns by instance id, oldest sample first, each stamped with the start of its period; instances without any are absent
 */
export async function readHistory(
  cw: CloudWatch,
  instances: readonly InstanceDimensions[],
  now: Date,
): Promise<ReadonlyMap<string, History>> {
  const recent = new Date(Math.floor((now.getTime() - 3 * HOUR) / HOUR) * HOUR);
  const memory = new Map<string, Sample[]>();
  const disk = new Map<string, Sample[]>();

  const series = (period: number, stat: string, memorySince: number): Series[] =>
    instances.flatMap((dimensions) =>
      [
        { name: INSTANCE_METRIC.memory, samples: memory, since: memorySince },
        { name: INSTANCE_METRIC.disk, samples: disk, since: 0 },
      ].map(({ name, samples, since }) => ({
        query: metric(name, period, stat, asList(dimensions)),
        see(sample: Sample) {
          if (sample.at.getTime() < since) return;
          const known = samples.get(dimensions.InstanceId);
          if (known === undefined) samples.set(dimensions.InstanceId, [sample]);
          else known.push(sample);
        },
      })),
    );
  const weekAgo = recent.getTime() - 7 * DAY;
  await readSeries(cw, series(3_600, 'Maximum', weekAgo), new Date(recent.getTime() - 14 * DAY), recent);
  await readSeries(cw, series(300, 'Average', 0), recent, now);

  const ids = new Set([...memory.keys(), ...disk.keys()]);
  return new Map([...ids].map((id) => [id, { memory: memory.get(id) ?? [], disk: disk.get(id) ?? [] }]));
}

function metric(name: string, period: number, stat: string, dimensions: Dimension[]): Omit<MetricDataQuery, 'Id'> {
  const Metric = { Namespace: METRIC_NAMESPACE, MetricName: name, Dimensions: dimensions };
  return { MetricStat: { Metric, Period: period, Stat: stat } };
}

/** Walks every page; percent used becomes the share available. */
async function readSeries(cw: CloudWatch, series: readonly Series[], from: Date, to: Date): Promise<void> {
  for (const some of chunks(series, QUERIES_PER_CALL)) {
    const queries = some.map(({ query }, n) => ({ ...query, Id: `q${n}` }));
    for await (const page of pages(cw, queries, from, to, 'TimestampAscending')) {
      for (const result of page.MetricDataResults ?? []) {
        const target = some[Number(result.Id?.slice(1))];
        result.Timestamps?.forEach((at, n) => {
          target?.see({ at, available: 1 - (result.Values?.[n] ?? 0) / 100 });
        });
      }
    }
  }
}

const pages = (
  cw: CloudWatch,
  MetricDataQueries: MetricDataQuery[],
  StartTime: Date,
  EndTime: Date,
  ScanBy: 'TimestampAscending' | 'TimestampDescending',
) => paginateGetMetricData({ client: cw }, { MetricDataQueries, StartTime, EndTime, ScanBy });

/** How far back the last figures of a host that hangs are looked for. */
const LAST_GOOD_MS = 6 * HOUR;

/**
 * The last figures of each instance, to the minute: of one that hangs, how it stood when it last answered.
 *
 * @returns by instance id; those without any in the last six hours are absent
 */
export async function readLastGood(
  cw: CloudWatch,
  instances: readonly InstanceDimensions[],
  now: Date,
): Promise<ReadonlyMap<string, LastGood>> {
  const [memory, disk] = [new Map<string, Sample>(), new Map<string, Sample>()];
  const series = instances.flatMap((dimensions) =>
    [
      { name: INSTANCE_METRIC.memory, last: memory },
      { name: INSTANCE_METRIC.disk, last: disk },
    ].map(({ name, last }) => ({
      query: metric(name, 60, 'Average', asList(dimensions)),
      see: (sample: Sample) => void last.set(dimensions.InstanceId, sample),
    })),
  );
  await readSeries(cw, series, new Date(now.getTime() - LAST_GOOD_MS), now);
  return new Map(
    [...memory].map(([id, { at, available }]) => {
      return [id, { at, memory: available, disk: disk.get(id)?.available ?? null }];
    }),
  );
}

export async function lastSuppression(
  cw: CloudWatch,
  now: Date,
  { stack, schedule: { everyMinutes } }: Pick<Settings, 'stack' | 'schedule'>,
): Promise<boolean | null> {
  const since = new Date(now.getTime() - Math.max(15, 3 * everyMinutes) * MINUTE);
  const query = { ...metric(FLEET_METRIC.suppressed, 60, 'Maximum', asList({ Stack: stack })), Id: 'suppressed' };
  for await (const page of pages(cw, [query], since, now, 'TimestampDescending')) {
    const latest = page.MetricDataResults?.[0]?.Values?.[0];
    if (latest !== undefined) return latest > 0;
  }
  return null;
}
