import { Duration, Stack } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, type IWidget, SingleValueWidget, Stats, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { TAG } from '../lambda/names.ts';
import type { Settings } from '../lambda/settings.ts';
import { fleetMetric, perInstanceSearch } from './fleet-metrics.ts';

const FULL_WIDTH = 24;
const HALF_WIDTH = FULL_WIDTH / 2;

export interface FleetDashboardProps {
  readonly settings: Settings;
  readonly check: IFunction;
  readonly logGroup: ILogGroup;
}

/** One page: the fleet's numbers, each instance's memory and disk, and whether the checker itself is well. */
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
        [about(props)],
        [fleetNumbers(props.settings)],
        ...(props.settings.metrics.perInstance === 'all' ? instanceGraphs(props.settings) : []),
        checkerHealth(props),
      ],
    });
    this.url = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboardName}`;
  }
}

const about = ({ settings: { tag, schedule }, check, logGroup }: FleetDashboardProps) =>
  new TextWidget({
    width: FULL_WIDTH,
    height: 3,
    markdown: [
      `**crawlwatch** checks every running Linux instance tagged \`${tag.key}=${tag.value}\`, every ${schedule.everyMinutes} minutes. What it found stands on each instance in the tags \`${TAG.status}\` and \`${TAG.flag}\`; every probe in full in the log group \`${logGroup.logGroupName}\` of \`${check.functionName}\`.`,
      `Watch another: \`aws ec2 create-tags --resources i-... --tags Key=${tag.key},Value=${tag.value}\`. It appears below by itself after its first check.`,
    ].join('\n\n'),
  });

const fleetNumbers = ({ schedule: { everyMinutes } }: Settings) =>
  new SingleValueWidget({
    title: 'Instances in the last check',
    width: FULL_WIDTH,
    height: 4,
    sparkline: true,
    metrics: (['checked', 'critical', 'unreachable', 'flagged', 'suppressed'] as const).map((which) =>
      fleetMetric(which, everyMinutes),
    ),
  });

function instanceGraphs({ schedule: { everyMinutes }, memory, disk }: Settings): IWidget[][] {
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
        left: [perInstanceSearch('memory', Stats.MAXIMUM, everyMinutes)],
        leftYAxis: percent,
        leftAnnotations: limits(memory.warningPercent, memory.criticalPercent),
      }),
      new GraphWidget({
        title: 'Disk used, % (fullest mount)',
        width: HALF_WIDTH,
        height: 8,
        left: [perInstanceSearch('disk', Stats.MAXIMUM, everyMinutes)],
        leftYAxis: percent,
        leftAnnotations: limits(disk.warningPercent, disk.criticalPercent),
      }),
    ],
    [
      new GraphWidget({
        title: 'Answered (1) or not (0)',
        width: HALF_WIDTH,
        left: [perInstanceSearch('success', Stats.MINIMUM, everyMinutes)],
        leftYAxis: { min: 0, max: 1.1, showUnits: false },
      }),
      new GraphWidget({
        title: 'Kills by the OOM killer',
        width: HALF_WIDTH,
        left: [perInstanceSearch('oomKills', Stats.SUM, everyMinutes)],
        leftYAxis: { min: 0, showUnits: false },
      }),
    ],
  ];
}

function checkerHealth({ settings: { schedule }, check }: FleetDashboardProps): IWidget[] {
  const period = Duration.minutes(schedule.everyMinutes);
  return [
    new GraphWidget({
      title: 'Duration of a check, ms',
      width: HALF_WIDTH,
      left: [
        fleetMetric('duration', schedule.everyMinutes),
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
