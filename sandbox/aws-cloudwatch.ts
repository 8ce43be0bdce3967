/** The sandbox's CloudWatch: values in, statistics over periods out. */
import {
  CloudWatchClient,
  CloudWatchServiceException,
  type Dimension,
  GetMetricDataCommand,
  type MetricDataQuery,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import type { HypervisorFigures, SandboxInstance } from './aws-ec2.ts';
import { type Service, serviceFor } from './aws-service.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** API_PutMetricData.html. */
const PUT_LIMITS = { datums: 1_000, bytes: 1_000_000, valueAbs: 2 ** 360, pastMs: 14 * DAY, futureMs: 120 * MINUTE };
/** API_GetMetricData.html. */
const GET_QUERIES = 500;

const STATISTICS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  Maximum: (values) => Math.max(...values),
  Minimum: (values) => Math.min(...values),
  Sum: (values) => values.reduce((sum, value) => sum + value, 0),
  Average: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  SampleCount: (values) => values.length,
};

interface Point {
  readonly at: number;
  readonly value: number;
}

const seriesKey = (namespace = '', name = '', dimensions: readonly Dimension[] = []): string =>
  JSON.stringify([namespace, name, dimensions.map(({ Name, Value }) => `${Name}=${Value}`).toSorted()]);

/** What CloudWatch keeps of basic monitoring: one figure for each five minutes. */
const BASIC_PERIOD_MS = 5 * MINUTE;
const HYPERVISOR_METRICS: Readonly<Record<string, (figures: HypervisorFigures) => number | undefined>> = {
  NetworkOut: ({ networkOut }) => networkOut,
  NetworkPacketsOut: ({ networkOut, packetsOut }) =>
    packetsOut ?? (networkOut === undefined ? undefined : Math.ceil(networkOut / 1_000)),
  CPUUtilization: ({ cpu }) => cpu,
  EBSReadOps: ({ readOps }) => readOps,
  CPUCreditBalance: ({ credits }) => credits,
};

interface Options {
  now(): Date;
  /** The most values a page, over all series of a call. */
  readonly pageSize: number;
  readonly instances: ReadonlyMap<string, Pick<SandboxInstance, 'hypervisor'>>;
  /** How long after its end a period of AWS/EC2 is published. */
  metricsLateMinutes(): number;
}

export function sandboxCloudWatch(world: Options): Service & CloudWatchClient {
  const service = serviceFor(CloudWatchClient, CloudWatchServiceException);
  const series = new Map<string, Point[]>();
  const check = (good: boolean, message: string): void => {
    if (!good) throw service.error('InvalidParameterValue', message);
  };
  const checkDimension = ({ Name = '', Value = '' }: Dimension): void =>
    check(/^(?=.*[!-~])[ -~]{1,1024}$/.test(Value), `The dimension ${Name} has a value that is not printable ASCII`);

  service.on(PutMetricDataCommand, ({ Namespace = '', MetricData = [] }) => {
    check(Namespace !== '' && !Namespace.startsWith('AWS/'), `The namespace ${Namespace} is invalid`);
    check(MetricData.length > 0 && MetricData.length <= PUT_LIMITS.datums, `${MetricData.length} datums in one call`);
    check(JSON.stringify(MetricData).length <= PUT_LIMITS.bytes, 'The call is larger than 1 MB');
    const now = world.now().getTime();
    const points = MetricData.map(({ MetricName, Value = Number.NaN, Timestamp, Dimensions = [] }) => {
      check(Number.isFinite(Value) && Math.abs(Value) <= PUT_LIMITS.valueAbs, `${MetricName} has the value ${Value}`);
      const at = Timestamp?.getTime() ?? now;
      check(at >= now - PUT_LIMITS.pastMs && at <= now + PUT_LIMITS.futureMs, `${MetricName} is from ${at}`);
      Dimensions.forEach(checkDimension);
      return { key: seriesKey(Namespace, MetricName, Dimensions), point: { at, value: Value } };
    });
    for (const { key, point } of points) {
      const known = series.get(key);
      if (known === undefined) series.set(key, [point]);
      else known.push(point);
    }
    return {};
  });

  const read = ({ MetricStat }: MetricDataQuery, from: number, to: number): Point[] => {
    const { Metric, Period = 0, Stat = '' } = MetricStat ?? {};
    const statistic = STATISTICS[Stat];
    check(Period > 0 && Period % 60 === 0, `The period ${Period} is not a multiple of 60`);
    if (statistic === undefined) throw service.error('InvalidParameterValue', `The sandbox has no statistic ${Stat}`);
    if (Metric?.Namespace === 'AWS/EC2') return readHypervisor(Metric.MetricName, Metric.Dimensions, from, to);
    const buckets = new Map<number, number[]>();
    const start = (at: number) => Math.floor(at / (Period * 1_000)) * Period * 1_000;
    for (const { at, value } of series.get(seriesKey(Metric?.Namespace, Metric?.MetricName, Metric?.Dimensions)) ??
      []) {
      const bucket = start(at);
      if (bucket < start(from) || at >= to) continue;
      buckets.set(bucket, [...(buckets.get(bucket) ?? []), value]);
    }
    return [...buckets].map(([at, values]) => ({ at, value: statistic(values) })).toSorted((a, b) => a.at - b.at);
  };

  const readHypervisor = (name = '', dimensions: readonly Dimension[] = [], from: number, to: number): Point[] => {
    const of = HYPERVISOR_METRICS[name];
    const { hypervisor } = world.instances.get(dimensions[0]?.Value ?? '') ?? { hypervisor: null };
    const published = world.now().getTime() - world.metricsLateMinutes() * MINUTE;
    if (of === undefined || hypervisor === null) return [];
    const points: Point[] = [];
    for (let at = Math.floor(from / BASIC_PERIOD_MS) * BASIC_PERIOD_MS; at < to; at += BASIC_PERIOD_MS) {
      if (at + BASIC_PERIOD_MS > published) break;
      const value = of(hypervisor(new Date(at)) ?? {});
      if (value !== undefined) points.push({ at, value });
    }
    return points;
  };

  service.on(GetMetricDataCommand, ({ MetricDataQueries = [], StartTime, EndTime, ScanBy, NextToken }) => {
    const ids = MetricDataQueries.map((query) => query.Id ?? '');
    check(ids.length > 0 && ids.length <= GET_QUERIES, `${ids.length} queries in one call`);
    check(ids.every((id) => /^[a-z]\w{0,254}$/.test(id)) && new Set(ids).size === ids.length, 'The ids are invalid');
    const from = StartTime?.getTime() ?? 0;
    const to = EndTime?.getTime() ?? 0;
    check(from < to, 'StartTime must be before EndTime');
    const all = MetricDataQueries.flatMap((query, n) => {
      const points = read(query, from, to);
      return (ScanBy === 'TimestampAscending' ? points : points.toReversed()).map((point) => ({ n, point }));
    });
    const { items, next } = service.page(all, NextToken, world.pageSize);
    return {
      MetricDataResults: ids.map((Id, n) => {
        const own = items.filter((item) => item.n === n).map((item) => item.point);
        return { Id, Timestamps: own.map(({ at }) => new Date(at)), Values: own.map(({ value }) => value) };
      }),
      NextToken: next,
    };
  });
  return service;
}
