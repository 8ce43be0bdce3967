/** The one place in lib/ that spells crawlwatch's metrics: alarms and dashboard take them from here. */
import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, SearchExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { FLEET_METRIC, type FleetDimensions, INSTANCE_METRIC, METRIC_NAMESPACE } from '../lambda/model/index.ts';
import { type Settings, watchesElsewhere } from '../lambda/settings/index.ts';

/** How a fleet metric is shown: its label and what to make of several values in one period. */
const FLEET = {
  checked: { label: 'checked', statistic: Stats.MAXIMUM },
  critical: { label: 'critical', statistic: Stats.MAXIMUM },
  unreachable: { label: 'unreachable', statistic: Stats.MAXIMUM },
  flagged: { label: 'flagged for reboot', statistic: Stats.MAXIMUM },
  memoryLow: { label: 'low on memory', statistic: Stats.MAXIMUM },
  diskLow: { label: 'low on disk space', statistic: Stats.MAXIMUM },
  suppressed: { label: 'flagging suppressed', statistic: Stats.MAXIMUM },
  reboots: { label: 'reboots', statistic: Stats.SUM },
  workerRestarts: { label: 'worker restarts', statistic: Stats.SUM },
  rebootsAvoided: { label: 'reboots avoided', statistic: Stats.SUM },
  recoveryMinutes: { label: 'longest', statistic: Stats.MAXIMUM },
  duration: { label: 'duration of a check', statistic: Stats.MAXIMUM },
} as const satisfies Record<keyof typeof FLEET_METRIC, { label: string; statistic: string }>;

/** A number about the whole fleet; of most there is one value a check, so that the period is the schedule's. */
export function fleetMetric(which: keyof typeof FLEET_METRIC, settings: Settings, everyMinutes?: number): Metric {
  return unlabelledFleetMetric(which, settings, everyMinutes).with({ label: FLEET[which].label });
}

/** The same without its label, for which CDK would write an alarm as a metric query. */
export function unlabelledFleetMetric(
  which: keyof typeof FLEET_METRIC,
  { stack, schedule }: Settings,
  everyMinutes = schedule.everyMinutes,
): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName: FLEET_METRIC[which],
    dimensionsMap: { Stack: stack } satisfies FleetDimensions,
    statistic: FLEET[which].statistic,
    period: Duration.minutes(everyMinutes),
  });
}

/**
 * Counts finished checks: the duration is published last of all, as the heartbeat. An interval without one is 0, not
 * missing data: for that CloudWatch looks at two intervals more, and calls the alarm OK while one of them has a value
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html).
 */
export function heartbeatMetric(settings: Settings): MathExpression {
  const finished = unlabelledFleetMetric('duration', settings).with({ statistic: Stats.SAMPLE_COUNT });
  return new MathExpression({
    expression: 'FILL(finished, 0)',
    label: 'finished checks',
    usingMetrics: { finished },
    period: Duration.minutes(settings.schedule.everyMinutes),
  });
}

/**
 * One line for each instance that had data in the last two weeks, up to 500, new ones included. For graphs only, since
 * alarms can't search (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html).
 */
export function perInstanceSearch(
  which: keyof typeof INSTANCE_METRIC,
  statistic: string,
  settings: Settings,
): SearchExpression[] {
  const period = Duration.minutes(settings.schedule.everyMinutes);
  const search = (dimensions: string, label: string) => {
    const metrics = `{${METRIC_NAMESPACE},${dimensions}} MetricName="${INSTANCE_METRIC[which]}"`;
    const expression = `SEARCH('${metrics}', '${statistic}', ${period.toSeconds()})`;
    return new SearchExpression({ expression, label, period });
  };
  const name = prop('Name');
  return [
    search('InstanceId,Name', name),
    // A search covers one set of dimensions; instances elsewhere have two more.
    ...(watchesElsewhere(settings)
      ? [search('Account,InstanceId,Name,Region', `${name} (${prop('Region')}, ${prop('Account')})`)]
      : []),
  ];
}

/** A placeholder that CloudWatch fills in for each line of a graph. */
const prop = (dimension: string): string => `\${PROP('Dim.${dimension}')}`;
