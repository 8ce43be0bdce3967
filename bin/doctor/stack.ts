/** What the doctor reads from AWS about the stack. A call that is denied or fails is a finding, and stops no other. */

import { listSubscriptions } from '../../lambda/alert/index.ts';
import type { CloudFormation, CloudWatch, Ec2, Lambda, S3, Sns, Ssm } from '../../lambda/kit/index.ts';
import { errorCode, errorText, isAccessDenied } from '../../lambda/kit/index.ts';
import { FLEET_METRIC, type Instance, METRIC_NAMESPACE, STATE_KEY } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import type { SecretClients } from '../../lambda/ssh/index.ts';
import { describeStack, withStackState } from '../stack/index.ts';
import { explainAwsError } from '../terminal/index.ts';
import {
  type AlertFacts,
  MAIL_DAYS,
  type MailCounts,
  type RecentRuns,
  recentMinutes,
  type Total,
} from './alert-steps.ts';
import { type MetricTotal, readTotals } from './cloudwatch.ts';
import { type FunctionConfiguration, functionConfiguration } from './lambda.ts';
import { type Lookup, type Step, stepsOf } from './step.ts';

export interface DoctorClients {
  readonly region: string;
  readonly now: Date;
  readonly cloudFormation: CloudFormation;
  readonly cloudWatch: CloudWatch;
  readonly ec2: Ec2;
  readonly lambda: Lambda;
  readonly s3: S3;
  readonly secrets: SecretClients['secrets'];
  readonly sns: Sns;
  readonly ssm: Ssm;
}

/** @param permission what IAM must allow for the call */
export async function attempt<T>(permission: string, work: Promise<T>): Promise<Lookup<T>> {
  try {
    return { kind: 'answered', value: await work };
  } catch (error) {
    return failureOf(permission, error);
  }
}

const NOT_AWS = 'what answered is not in the form of AWS: an emulator that lacks this call, or a proxy';
/** The SDK throws what its parser threw. */
const isUnreadable = (error: unknown) => error instanceof Error && error.name === 'SyntaxError';

/** AWS's error may be the cause of one of ours. */
export function failureOf(permission: string, error: unknown): Exclude<Lookup<never>, { kind: 'answered' }> {
  const cause = error instanceof Error ? error.cause : undefined;
  return isAccessDenied(error) || isAccessDenied(cause)
    ? { kind: 'denied', permission }
    : { kind: 'failed', why: isUnreadable(error) ? NOT_AWS : errorText(error) };
}

/** The stack as it is deployed. */
export interface Stack {
  readonly name: string;
  readonly outputs: AlertFacts['outputs'];
  /** CloudFormation's word for its state, e.g. `CREATE_COMPLETE`; null where there is none, or it can't be read. */
  readonly status: string | null;
  /** Null where there is no stack, or none that has such a function among its outputs. */
  readonly check: Lookup<FunctionConfiguration> | null;
}

/** @throws UsageError where AWS accepts no call at all: it can't be reached, or refuses the credentials. */
export async function readStack(clients: DoctorClients, name: string): Promise<Stack> {
  const found = await describeStack(clients.cloudFormation, name).then(
    (value): Lookup<Awaited<ReturnType<typeof describeStack>>> => ({ kind: 'answered', value }),
    (error) => {
      // This is the first call: unless only its permission is missing, every other would fail alike.
      if (!isAccessDenied(error)) throw explainAwsError(error) ?? error;
      return failureOf('cloudformation:DescribeStacks', error);
    },
  );
  const outputs: Stack['outputs'] =
    found.kind === 'answered' ? { kind: 'answered', value: found.value?.outputs ?? null } : found;
  const check = outputs.kind === 'answered' ? outputs.value?.CheckFunctionName : undefined;
  return {
    name,
    outputs,
    status: found.kind === 'answered' ? (found.value?.status ?? null) : null,
    check:
      check === undefined
        ? null
        : await attempt('lambda:GetFunctionConfiguration', functionConfiguration(clients.lambda, check)),
  };
}

/**
 * The instances with what checks remember of them; `missing` is the step that says why that can't be read, and then
 * they come with what their tags show.
 */
export async function rememberedBy(
  stack: Stack,
  found: readonly Instance[],
  { s3, cloudFormation, now }: DoctorClients,
): Promise<{ readonly instances: readonly Instance[]; readonly missing: readonly Step[] }> {
  const bucket = stack.outputs.kind === 'answered' ? (stack.outputs.value?.StateBucketName ?? null) : null;
  const permission =
    bucket === null ? 'cloudformation:DescribeStacks' : `s3:GetObject on arn:aws:s3:::${bucket}/${STATE_KEY}`;
  let missing: readonly Step[] = [];
  const options = { s3, cloudFormation, bucket, stack: stack.name, isExpected: false, clock: { now: () => now } };
  const instances = await withStackState(found, options, (error) => {
    missing = stepsOf('state', failureOf(permission, error), () => []);
  });
  return { instances, missing };
}

export async function readAlertFacts(clients: DoctorClients, stack: Stack, settings: Settings): Promise<AlertFacts> {
  const { region, now } = clients;
  const outputs = stack.outputs.kind === 'answered' ? stack.outputs.value : null;
  const [check, topic] = [outputs?.CheckFunctionName, outputs?.AlertsTopicArn];
  const counted = <T>(work: Promise<T>) => attempt('cloudwatch:GetMetricData', work);
  const [runs, heartbeat, subscribers, mails] = await Promise.all([
    check === undefined ? null : counted(recentRuns(clients, check, settings)),
    outputs === null ? null : counted(lastHeartbeat(clients, settings)),
    topic === undefined ? null : attempt('sns:ListSubscriptionsByTopic', subscribersOf(clients, topic)),
    topic === undefined ? null : counted(mailCounts(clients, topic)),
  ]);
  return {
    stack: stack.name,
    status: stack.status,
    region,
    now,
    outputs: stack.outputs,
    runs,
    heartbeat,
    subscribers,
    mails,
  };
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
async function recentRuns(clients: DoctorClients, check: string, settings: Settings): Promise<RecentRuns> {
  const metrics = ['Invocations', 'Errors', 'Throttles'].map((name) => ({
    namespace: 'AWS/Lambda',
    name,
    dimensions: { FunctionName: check },
  }));
  const since = ago(clients, recentMinutes(settings) * MINUTE);
  const [started = NONE, failed = NONE, throttled = NONE] = await readTotals(
    clients.cloudWatch,
    metrics,
    since,
    clients.now,
    60,
  );
  return { started, failed, throttled };
}

async function lastHeartbeat(clients: DoctorClients, { stack }: Settings): Promise<MetricTotal> {
  const metric = { namespace: METRIC_NAMESPACE, name: FLEET_METRIC.duration, dimensions: { Stack: stack } };
  const [total = NONE] = await readTotals(clients.cloudWatch, [metric], ago(clients, DAY), clients.now, 60);
  return total;
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html */
async function mailCounts(clients: DoctorClients, topicArn: string): Promise<MailCounts> {
  const TopicName = topicArn.split(':').at(-1) ?? '';
  const names = ['NumberOfMessagesPublished', 'NumberOfNotificationsDelivered', 'NumberOfNotificationsFailed'];
  const metrics = names.map((name) => ({ namespace: 'AWS/SNS', name, dimensions: { TopicName } }));
  const since = ago(clients, MAIL_DAYS * DAY);
  const [published = NONE, delivered = NONE, failed = NONE] = await readTotals(
    clients.cloudWatch,
    metrics,
    since,
    clients.now,
    300,
  );
  return { published, delivered, failed };
}
