/** What hypervisors measure of instances: metrics of AWS/EC2, at the five minutes of basic monitoring. */

import {
  GetMetricDataCommand,
  type GetMetricDataCommandOutput,
  type MetricDataQuery,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import type { CloudWatch } from '../kit/index.ts';
import { chunks, errorText } from '../kit/index.ts';
import type { HypervisorPeriod, Instance } from '../model/index.ts';
import { PERIOD_MS, USUAL_MS } from './evidence/index.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html */
const METRICS = [
  ['networkOut', 'NetworkOut', 'Sum'],
  ['packetsOut', 'NetworkPacketsOut', 'Sum'],
  ['cpu', 'CPUUtilization', 'Average'],
  ['readOps', 'EBSReadOps', 'Sum'],
  ['credits', 'CPUCreditBalance', 'Maximum'],
] as const;

/** API_GetMetricData.html: 500 queries a call. */
const INSTANCES_PER_CALL = 500 / METRICS.length;
/** Of a host that failed before that, its usual level is not known any more. */
const LOOK_BACK_MS = 3 * 24 * 3_600_000;
/** A day of five metrics of 100 instances is two pages. */
const PAGES_MAX = 50;

type Readable = Pick<Instance, 'id' | 'remembered'>;

/**
 * Each instance's periods, oldest first, of a day before it failed and since; a sentence where they could not be read.
 * Never rejects.
 */
export async function readHypervisors(
  cloudWatch: Pick<CloudWatch, 'send'>,
  instances: readonly Readable[],
  now: Date,
): Promise<ReadonlyMap<string, readonly HypervisorPeriod[] | string>> {
  const answers = await Promise.all(
    chunks(instances, INSTANCES_PER_CALL).map(async (some) => {
      try {
        return await readSome(cloudWatch, some, now);
      } catch (error) {
        const gap = `the hypervisor's metrics: ${errorText(error)}`;
        return some.map(({ id }): [string, string] => [id, gap]);
      }
    }),
  );
  return new Map(answers.flat());
}

async function readSome(
  cloudWatch: Pick<CloudWatch, 'send'>,
  instances: readonly Readable[],
  now: Date,
): Promise<[string, readonly HypervisorPeriod[] | string][]> {
  const MetricDataQueries = instances.flatMap(({ id }, n) => METRICS.map((metric) => query(id, n, metric)));
  const StartTime = startOf(instances, now);
  const results: MetricDataResult[] = [];
  let NextToken: string | undefined;
  for (let page = 0; page === 0 || NextToken !== undefined; page++) {
    if (page === PAGES_MAX) throw new Error(`more than ${PAGES_MAX} pages`);
    const answer: GetMetricDataCommandOutput = await cloudWatch.send(
      new GetMetricDataCommand({ MetricDataQueries, StartTime, EndTime: now, ScanBy: 'TimestampAscending', NextToken }),
    );
    results.push(...(answer.MetricDataResults ?? []));
    // An empty token is no token.
    NextToken = answer.NextToken || undefined;
  }
  return instances.map(({ id }, n) => [id, periodsOf(results, n)]);
}

function query(id: string, n: number, [figure, MetricName, Stat]: (typeof METRICS)[number]): MetricDataQuery {
  const Metric = { Namespace: 'AWS/EC2', MetricName, Dimensions: [{ Name: 'InstanceId', Value: id }] };
  return { Id: queryId(n, figure), MetricStat: { Metric, Period: PERIOD_MS / 1000, Stat } };
}

const queryId = (n: number, figure: string): string => `i${n}_${figure}`;

/** Whole periods, since CloudWatch rounds a start of another time down by itself. */
function startOf(instances: readonly Readable[], now: Date): Date {
  const oldest = now.getTime() - LOOK_BACK_MS;
  const failed = instances.map(({ remembered }) => remembered.failingSince?.getTime() ?? now.getTime());
  const from = Math.max(oldest, Math.min(...failed)) - USUAL_MS - PERIOD_MS;
  return new Date(Math.floor(from / PERIOD_MS) * PERIOD_MS);
}

const NOTHING: Omit<HypervisorPeriod, 'at'> = {
  networkOut: null,
  packetsOut: null,
  cpu: null,
  readOps: null,
  credits: null,
};

/** What CloudWatch could not evaluate is not known: it says so in the result, and the call succeeds all the same. */
function periodsOf(results: readonly MetricDataResult[], n: number): HypervisorPeriod[] | string {
  const periods = new Map<number, HypervisorPeriod>();
  for (const [figure, name] of METRICS) {
    for (const { Timestamps = [], Values = [], StatusCode } of results.filter(({ Id }) => Id === queryId(n, figure))) {
      if (StatusCode === 'InternalError' || StatusCode === 'Forbidden') {
        return `the hypervisor's metrics: ${name}: ${StatusCode}`;
      }
      Timestamps.forEach((at, index) => {
        const value = Values[index];
        if (value === undefined || !Number.isFinite(value)) return;
        const known = periods.get(at.getTime()) ?? { at, ...NOTHING };
        periods.set(at.getTime(), { ...known, [figure]: value });
      });
    }
  }
  return [...periods.values()].sort((a, b) => a.at.getTime() - b.at.getTime());
}
