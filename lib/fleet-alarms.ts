import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { actsByItself, type Settings } from '../lambda/settings/index.ts';
import { heartbeatMetric, unlabelledFleetMetric } from './fleet-metrics.ts';

/** So many whole intervals in a row without a finished check. */
const INTERVALS = 3;
/** Share of its time after which a check is about to leave hosts unread; one hung host alone takes less. */
const SLOW_SHARE = 0.95;

const { GREATER_THAN_OR_EQUAL_TO_THRESHOLD, LESS_THAN_THRESHOLD } = ComparisonOperator;

export interface FleetAlarmsProps {
  readonly settings: Settings;
  readonly check: IFunction;
  readonly remedy: { readonly function: IFunction; readonly logGroup: ILogGroup };
  /** The state machine of a distributed check; null: one function does it all. */
  readonly run: IStateMachine | null;
  /** How long a check may wait for hosts; the rest of the function's timeout is for publishing. */
  readonly runDeadline: Duration;
  readonly logGroup: ILogGroup;
  readonly topic: ITopic;
}

/** One alarm of the tables below; its name is also its section in docs/runbook.md. */
interface AlarmSpec {
  readonly says: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** @default GREATER_THAN_OR_EQUAL_TO_THRESHOLD */
  readonly comparisonOperator?: ComparisonOperator;
  /** How many periods are looked at. @default 1 */
  readonly evaluationPeriods?: number;
  /** How many of these must be bad. @default all of them */
  readonly datapointsToAlarm?: number;
  /** @default NOT_BREACHING: check-is-silent is the alarm on missing data */
  readonly treatMissingData?: TreatMissingData;
}

/**
 * Alarms on the checker itself, which mail; and alarms on hosts, which only show, since the check mails what happens to
 * hosts. All watch metrics of the fleet, so that they cost the same for any fleet: $0.10 a month each, us-east-1
 * (https://aws.amazon.com/cloudwatch/pricing/, 2026), and as much again for the run's second metric in a distributed
 * check. An alarm over every instance's own metric would cost $0.10 for each instance.
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
        // Named, because an alarm's mail has only the name in its subject.
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
  // A distributed check may take until the next one starts; each of its steps has the function's time.
  const seconds = run === null ? runDeadline.toSeconds() : Math.max(runDeadline.toSeconds(), 60 * everyMinutes);
  const slow =
    run === null
      ? `checks take nearly all of the ${seconds} seconds in which hosts may be asked; those that are not read by then are UNKNOWN (NotChecked)`
      : `checks take nearly all of the ${seconds} seconds until the next one, which then starts before they have ended and asks the same hosts`;
  const read = `Read the newest lines first: aws logs tail ${logGroup.logGroupName} --since 1h`;
  return {
    'check-is-silent': {
      says: `crawlwatch is silent: no check has finished in the last ${INTERVALS * everyMinutes} minutes (${INTERVALS} intervals), and nobody is watching the fleet. Right after the first deploy it means only that the first check has not ended yet. ${read}.`,
      metric: heartbeatMetric(settings),
      threshold: 1,
      comparisonOperator: LESS_THAN_THRESHOLD,
      // More than one, because a check that starts a little late leaves one period empty; and because the newest value
      // of FILL is 0 until that period's check has ended.
      evaluationPeriods: INTERVALS,
      // Of a metric that never had a value even FILL may make nothing.
      treatMissingData: TreatMissingData.BREACHING,
    },
    'check-is-failing': {
      says: `crawlwatch fails: a check ended with an error; a mail, tags or metrics may be missing. ${read}, and look for level ERROR. It clears by itself after a clean check.`,
      metric: failedChecks(check, run, Duration.minutes(everyMinutes)),
      threshold: 1,
    },
    'check-is-slow': {
      says: `crawlwatch is slow: ${slow}. ${read}.`,
      metric: unlabelledFleetMetric('duration', settings),
      threshold: Math.round(seconds * 1000 * SLOW_SHARE),
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
    },
    // The check that waits for it fails as well, but its own alarm doesn't say where to look.
    ...(actsByItself(settings) && {
      'acting-is-failing': {
        says: `crawlwatch can't act: the remedy function ended with an error; what it was to restart or reboot may be as it was, and what it did is not mailed before it answers again. Read the newest lines first: aws logs tail ${remedy.logGroup.logGroupName} --since 1h, and look for level ERROR. It clears by itself after a clean run.`,
        metric: remedy.function.metricErrors({ period: Duration.minutes(everyMinutes) }),
        threshold: 1,
      },
    }),
  };
}

/** Counts a distributed run by how it ends: a shard that fails costs only its own hosts, and the join's error names it. */
function failedChecks(check: IFunction, run: IStateMachine | null, period: Duration): IMetric {
  if (run === null) return check.metricErrors({ period });
  return new MathExpression({
    // Either metric may never have had a value.
    expression: 'SUM(METRICS())',
    label: 'runs that failed',
    usingMetrics: { failed: run.metricFailed({ period }), timedOut: run.metricTimedOut({ period }) },
    period,
  });
}

function hostAlarms(settings: Settings): Record<string, AlarmSpec> {
  const { memory, disk, flag } = settings;
  // Two of three: with one value a period, a check that starts a little late leaves a period empty.
  const lasting = { evaluationPeriods: 3, datapointsToAlarm: 2 };
  return {
    'instances-unreachable': {
      says: 'At least one watched instance hangs: it is up, and neither SSH nor SSM gets an answer.',
      metric: unlabelledFleetMetric('unreachable', settings),
      threshold: 1,
      ...lasting,
    },
    'instances-flagged': {
      says: `At least one instance hung for ${flag.afterFailures} checks and carries the reboot flag: it waits for somebody to reboot it.`,
      metric: unlabelledFleetMetric('flagged', settings),
      threshold: 1,
    },
    'flagging-suppressed': {
      says: `More than ${flag.breakerPercent}% of the fleet fails at once, so nothing new is flagged: the fault is likelier on the checking side.`,
      metric: unlabelledFleetMetric('suppressed', settings),
      threshold: 1,
    },
    'memory-is-low': {
      says: `At least one instance has less than ${memory.warningPercent}% of its memory available.`,
      metric: unlabelledFleetMetric('memoryLow', settings),
      threshold: 1,
      ...lasting,
    },
    'disk-is-low': {
      says: `A mount of at least one instance has less than ${disk.warningPercent}% and at most ${disk.ignoreAboveGib} GiB available.`,
      metric: unlabelledFleetMetric('diskLow', settings),
      threshold: 1,
      ...lasting,
    },
  };
}

const pascalCase = (name: string): string =>
  name.replace(/(^|-)([a-z])/g, (_all, _dash, letter) => letter.toUpperCase());
