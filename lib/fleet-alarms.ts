import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { actsByItself, type Settings } from '../lambda/settings/index.ts';
import { heartbeatMetric, perInstanceQuery, unlabelledFleetMetric } from './fleet-metrics.ts';

/** How many checks in a row may be missing before somebody is told. */
const INTERVALS = 3;
/** A check that has used so much of its time is about to leave hosts unread; one hung host alone takes less. */
const SLOW_SHARE = 0.95;

const { GREATER_THAN_THRESHOLD, GREATER_THAN_OR_EQUAL_TO_THRESHOLD, LESS_THAN_THRESHOLD } = ComparisonOperator;

export interface FleetAlarmsProps {
  readonly settings: Settings;
  readonly check: IFunction;
  readonly remedy: { readonly function: IFunction; readonly logGroup: ILogGroup };
  /** What carries a check where one function doesn't. */
  readonly run: IStateMachine | null;
  /** In which a check asks its hosts: what is left of the function's timeout is for publishing. */
  readonly runDeadline: Duration;
  readonly logGroup: ILogGroup;
  readonly topic: ITopic;
}

/** An alarm as it is told here; its name is also its section in docs/runbook.md. */
interface AlarmSpec {
  readonly says: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** @default GREATER_THAN_OR_EQUAL_TO_THRESHOLD */
  readonly comparisonOperator?: ComparisonOperator;
  /** Of so many periods ... @default 1 */
  readonly evaluationPeriods?: number;
  /** ... so many must be bad. @default all of them */
  readonly datapointsToAlarm?: number;
  /** @default NOT_BREACHING: that nothing is told at all is another alarm's business */
  readonly treatMissingData?: TreatMissingData;
}

/**
 * Alarms on the checker itself, which mail; and on hosts, which are there to be seen, since what the hosts do is
 * mailed by the check. Prices a month, us-east-1 (https://aws.amazon.com/cloudwatch/pricing/, 2026): $0.10 for each
 * of the six on a metric of the fleet, as much again for the run's second metric where checks are shared out, and for
 * the one on acting where that is on; the two over all instances cost $0.10 for each series that they analyse.
 */
export class FleetAlarms extends Construct {
  readonly #mail: SnsAction;

  constructor(scope: Construct, id: string, props: FleetAlarmsProps) {
    super(scope, id);
    const { settings, topic } = props;
    this.#mail = new SnsAction(topic);
    this.#addAll(checkerAlarms(props), true);
    this.#addAll(hostAlarms(settings), settings.alerts.hostAlarms);
  }

  #addAll(alarms: Readonly<Record<string, AlarmSpec>>, mails: boolean): void {
    const { stackName } = Stack.of(this);
    for (const [name, { says, ...spec }] of Object.entries(alarms)) {
      const alarm = new Alarm(this, pascalCase(name), {
        // Named, because the name is all that the subject of an alarm's mail says.
        alarmName: `${stackName}-${name}`,
        alarmDescription: `${says} What to do: docs/runbook.md#${name}`,
        comparisonOperator: GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
        ...spec,
      });
      if (!mails) continue;
      alarm.addAlarmAction(this.#mail);
      alarm.addOkAction(this.#mail);
    }
  }
}

function checkerAlarms({
  settings,
  check,
  remedy,
  run,
  runDeadline,
  logGroup,
}: FleetAlarmsProps): Record<string, AlarmSpec> {
  const { everyMinutes } = settings.schedule;
  // Shared out, a check may take as long as there is until the next one; its parts have the function's time each.
  const seconds = run === null ? runDeadline.toSeconds() : Math.max(runDeadline.toSeconds(), 60 * everyMinutes);
  const slow =
    run === null
      ? `checks take nearly all of the ${seconds} seconds in which hosts may be asked; those that are not read by then are UNKNOWN (NotChecked)`
      : `checks take nearly all of the ${seconds} seconds until the next one, which then starts before they have ended and asks the same hosts`;
  const read = `Read the newest lines first: aws logs tail ${logGroup.logGroupName} --since 1h`;
  return {
    'check-is-silent': {
      says: `crawlwatch is silent: no check has finished for ${INTERVALS * everyMinutes} minutes, and nobody is watching the fleet. ${read}.`,
      metric: heartbeatMetric(everyMinutes),
      threshold: 1,
      comparisonOperator: LESS_THAN_THRESHOLD,
      // Whole intervals, because a check that starts a little late leaves one period empty.
      evaluationPeriods: INTERVALS,
      treatMissingData: TreatMissingData.BREACHING,
    },
    'check-is-failing': {
      says: `crawlwatch fails: a check ended with an error; a mail, tags or metrics may be missing. ${read}, and look for level ERROR. It clears by itself after a clean check.`,
      metric: failedChecks(check, run, Duration.minutes(everyMinutes)),
      threshold: 1,
    },
    'check-is-slow': {
      says: `crawlwatch is slow: ${slow}. ${read}.`,
      metric: unlabelledFleetMetric('duration', everyMinutes),
      threshold: Math.round(seconds * 1000 * SLOW_SHARE),
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
    },
    // Without a person nobody waits for its answer.
    ...(actsByItself(settings) && {
      'acting-is-failing': {
        says: `crawlwatch can't act: the remedy function ended with an error; what it was to restart or reboot may be as it was, and what it did may not be mailed. Read the newest lines first: aws logs tail ${remedy.logGroup.logGroupName} --since 1h, and look for level ERROR. It clears by itself after a clean run.`,
        metric: remedy.function.metricErrors({ period: Duration.minutes(everyMinutes) }),
        threshold: 1,
      },
    }),
  };
}

/** Of a run, only how it ends: a shard that fails costs its own hosts their result, and the join's error says so. */
function failedChecks(check: IFunction, run: IStateMachine | null, period: Duration): IMetric {
  if (run === null) return check.metricErrors({ period });
  return new MathExpression({
    // Either of them may never have had a value.
    expression: 'SUM(METRICS())',
    label: 'runs that failed',
    usingMetrics: { failed: run.metricFailed({ period }), timedOut: run.metricTimedOut({ period }) },
    period,
  });
}

function hostAlarms(settings: Settings): Record<string, AlarmSpec> {
  const { metrics, memory, disk, flag } = settings;
  const { everyMinutes } = settings.schedule;
  // Two of three: with one value a period, a check that starts a little late leaves a period empty.
  const standing = { evaluationPeriods: 3, datapointsToAlarm: 2 };
  const low = (which: 'memory' | 'disk', availablePercent: number) => ({
    metric: perInstanceQuery(which, settings),
    threshold: 100 - availablePercent,
    comparisonOperator: GREATER_THAN_THRESHOLD,
    ...standing,
  });
  return {
    'instances-unreachable': {
      says: 'At least one watched instance hangs: it is up, and neither SSH nor SSM gets an answer.',
      metric: unlabelledFleetMetric('unreachable', everyMinutes),
      threshold: 1,
      ...standing,
    },
    'instances-flagged': {
      says: `At least one instance hung for ${flag.afterFailures} checks and carries the reboot flag: it waits for somebody to reboot it.`,
      metric: unlabelledFleetMetric('flagged', everyMinutes),
      threshold: 1,
    },
    'flagging-suppressed': {
      says: `More than ${flag.breakerPercent}% of the fleet fails at once, so nothing new is flagged: the fault is likelier on the checking side.`,
      metric: unlabelledFleetMetric('suppressed', everyMinutes),
      threshold: 1,
    },
    ...(metrics.perInstance === 'all' && {
      'memory-is-low': {
        says: `An instance has less than ${memory.criticalPercent}% of its memory available.`,
        ...low('memory', memory.criticalPercent),
      },
      'disk-is-low': {
        says: `The fullest mount of an instance has less than ${disk.criticalPercent}% available, however large it is.`,
        ...low('disk', disk.criticalPercent),
      },
    }),
  };
}

const pascalCase = (name: string): string =>
  name.replace(/(^|-)([a-z])/g, (_all, _dash, letter) => letter.toUpperCase());
