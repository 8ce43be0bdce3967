/** AWS's prices, and how much of each service a fleet is assumed to use. */

/** https://aws.amazon.com/cloudwatch/pricing/, /lambda/pricing/, /eventbridge/pricing/, /dynamodb/pricing/, /kms/pricing/, /secrets-manager/pricing/, /privatelink/pricing/, /step-functions/pricing/, /s3/pricing/. */
export const PRICES_OF =
  'us-east-1, USD, list prices of November 2026 without the free tier (aws.amazon.com/SERVICE/pricing)';

export const PRICE = {
  /** Custom metrics a month, by how many there are already: prorated by the hour, so a value each 5 min or each minute costs the same. */
  metricTiers: [
    { upTo: 10_000, each: 0.3 },
    { upTo: 250_000, each: 0.1 },
    { upTo: 1_000_000, each: 0.05 },
    { upTo: Number.POSITIVE_INFINITY, each: 0.02 },
  ],
  /** A PutMetricData request, and a metric in a GetMetricData request. */
  metricRequest: 0.01 / 1_000,
  alarm: 0.1,
  /** A Metrics Insights alarm, for each metric that it analyses. */
  analysedMetric: 0.1,
  dashboard: 3,
  logGibIngested: 0.5,
  logGibMonth: 0.03,
  /** Lambda on Graviton. */
  gibSecond: 0.0000133334,
  invocation: 0.2 / 1_000_000,
  schedulerInvocation: 1 / 1_000_000,
  /** DynamoDB on demand; a table's storage is a fraction of a cent. */
  tableWrite: 0.625 / 1_000_000,
  tableRead: 0.125 / 1_000_000,
  /** Step Functions: a transition of a Standard execution; of an Express one the request, and GB-seconds of its time. */
  stateTransition: 0.025 / 1_000,
  expressRequest: 1 / 1_000_000,
  expressGbSecond: 0.00001667,
  filePut: 0.005 / 1_000,
  fileGet: 0.0004 / 1_000,
  fileGibMonth: 0.023,
  key: 1,
  secret: 0.4,
  /** One interface endpoint in one zone, $0.01 an hour (https://aws.amazon.com/privatelink/pricing/, 2026). */
  endpointZone: 7.3,
} as const;

export const HOURS = 730;
export const GIB = 1024 ** 3;
/** As lib/ sets it for the check, and for the remedy function. */
export const MEMORY_GIB = 0.5;
/** Memory, disk and the probe's success; OOM kills only in hours that have some. */
export const METRICS_PER_INSTANCE = 3;
export const FLEET_METRICS = 8;
/** Reboots, restarts, reboots avoided, minutes to recovery: CloudWatch bills each only for hours that have a value. */
export const ACTING_METRICS = 4;
export const FLEET_ALARMS = 8;
/** The most that a Metrics Insights query matches (cloudwatch-metrics-insights-limits.html). */
export const ANALYSED_MOST = 10_000;
export const DATUMS_PER_REQUEST = 1_000;
/** An instance's line in the log, as measured: in full, and with its figures alone while it is well. */
export const LOG_BYTES = { full: 1_300, brief: 420 } as const;
/** The share of a fleet with an incident, low on memory or just recovered, in percent. */
export const TROUBLED_PERCENT = 5;
/** Plan, choice, map, join, start and end of a distributed run; Express bills at least this much memory. */
export const RUN_TRANSITIONS = 6;
export const EXPRESS_GB = 0.064;
/** A host as it was found and its reply, in a shard's two files, which S3 removes after two days. */
export const FILE_BYTES = 2_000;
export const FILE_DAYS = 2;
/** What a check asks of S3 for what it remembers: state read once and written twice, samples read and written once. */
export const STATE_GETS = 2;
export const STATE_PUTS = 3;
/** Compressed, of one instance: two weeks of samples, as measured, and its incident. */
export const STATE_BYTES = 2_000;
/** The fleet table, open for eight hours of 22 working days and drawn each minute, reads state and samples. */
export const WIDGET_DRAWS = 8 * 60 * 22;
export const WIDGET_GETS = 2;
/** Share of checks, and of hours, with something to act on or verify; in each the remedy function reads, acts, writes. */
export const ACTING_SHARE = 0.1;
export const ACTING_SECONDS = 30;
export const ACTING_WRITES = 10;
export const ACTING_READS = 10;
