import { Duration, Stack } from 'aws-cdk-lib';
import {
  CustomWidget,
  Dashboard,
  GraphWidget,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  SingleValueWidget,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { TAG } from '../lambda/model/index.ts';
import type { Settings } from '../lambda/settings/index.ts';
import { consoleUrlOf } from './aws-names.ts';
import { fleetMetric, perInstanceSearch } from './fleet-metrics.ts';
import { runbookMarkdown } from './runbook-text.ts';

const FULL_WIDTH = 24;
const HALF_WIDTH = FULL_WIDTH / 2;
/** All of its lines on a screen of 1400 pixels; a narrower one scrolls within. */
const RUNBOOK_HEIGHT = 16;

export interface FleetDashboardProps {
  readonly settings: Settings;
  readonly check: IFunction;
  readonly logGroup: ILogGroup;
  /** The remedy function's. */
  readonly actsLogGroup: ILogGroup;
  /** Draws the fleet table. */
  readonly widget: IFunction;
}

/** One page: the fleet worst first, its numbers, each instance's memory and disk, and whether the checker is well. */
export class FleetDashboard extends Construct {
  /** Where a person opens it. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: FleetDashboardProps) {
    super(scope, id);
    const { region, stackName } = Stack.of(this);
    // Dashboards have no Region: the name keeps two stacks of one account apart.
    const dashboardName = `${stackName}-${region}`;
    new Dashboard(this, 'Resource', {
      dashboardName,
      defaultInterval: Duration.hours(3),
      widgets: [
        [fleetTable(props)],
        [fleetNumbers(props.settings)],
        [problemLines(props)],
        whatWasDone(props.settings),
        [actLines(props)],
        ...(props.settings.metrics.perInstance !== 'none' ? instanceGraphs(props.settings) : []),
        checkerHealth(props),
        [about(props)],
        [runbook(props.settings)],
      ],
    });
    this.url = `${consoleUrlOf(this)}/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboardName}`;
  }
}

/** What is wrong and what to do: the first thing a person sees. Redrawn on a refresh, not when the time range changes. */
const fleetTable = ({ widget }: FleetDashboardProps) =>
  new CustomWidget({
    title: 'The fleet, worst first',
    functionArn: widget.functionArn,
    width: FULL_WIDTH,
    height: 12,
    updateOnRefresh: true,
    updateOnResize: false,
    updateOnTimeRangeChange: false,
  });

const fleetNumbers = (settings: Settings) =>
  new SingleValueWidget({
    title: 'Instances in the last check',
    width: FULL_WIDTH,
    height: 4,
    sparkline: true,
    metrics: (['checked', 'critical', 'unreachable', 'flagged', 'memoryLow', 'diskLow', 'suppressed'] as const).map(
      (which) => fleetMetric(which, settings),
    ),
  });

/** The reasons in full, for which tags have no room, and what went wrong with the check itself. */
const problemLines = ({ logGroup }: FleetDashboardProps) =>
  new LogQueryWidget({
    title: 'Recent problems, in the words of the log',
    logGroupNames: [logGroup.logGroupName],
    view: LogQueryVisualizationType.TABLE,
    queryLines: [
      'fields @timestamp, coalesce(status, level) as what, coalesce(name, step, event) as who, coalesce(reasons.0.text, text, errorMessage) as problem',
      'filter (event = "instance.checked" and status != "OK") or level in ["ERROR", "WARN"]',
      'sort @timestamp desc',
      'limit 50',
      'display @timestamp, what, who, problem',
    ],
    width: FULL_WIDTH,
    height: 7,
  });

function instanceGraphs(settings: Settings): IWidget[][] {
  const { memory, disk } = settings;
  const percent = { min: 0, max: 100, showUnits: false };
  const limits = (availableWarning: number, availableCritical: number) => [
    { value: 100 - availableWarning, label: 'warning', color: '#ff9900' },
    { value: 100 - availableCritical, label: 'critical', color: '#d13212' },
  ];
  return [
    [
      new GraphWidget({
        title: 'Memory used, %',
        width: HALF_WIDTH,
        height: 8,
        left: perInstanceSearch('memory', Stats.MAXIMUM, settings),
        leftYAxis: percent,
        leftAnnotations: limits(memory.warningPercent, memory.criticalPercent),
      }),
      new GraphWidget({
        title: 'Disk used, % (fullest mount)',
        width: HALF_WIDTH,
        height: 8,
        left: perInstanceSearch('disk', Stats.MAXIMUM, settings),
        leftYAxis: percent,
        leftAnnotations: limits(disk.warningPercent, disk.criticalPercent),
      }),
    ],
    [
      new GraphWidget({
        title: 'Answered (1) or not (0)',
        width: HALF_WIDTH,
        left: perInstanceSearch('success', Stats.MINIMUM, settings),
        leftYAxis: { min: 0, max: 1.1, showUnits: false },
      }),
      new GraphWidget({
        title: 'Kills by the OOM killer',
        width: HALF_WIDTH,
        left: perInstanceSearch('oomKills', Stats.SUM, settings),
        leftYAxis: { min: 0, showUnits: false },
      }),
    ],
  ];
}

/** Each act with its result, and who paused or resumed acting. Leaves out what was held back, which each check repeats. */
const actLines = ({ actsLogGroup }: FleetDashboardProps) =>
  new LogQueryWidget({
    title: 'What was done, in the words of the log',
    logGroupNames: [actsLogGroup.logGroupName],
    view: LogQueryVisualizationType.TABLE,
    queryLines: [
      'fields @timestamp, coalesce(outcome, state, event) as what, coalesce(remedy, "") as act, coalesce(instanceId, "") as instance, coalesce(requester, asker, who) as askedBy, coalesce(text, why) as said',
      'filter event in ["remedy.acted", "remedy.verified", "remedy.unflagged", "remedy.paused", "remedy.resumed"]',
      'sort @timestamp desc',
      'limit 20',
      'display @timestamp, what, act, instance, askedBy, said',
    ],
    width: FULL_WIDTH,
    height: 5,
  });

/** An hour a point: acts are rare, and a line of single points can't be seen. */
const ACTS_MINUTES = 60;

/** What crawlwatch did, and how long a hang lasts until the host answers again, no matter who ended it. */
const whatWasDone = (settings: Settings): IWidget[] => [
  new GraphWidget({
    title: 'Reboots, worker restarts, and reboots avoided by them, an hour',
    width: HALF_WIDTH,
    left: (['reboots', 'workerRestarts', 'rebootsAvoided'] as const).map((which) =>
      fleetMetric(which, settings, ACTS_MINUTES),
    ),
    leftYAxis: { min: 0, showUnits: false },
  }),
  new GraphWidget({
    title: 'Minutes from the first failure to recovery',
    width: HALF_WIDTH,
    left: [
      fleetMetric('recoveryMinutes', settings, ACTS_MINUTES),
      fleetMetric('recoveryMinutes', settings, ACTS_MINUTES).with({ statistic: Stats.AVERAGE, label: 'on average' }),
    ],
    leftYAxis: { min: 0, showUnits: false },
  }),
];

function checkerHealth({ settings, check }: FleetDashboardProps): IWidget[] {
  const period = Duration.minutes(settings.schedule.everyMinutes);
  return [
    new GraphWidget({
      title: 'Duration of a check, ms',
      width: HALF_WIDTH,
      left: [
        fleetMetric('duration', settings),
        check.metricDuration({ period, label: 'billed, longest', statistic: Stats.MAXIMUM }),
      ],
      leftYAxis: { min: 0, showUnits: false },
    }),
    new GraphWidget({
      title: 'Checks started, failed, throttled',
      width: HALF_WIDTH,
      left: [
        check.metricInvocations({ period, label: 'started' }),
        check.metricErrors({ period, label: 'failed', color: '#d13212' }),
        check.metricThrottles({ period, label: 'throttled', color: '#ff9900' }),
      ],
      leftYAxis: { min: 0, showUnits: false },
    }),
  ];
}

const about = ({ settings: { tag, schedule }, check, logGroup }: FleetDashboardProps) =>
  new TextWidget({
    width: FULL_WIDTH,
    height: 3,
    markdown: [
      `**crawlwatch** checks every running Linux instance tagged \`${tag.key}=${tag.value}\`, every ${schedule.everyMinutes} minutes. What it found is in each instance's tags \`${TAG.status}\` and \`${TAG.flag}\`; every probe in full in the log group \`${logGroup.logGroupName}\` of \`${check.functionName}\`.`,
      `Watch another: \`aws ec2 create-tags --resources i-... --tags Key=${tag.key},Value=${tag.value}\`. It appears in the table at once, and in the graphs after its first check.`,
    ].join('\n\n'),
  });

/** The last of the page, so that a reader who follows a mail's link needs no repository. */
const runbook = (settings: Settings) =>
  new TextWidget({ width: FULL_WIDTH, height: RUNBOOK_HEIGHT, markdown: runbookMarkdown(settings) });
