/** What the page shows of one moment of the story: the widget, the graphs, and the mail, each as HTML. */
import {
  GetMetricDataCommand,
  type GetMetricDataCommandOutput,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';
import { type Html, html } from '../../lambda/kit/index.ts';
import { metricDimensions } from '../../lambda/memory/index.ts';
import { FLEET_METRIC, INSTANCE_METRIC, METRIC_NAMESPACE } from '../../lambda/model/index.ts';
import { fromEnvironment } from '../../lambda/settings/index.ts';
import { drawWidget } from '../../lambda/widget-handler.ts';
import { STORY } from '../../sandbox/crawlers.ts';
import { QUIET } from '../terminal/index.ts';
import { type Chart, chartHtml, legendHtml, type Range, type Series } from './charts.ts';
import { type DemoSandbox, type RecordLine, SETTINGS, START, TABLE } from './sandbox.ts';
import type { Moment } from './story.ts';

/** Fragments of the page; the widget once for each theme of the console. */
export interface View {
  readonly headline: string;
  readonly widget: { readonly light: string; readonly dark: string };
  readonly numbers: string;
  readonly charts: string;
  readonly acts: string;
  readonly mail: string;
}

export interface MailedAt {
  readonly at: Date;
  readonly subject: string;
  readonly body: string;
}

const MINUTE = 60_000;
/** How much of the time before the story is shown. */
const BEFORE_MS = 20 * MINUTE;

/** The whole story, so that the graphs fill up from left to right. */
const RANGE: Range = {
  from: new Date(START.getTime() - BEFORE_MS),
  to: new Date(START.getTime() + ((STORY.at(-1)?.minute ?? 0) + 5) * MINUTE),
  gapMinutes: 1.5 * SETTINGS.schedule.everyMinutes,
};

/** @param mails all so far, oldest first */
export async function viewOf(sandbox: DemoSandbox, moment: Moment, mails: readonly MailedAt[]): Promise<View> {
  const [light, dark, numbers, record, ...charts] = await Promise.all([
    widgetOf(sandbox, 'light'),
    widgetOf(sandbox, 'dark'),
    fleetNumbers(sandbox),
    sandbox.record(),
    ...CHARTS.map((chart) => withSeries(chart, sandbox)),
  ]);
  const names = instancesOf(sandbox).map(({ name }) => name);
  return {
    headline: headline(moment).text,
    widget: { light, dark },
    numbers: numbers.text,
    charts: html`${charts.map((chart) => chartHtml(chart, RANGE))}${legendHtml(names)}`.text,
    acts: actsHtml(record).text,
    mail: mailHtml(mails).text,
  };
}

const clockOf = (at: Date): string => at.toISOString().slice(11, 16);

function headline({ check, at, says }: Moment): Html {
  const dots = STORY.map((_, n) => html`<i class="${n <= check ? 'past' : 'ahead'}"></i>`);
  return html`<b>${clockOf(at)} UTC</b> <span>${says ?? 'five minutes later; nothing has changed on the hosts'}</span><span class="dots" role="img" aria-label="check ${check + 1} of ${STORY.length}">${dots}</span>`;
}

/** What the buttons name; the page sends their requests to its own server, whatever they name. */
const REMEDY_ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:crawlwatch-demo';

/** What the stack's function would answer the console. */
function widgetOf({ aws, clock, dynamoDb }: DemoSandbox, theme: 'light' | 'dark'): Promise<string> {
  return drawWidget({ widgetContext: { theme } }, null, {
    environment: () => ({
      ...fromEnvironment({}),
      settings: SETTINGS,
      topicArn: aws.topic.arn,
      bucket: aws.bucket.name,
      leaseTable: TABLE,
      remedyFunctionArn: REMEDY_ARN,
    }),
    region: async () => aws.region,
    ec2: aws.ec2,
    sns: aws.sns,
    s3: aws.s3,
    dynamoDb,
    clock,
    log: QUIET,
  });
}

const instancesOf = ({ aws }: DemoSandbox) =>
  [...aws.instances.values()].map(({ id, tags }) => ({ id, name: tags.get('Name') ?? id }));

type ChartOf = Omit<Chart, 'series'> & { readonly metric: string };

const limits = ({
  warningPercent,
  criticalPercent,
}: {
  warningPercent: number;
  criticalPercent: number;
}): Chart['limits'] => [
  { value: 100 - warningPercent, tone: 'warning' },
  { value: 100 - criticalPercent, tone: 'critical' },
];

/** The dashboard's graphs, with its limits. */
const CHARTS: readonly ChartOf[] = [
  { title: 'Memory used, %', metric: INSTANCE_METRIC.memory, max: 100, limits: limits(SETTINGS.memory) },
  { title: 'Disk used, % (fullest mount)', metric: INSTANCE_METRIC.disk, max: 100, limits: limits(SETTINGS.disk) },
  { title: 'Answered (1) or not (0)', metric: INSTANCE_METRIC.success, max: 1, limits: [] },
  { title: 'Kills by the OOM killer', metric: INSTANCE_METRIC.oomKills, max: 2, limits: [] },
];

async function withSeries({ metric, ...chart }: ChartOf, sandbox: DemoSandbox): Promise<Chart> {
  const named = instancesOf(sandbox).map((one) => ({ name: one.name, metric, dimensions: metricDimensions(one) }));
  return { ...chart, series: await read(sandbox, named) };
}

/** Numbers of the last check, and what was done since the story began. */
async function fleetNumbers(sandbox: DemoSandbox): Promise<Html> {
  const now = ['checked', 'critical', 'unreachable', 'flagged'] as const;
  const done = { workerRestarts: 'worker restarts', rebootsAvoided: 'reboots avoided', reboots: 'reboots' } as const;
  const ofFleet = (which: keyof typeof FLEET_METRIC, name: string) => ({
    name,
    metric: FLEET_METRIC[which],
    dimensions: { Stack: SETTINGS.stack },
  });
  const [counts, sums] = await Promise.all([
    read(
      sandbox,
      now.map((which) => ofFleet(which, which)),
    ),
    read(
      sandbox,
      Object.entries(done).map(([which, name]) => ofFleet(which as keyof typeof done, name)),
    ),
  ]);
  const number = (value: number, name: string) => html`<div><b>${value}</b> ${name}</div>`;
  const sum = (points: Series['points']) => points.reduce((total, { value }) => total + value, 0);
  return html`${counts.map(({ name, points }) => number(points.at(-1)?.value ?? 0, name))}${sums.map(({ name, points }) => number(sum(points), name))}`;
}

/** What was done and what was held back, newest first. */
function actsHtml(record: readonly RecordLine[]): Html {
  // A remedy's begin and its outcome are recorded at nearly the same time.
  const minute = ({ at }: RecordLine) => Math.floor(at.getTime() / MINUTE);
  const isBegun = ({ outcome }: RecordLine) => Number(outcome === 'begun');
  const entries = record.toSorted(
    (a, b) => minute(b) - minute(a) || a.name.localeCompare(b.name) || isBegun(a) - isBegun(b),
  );
  if (entries.length === 0) return html`<p class="dim">Nothing yet.</p>`;
  return html`<ul>${entries.map(
    ({ at, name, remedy, outcome, heldBy, why }) =>
      html`<li><time>${clockOf(at)}</time> <b>${name}</b> ${remedy} <i class="outcome-${outcome}">${heldBy === null ? outcome : `held: ${heldBy}`}</i> <span class="dim">${why}</span></li>`,
  )}</ul>`;
}

interface Wanted {
  readonly name: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Reads metrics by the call that the console makes. */
async function read(sandbox: DemoSandbox, wanted: readonly Wanted[]): Promise<Series[]> {
  const { aws, clock } = sandbox;
  const MetricDataQueries: MetricDataQuery[] = wanted.map(({ metric, dimensions }, n) => ({
    Id: `q${n}`,
    MetricStat: {
      Metric: {
        Namespace: METRIC_NAMESPACE,
        MetricName: metric,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      },
      Period: 60,
      Stat: 'Maximum',
    },
  }));
  const { MetricDataResults = [] }: GetMetricDataCommandOutput = await aws.cloudwatch.send(
    new GetMetricDataCommand({
      MetricDataQueries,
      StartTime: RANGE.from,
      EndTime: new Date(clock.now().getTime() + MINUTE),
      ScanBy: 'TimestampAscending',
    }),
  );
  return MetricDataResults.map(({ Timestamps = [], Values = [] }, n) => ({
    name: wanted[n]?.name ?? '',
    points: Timestamps.map((at, i) => ({ at, value: Values[i] ?? 0 })),
  }));
}

/** Newest first, the newest open. */
function mailHtml(mails: readonly MailedAt[]): Html {
  if (mails.length === 0) return html`<p class="dim">None yet.</p>`;
  const lines = (body: string) =>
    body
      .trimEnd()
      .split('\n')
      .map((line) => html`${line}${NEWLINE}`);
  return html`${[...mails]
    .reverse()
    .map(
      ({ at, subject, body }, n) =>
        html`<details${n === 0 ? OPEN : null}><summary><time>${clockOf(at)}</time> ${subject}</summary><pre>${lines(body)}</pre></details>`,
    )}`;
}

// Markup of our own: a line break within a text would be escaped.
const NEWLINE = html`
`;
const OPEN = html` open`;
