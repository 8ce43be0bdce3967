import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Settings } from '../lambda/settings.ts';
import { heartbeatMetric } from './fleet-metrics.ts';

/** How many checks in a row may be missing before somebody is told. */
const INTERVALS = 3;

export interface FleetAlarmsProps {
  readonly settings: Settings;
  readonly check: IFunction;
  readonly logGroup: ILogGroup;
  readonly topic: ITopic;
}

/** Alarms on the checker itself. What the hosts do is mailed by the check. */
export class FleetAlarms extends Construct {
  constructor(scope: Construct, id: string, { settings, check, logGroup, topic }: FleetAlarmsProps) {
    super(scope, id);
    const { everyMinutes } = settings.schedule;
    // Named, because the name is all that the subject of an alarm's mail says.
    const alarmName = (what: string) => `${Stack.of(this).stackName}-${what}`;
    const read = `Read the newest lines first: aws logs tail ${logGroup.logGroupName} --since 1h`;

    // Three whole intervals, because a check that starts a little late leaves one period empty.
    const silent = new Alarm(this, 'Silent', {
      alarmName: alarmName('check-is-silent'),
      alarmDescription: `crawlwatch is silent: no check has finished for ${INTERVALS * everyMinutes} minutes, and nobody is watching the fleet. ${read}. No line at all: see whether the schedule is enabled and whether ${check.functionName} is throttled. A line at the time-out: the fleet is too slow for one run.`,
      metric: heartbeatMetric(everyMinutes),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: INTERVALS,
      treatMissingData: TreatMissingData.BREACHING,
    });

    const failing = new Alarm(this, 'Failing', {
      alarmName: alarmName('check-is-failing'),
      alarmDescription: `crawlwatch fails: a check ended with an error; a mail, tags or metrics may be missing. ${read}, and look for level ERROR. The failed events with their errors are in the queue of failed checks. It clears by itself after a clean check.`,
      metric: check.metricErrors({ period: Duration.minutes(everyMinutes) }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });

    const mail = new SnsAction(topic);
    for (const alarm of [silent, failing]) {
      alarm.addAlarmAction(mail);
      alarm.addOkAction(mail);
    }
  }
}
