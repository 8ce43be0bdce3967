/** What the functions that ask hosts may do: one small statement per capability, each with why it can't be narrower. */
import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { METRIC_NAMESPACE, OWN_TAG_KEYS } from '../lambda/model/index.ts';
import { isSecretsManager, type Settings, usesSsm } from '../lambda/settings/index.ts';
import { assumeMembers, type Reach, reachOf } from './reach.ts';

/** What a function works with that asks hosts and tells of it. */
export interface CheckResources {
  readonly topic: ITopic;
  readonly probe: CfnDocument;
  readonly logGroup: ILogGroup;
}

/**
 * Every statement of the check function's role, but that of {@link invokeRemedy}. It can neither restart nor reboot
 * anything, and of tags it can write crawlwatch's own alone: never the watch tag, with which it could widen its own reach.
 */
export function checkStatements(stack: Stack, settings: Settings, resources: CheckResources): PolicyStatement[] {
  const reach = reachOf(stack, settings.regions ?? [stack.region], resources.probe);
  return [
    ...askAndTell(stack, settings, resources, reach),
    writeOwnTags(reach, settings),
    ...assumeMembers(stack, settings),
  ];
}

/** To find instances, probe them and publish: the same for the check and for the one look right before an act. */
export function askAndTell(
  stack: Stack,
  settings: Settings,
  resources: CheckResources,
  reach = reachOf(stack, [stack.region], resources.probe),
): PolicyStatement[] {
  return [
    writeLogs(resources.logGroup),
    discoverInstances(),
    readConsole(reach, settings),
    ...(usesSsm(settings) ? runProbe(reach, settings) : []),
    ...readSshKey(settings),
    ...pushSshKey(reach, settings),
    putMetrics(),
    readMetrics(),
    publishAlerts(resources.topic),
    ...(settings.vpc.id === null ? [] : [joinVpc()]),
  ];
}

/** Instance ids aren't known at deploy; the watch tag says which of them count. */
export const carriesWatchTag = (prefix: string, { tag }: Settings) => ({ [`${prefix}/${tag.key}`]: tag.value });

/** The group itself is made by the stack, with its retention: no CreateLogGroup. */
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

/** For who looks only. */
export const readInstances = () =>
  new PolicyStatement({ sid: 'DiscoverInstances', actions: ['ec2:DescribeInstances'], resources: ['*'] });

/**
 * `ForAllValues` is true of an empty set, and DeleteTags without tags deletes all of a user's: `Null` closes that
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

/** The console may hold secrets of the boot: only that of instances given to crawlwatch. */
export const readConsole = ({ instances }: Reach, settings: Settings) =>
  new PolicyStatement({
    sid: 'ReadConsole',
    actions: ['ec2:GetConsoleOutput'],
    resources: instances,
    conditions: { StringEquals: carriesWatchTag('aws:ResourceTag', settings) },
  });

/**
 * SendCommand is authorised on the document and on each instance, by a statement each: our document anywhere would be
 * harmless, any document on our instances a root shell. The read and cancel actions have no resource-level
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

/** To say that there is something to act on. What is done about it the other function decides, by its own rights. */
export const invokeRemedy = (remedy: IFunction): PolicyStatement =>
  new PolicyStatement({
    sid: 'InvokeRemedy',
    actions: ['lambda:InvokeFunction'],
    resources: [remedy.functionArn],
  });

/**
 * One secret, by its ARN. A key that is encrypted with a KMS key of one's own needs a grant there too, which only its
 * owner can give.
 */
function readSshKey({ ssh }: Settings): PolicyStatement[] {
  if (ssh.keySecretArn === null) return [];
  const action = isSecretsManager(ssh.keySecretArn) ? 'secretsmanager:GetSecretValue' : 'ssm:GetParameter';
  return [new PolicyStatement({ sid: 'ReadSshKey', actions: [action], resources: [ssh.keySecretArn] })];
}

/** Whether a check logs in with a key that it pushes by EC2 Instance Connect. */
export const usesInstanceConnect = ({ ssh, transport }: Settings): boolean =>
  ssh.instanceConnect && transport !== 'ssm';

/**
 * For the one user of the settings: with any other name, `root` among them, the role could log in as whom it likes. A
 * host whose tag names another user needs a key of its own.
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

/** Metrics have no ARNs; the namespace is what a writer can be held to. */
const putMetrics = () =>
  new PolicyStatement({
    sid: 'PutMetrics',
    actions: ['cloudwatch:PutMetricData'],
    resources: ['*'],
    conditions: { StringEquals: { 'cloudwatch:namespace': METRIC_NAMESPACE } },
  });

/** History for forecasts. GetMetricData knows neither a resource nor the namespace condition. */
const readMetrics = () =>
  new PolicyStatement({ sid: 'ReadMetrics', actions: ['cloudwatch:GetMetricData'], resources: ['*'] });

const publishAlerts = (topic: ITopic) =>
  new PolicyStatement({
    sid: 'PublishAlerts',
    actions: ['sns:Publish', 'sns:ListSubscriptionsByTopic'],
    resources: [topic.topicArn],
  });

/** Lambda puts the function's network interfaces into the VPC as this role; their ids aren't known beforehand. */
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
