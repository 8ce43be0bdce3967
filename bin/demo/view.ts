/** What the page shows of a moment of the story: the widget, the graphs, and the mail, each as HTML. */
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
import type { Moment } from './story.ts';
import { type DemoWorld, type RecordLine, SETTINGS, START } from './world.ts';

/** Fragments of the page; the widget once for each of the console's themes. */
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
/** As much of the hour before the story is shown as tells where it came from. */
const BEFORE_MS = 20 * MINUTE;

/** The whole story, so that the graphs fill up from left to right. */
const RANGE: Range = {
  from: new Date(START.getTime() - BEFORE_MS),
  to: new Date(START.getTime() + ((STORY.at(-1)?.minute ?? 0) + 5) * MINUTE),
  gapMinutes: 1.5 * SETTINGS.schedule.everyMinutes,
};

/** @param mails all so far, oldest first */
export async function viewOf(world: DemoWorld, moment: Moment, mails: readonly MailedAt[]): Promise<View> {
  const [light, dark, numbers, record, ...charts] = await Promise.all([
    widgetOf(world, 'light'),
    widgetOf(world, 'dark'),
    fleetNumbers(world),
    world.record(),
    ...CHARTS.map((chart) => withSeries(chart, world)),
  ]);
  const names = instancesOf(world).map(({ name }) => name);
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
  return html`<b>${clockOf(at)} UTC</b> <span>${says ?? 'five minutes later, and nothing new'}</span><span class="dots" role="img" aria-label="check ${check + 1} of ${STORY.length}">${dots}</span>`;
}

/** What the stack's own function would answer to the console. */
function widgetOf({ aws, clock }: DemoWorld, theme: 'light' | 'dark'): Promise<string> {
  return drawWidget({ widgetContext: { theme } }, null, {
    environment: () => ({
      ...fromEnvironment({}),
      settings: SETTINGS,
      topicArn: aws.topic.arn,
      bucket: aws.bucket.name,
    }),
    region: async () => aws.region,
    ec2: aws.ec2,
    cloudWatch: aws.cloudwatch,
    sns: aws.sns,
    s3: aws.s3,
    clock,
    log: QUIET,
  });
}

const instancesOf = ({ aws }: DemoWorld) =>
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

/** The graphs of the dashboard, with its limits. */
const CHARTS: readonly ChartOf[] = [
  { title: 'Memory used, %', metric: INSTANCE_METRIC.memory, max: 100, limits: limits(SETTINGS.memory) },
  { title: 'Disk used, % (fullest mount)', metric: INSTANCE_METRIC.disk, max: 100, limits: limits(SETTINGS.disk) },
  { title: 'Answered (1) or not (0)', metric: INSTANCE_METRIC.success, max: 1, limits: [] },
  { title: 'Kills by the OOM killer', metric: INSTANCE_METRIC.oomKills, max: 2, limits: [] },
];

async function withSeries({ metric, ...chart }: ChartOf, world: DemoWorld): Promise<Chart> {
  const named = instancesOf(world).map((one) => ({ name: one.name, metric, dimensions: metricDimensions(one) }));
  return { ...chart, series: await read(world, named) };
}

/** Of the last check, and of what was done since the story began. */
async function fleetNumbers(world: DemoWorld): Promise<Html> {
  const now = ['checked', 'critical', 'unreachable', 'flagged'] as const;
  const done = { workerRestarts: 'worker restarts', rebootsAvoided: 'reboots avoided', reboots: 'reboots' } as const;
  const ofFleet = (which: keyof typeof FLEET_METRIC, name: string) => ({
    name,
    metric: FLEET_METRIC[which],
    dimensions: {},
  });
  const [counts, sums] = await Promise.all([
    read(
      world,
      now.map((which) => ofFleet(which, which)),
    ),
    read(
      world,
      Object.entries(done).map(([which, name]) => ofFleet(which as keyof typeof done, name)),
    ),
  ]);
  const number = (value: number, name: string) => html`<div><b>${value}</b> ${name}</div>`;
  const sum = (points: Series['points']) => points.reduce((total, { value }) => total + value, 0);
  return html`${counts.map(({ name, points }) => number(points.at(-1)?.value ?? 0, name))}${sums.map(({ name, points }) => number(sum(points), name))}`;
}

/** The record of what was done, and of what was held back; the newest first. */
function actsHtml(record: readonly RecordLine[]): Html {
  // What was begun and how it ended bear nearly the same time.
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

/** By the call that the console itself makes. */
async function read(world: DemoWorld, wanted: readonly Wanted[]): Promise<Series[]> {
  const { aws, clock } = world;
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

/** The newest first, and open. */
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

// Line breaks that are ours: one within a text would be spelled out.
const NEWLINE = html`
`;
const OPEN = html` open`;
