/** The sandbox's CloudWatch: values in, statistics over periods out. */
import {
  CloudWatchClient,
  CloudWatchServiceException,
  type Dimension,
  GetMetricDataCommand,
  type MetricDataQuery,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
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

/** @param pageSize the most values a page, over all series of a call */
export function sandboxCloudWatch(world: { now(): Date; readonly pageSize: number }): Service & CloudWatchClient {
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
