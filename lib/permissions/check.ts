/** What the functions that probe hosts may do: one small statement per capability, each with why it can't be narrower. */
import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { EVENT_SOURCE, METRIC_NAMESPACE, OWN_TAG_KEYS } from '../../lambda/model/index.ts';
import { isSecretsManager, type Settings, usesSsm } from '../../lambda/settings/index.ts';
import { assumeMembers, type Reach, reachOf } from './reach.ts';

/** The resources of a function that probes hosts and publishes the result. */
export interface CheckResources {
  readonly topic: ITopic;
  readonly probe: CfnDocument;
  readonly logGroup: ILogGroup;
}

/**
 * Every statement of the check function's role, except {@link invokeRemedy}. It can neither restart nor reboot anything,
 * and it can write crawlwatch's own tags only: never the watch tag, with which it could widen its own reach.
 */
export function checkStatements(stack: Stack, settings: Settings, resources: CheckResources): PolicyStatement[] {
  const reach = reachOf(stack, settings.regions ?? [stack.region], resources.probe);
  return [
    ...probeAndPublish(stack, settings, resources, reach),
    writeOwnTags(reach, settings),
    ...assumeMembers(stack, settings),
  ];
}

/** Finds instances, probes them and publishes: the same for the check and for the fresh check right before an act. */
export function probeAndPublish(
  stack: Stack,
  settings: Settings,
  resources: CheckResources,
  reach = reachOf(stack, [stack.region], resources.probe),
): PolicyStatement[] {
  return [
    writeLogs(resources.logGroup),
    discoverInstances(),
    readConsole(reach, settings),
    readMetrics(),
    ...(usesSsm(settings) ? runProbe(reach, settings) : []),
    ...readSshKey(settings),
    ...pushSshKey(reach, settings),
    putMetrics(),
    publishAlerts(resources.topic),
    sendEvents(stack),
    ...(settings.vpc.id === null ? [] : [joinVpc()]),
  ];
}

/** A condition on the watch tag, since instance ids aren't known at deploy. */
export const carriesWatchTag = (prefix: string, { tag }: Settings) => ({ [`${prefix}/${tag.key}`]: tag.value });

/** No CreateLogGroup: the stack makes the group, with its retention. */
const writeLogs = (logGroup: ILogGroup) =>
  new PolicyStatement({
    sid: 'WriteLogs',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [logGroup.logGroupArn],
  });

/** EC2's Describe actions have no resource-level permissions. */
export const discoverInstances = () =>
  new PolicyStatement({
    sid: 'DiscoverInstances',
    actions: ['ec2:DescribeInstances', 'ec2:DescribeInstanceStatus'],
    resources: ['*'],
  });

/** For a function that only reads. */
export const readInstances = () =>
  new PolicyStatement({ sid: 'DiscoverInstances', actions: ['ec2:DescribeInstances'], resources: ['*'] });

/**
 * `ForAllValues` is true for an empty set, and DeleteTags without tags deletes all of them: `Null` closes that
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
 */
export const writeOwnTags = ({ instances }: Reach, settings: Settings) =>
  new PolicyStatement({
    sid: 'WriteOwnTags',
    actions: ['ec2:CreateTags', 'ec2:DeleteTags'],
    resources: instances,
    conditions: {
      StringEquals: carriesWatchTag('aws:ResourceTag', settings),
      'ForAllValues:StringEquals': { 'aws:TagKeys': [...OWN_TAG_KEYS] },
      Null: { 'aws:TagKeys': 'false' },
    },
  });

/** Watched instances only, since a console may hold secrets of the boot. */
export const readConsole = ({ instances }: Reach, settings: Settings) =>
  new PolicyStatement({
    sid: 'ReadConsole',
    actions: ['ec2:GetConsoleOutput'],
    resources: instances,
    conditions: { StringEquals: carriesWatchTag('aws:ResourceTag', settings) },
  });

/**
 * SendCommand is authorised on the document and on each instance, by a statement each: this document on any instance
 * would be harmless, any document on a watched instance is a root shell. The read and cancel actions have no resource-level
 * permissions (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html).
 */
export const runProbe = ({ instances, documents }: Reach, settings: Settings) => [
  new PolicyStatement({
    sid: 'RunProbeDocument',
    actions: ['ssm:SendCommand'],
    resources: documents,
  }),
  new PolicyStatement({
    sid: 'RunOnWatchedInstances',
    actions: ['ssm:SendCommand'],
    resources: instances,
    conditions: { StringEquals: carriesWatchTag('ssm:resourceTag', settings) },
  }),
  new PolicyStatement({
    sid: 'FollowCommands',
    actions: ['ssm:ListCommandInvocations', 'ssm:CancelCommand', 'ssm:DescribeInstanceInformation'],
    resources: ['*'],
  }),
];

/**
 * Lets the check have the fleet looked at, and acknowledge the answer, by an alias through which it can say nothing else:
 * an ARN without the alias is another resource to IAM. To wait for the answer takes no further right. The remedy function
 * decides what is done, by its own rights.
 */
export const invokeRemedy = (automaticArn: string): PolicyStatement =>
  new PolicyStatement({
    sid: 'InvokeRemedy',
    actions: ['lambda:InvokeFunction'],
    resources: [automaticArn],
  });

/**
 * One secret, by its ARN. Secrets Manager puts six random characters at its end, which an ARN typed from the name lacks:
 * GetSecretValue takes both, IAM only the whole one or a pattern
 * (https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html). If it is encrypted with a customer-managed KMS key, that key's owner must grant the role its
 * use as well.
 */
function readSshKey({ ssh }: Settings): PolicyStatement[] {
  if (ssh.keySecretArn === null) return [];
  const action = isSecretsManager(ssh.keySecretArn) ? 'secretsmanager:GetSecretValue' : 'ssm:GetParameter';
  return [new PolicyStatement({ sid: 'ReadSshKey', actions: [action], resources: secretResources(ssh.keySecretArn) })];
}

/** A name may end like a whole ARN: `crawler-sshkey`. Six small letters or six digits are rarely random: grants both. */
function secretResources(arn: string): string[] {
  const isWhole = !isSecretsManager(arn) || /-[A-Za-z0-9]{6}$/.test(arn);
  const isPartial = isSecretsManager(arn) && (!isWhole || /-([a-z]{6}|\d{6})$/.test(arn));
  return [...(isWhole ? [arn] : []), ...(isPartial ? [`${arn}-??????`] : [])];
}

/** Whether a check logs in with a key that it pushes by EC2 Instance Connect. */
export const usesInstanceConnect = ({ ssh, transport }: Settings): boolean =>
  ssh.instanceConnect && transport !== 'ssm';

/**
 * Only for the user in the settings: with a free user name the role could log in as root. A host whose tag names another
 * user needs a key of its own.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2instanceconnect.html
 */
export function pushSshKey({ instances }: Reach, settings: Settings): PolicyStatement[] {
  if (!usesInstanceConnect(settings)) return [];
  return [
    new PolicyStatement({
      sid: 'PushSshKey',
      actions: ['ec2-instance-connect:SendSSHPublicKey'],
      resources: instances,
      conditions: {
        StringEquals: { ...carriesWatchTag('aws:ResourceTag', settings), 'ec2:osuser': settings.ssh.user },
      },
    }),
  ];
}

/** Metrics have no ARNs; a condition on the namespace is the narrowest there is. */
const putMetrics = () =>
  new PolicyStatement({
    sid: 'PutMetrics',
    actions: ['cloudwatch:PutMetricData'],
    resources: ['*'],
    conditions: { StringEquals: { 'cloudwatch:namespace': METRIC_NAMESPACE } },
  });

/**
 * What the hypervisor measures of an instance that hangs, and whether another stack, whose tag an instance carries, still
 * checks. GetMetricData supports neither resources nor the namespace condition.
 */
export const readMetrics = () =>
  new PolicyStatement({ sid: 'ReadMetrics', actions: ['cloudwatch:GetMetricData'], resources: ['*'] });

const publishAlerts = (topic: ITopic) =>
  new PolicyStatement({
    sid: 'PublishAlerts',
    actions: ['sns:Publish', 'sns:ListSubscriptionsByTopic'],
    resources: [topic.topicArn],
  });

/** Onto the default bus alone, and in its own name: a rule can trust the source. */
const sendEvents = (stack: Stack) =>
  new PolicyStatement({
    sid: 'SendEvents',
    actions: ['events:PutEvents'],
    resources: [stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })],
    conditions: { StringEquals: { 'events:source': EVENT_SOURCE } },
  });

/** Lambda makes the function's network interfaces in the VPC as this role; their ids aren't known beforehand. */
const joinVpc = () =>
  new PolicyStatement({
    sid: 'JoinVpc',
    actions: [
      'ec2:CreateNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:DeleteNetworkInterface',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ],
    resources: ['*'],
  });
