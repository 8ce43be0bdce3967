/** What the doctor asks AWS about the stack. Whatever is refused or fails is an answer, too, and stops nothing else. */

import { listSubscriptions } from '../../lambda/alert/index.ts';
import type { CloudFormation, CloudWatch, Ec2, Lambda, Sns, Ssm } from '../../lambda/kit/index.ts';
import { errorCode, errorText, isAccessDenied } from '../../lambda/kit/index.ts';
import { FLEET_METRIC, METRIC_NAMESPACE } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import type { SecretClients } from '../../lambda/ssh/index.ts';
import { stackOutputs } from '../stack/index.ts';
import { explainAwsError } from '../terminal/index.ts';
import { type MetricTotal, readTotals } from './cloudwatch.ts';
import type { Asked } from './diagnose.ts';
import {
  type AlertFacts,
  MAIL_DAYS,
  type MailCounts,
  type RecentRuns,
  recentMinutes,
  type Total,
} from './diagnose-alerts.ts';
import { type FunctionConfiguration, functionConfiguration } from './lambda.ts';

export interface DoctorClients {
  readonly region: string;
  readonly now: Date;
  readonly cloudFormation: CloudFormation;
  readonly cloudWatch: CloudWatch;
  readonly ec2: Ec2;
  readonly lambda: Lambda;
  readonly secrets: SecretClients['secrets'];
  readonly sns: Sns;
  readonly ssm: Ssm;
}

/** @param permission what IAM must allow for the call */
export async function asked<T>(permission: string, work: Promise<T>): Promise<Asked<T>> {
  try {
    return { kind: 'told', value: await work };
  } catch (error) {
    return whyNot(permission, error);
  }
}

/** Some errors of ours wrap AWS's own. */
export function whyNot(permission: string, error: unknown): Exclude<Asked<never>, { kind: 'told' }> {
  const cause = error instanceof Error ? error.cause : undefined;
  return isAccessDenied(error) || isAccessDenied(cause)
    ? { kind: 'denied', permission }
    : { kind: 'unread', why: errorText(error) };
}

/** The stack as it is deployed. */
export interface Stack {
  readonly name: string;
  readonly outputs: AlertFacts['outputs'];
  /** Null where there is no stack, or none that tells of its function. */
  readonly check: Asked<FunctionConfiguration> | null;
}

/** @throws UsageError where AWS takes no call at all: it is out of reach, or doesn't accept the credentials. */
export async function askStack(world: DoctorClients, name: string): Promise<Stack> {
  const outputs = await stackOutputs(world.cloudFormation, name).then(
    (value): Stack['outputs'] => ({ kind: 'told', value }),
    (error) => {
      // The first call: what ails it would ail every other, but for a right that it lacks.
      if (!isAccessDenied(error)) throw explainAwsError(error) ?? error;
      return whyNot('cloudformation:DescribeStacks', error);
    },
  );
  const check = outputs.kind === 'told' ? outputs.value?.CheckFunctionName : undefined;
  return {
    name,
    outputs,
    check:
      check === undefined
        ? null
        : await asked('lambda:GetFunctionConfiguration', functionConfiguration(world.lambda, check)),
  };
}

export async function askAlerts(world: DoctorClients, stack: Stack, settings: Settings): Promise<AlertFacts> {
  const { region, now } = world;
  const outputs = stack.outputs.kind === 'told' ? stack.outputs.value : null;
  const [check, topic] = [outputs?.CheckFunctionName, outputs?.AlertsTopicArn];
  const counted = <T>(work: Promise<T>) => asked('cloudwatch:GetMetricData', work);
  const [runs, heartbeat, subscribers, mails] = await Promise.all([
    check === undefined ? null : counted(recentRuns(world, check, settings)),
    outputs === null ? null : counted(lastHeartbeat(world)),
    topic === undefined ? null : asked('sns:ListSubscriptionsByTopic', subscribersOf(world, topic)),
    topic === undefined ? null : counted(mailCounts(world, topic)),
  ]);
  return { stack: stack.name, region, now, outputs: stack.outputs, runs, heartbeat, subscribers, mails };
}

/** Null where there is no such topic. */
async function subscribersOf({ sns }: DoctorClients, topicArn: string) {
  try {
    return await listSubscriptions(sns, topicArn);
  } catch (error) {
    if (errorCode(error).startsWith('NotFound')) return null;
    throw error;
  }
}

const NONE: Total = { sum: 0, lastAt: null };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ago = ({ now }: DoctorClients, ms: number): Date => new Date(now.getTime() - ms);

/** https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html */
async function recentRuns(world: DoctorClients, check: string, settings: Settings): Promise<RecentRuns> {
  const metrics = ['Invocations', 'Errors', 'Throttles'].map((name) => ({
    namespace: 'AWS/Lambda',
    name,
    dimensions: { FunctionName: check },
  }));
  const since = ago(world, recentMinutes(settings) * MINUTE);
  const [started = NONE, failed = NONE, throttled = NONE] = await readTotals(
    world.cloudWatch,
    metrics,
    since,
    world.now,
    60,
  );
  return { started, failed, throttled };
}

async function lastHeartbeat(world: DoctorClients): Promise<MetricTotal> {
  const metric = { namespace: METRIC_NAMESPACE, name: FLEET_METRIC.duration, dimensions: {} };
  const [total = NONE] = await readTotals(world.cloudWatch, [metric], ago(world, DAY), world.now, 60);
  return total;
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html */
async function mailCounts(world: DoctorClients, topicArn: string): Promise<MailCounts> {
  const TopicName = topicArn.split(':').at(-1) ?? '';
  const names = ['NumberOfMessagesPublished', 'NumberOfNotificationsDelivered', 'NumberOfNotificationsFailed'];
  const metrics = names.map((name) => ({ namespace: 'AWS/SNS', name, dimensions: { TopicName } }));
  const since = ago(world, MAIL_DAYS * DAY);
  const [published = NONE, delivered = NONE, failed = NONE] = await readTotals(
    world.cloudWatch,
    metrics,
    since,
    world.now,
    300,
  );
  return { published, delivered, failed };
}
