import { describe, expect, it } from 'vitest';
import { OWN_TAG_KEYS } from '../../lambda/model/index.ts';
import { checkGrants } from './synth.ts';

const INSTANCES = 'arn:{AWS::Partition}:ec2:{AWS::Region}:{AWS::AccountId}:instance/*';
const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:crawler-key-AbCdEf';
const PARAMETER = 'arn:aws:ssm:us-east-1:123456789012:parameter/crawler/key';

const actionsOf = (settings: object = {}): string[] => checkGrants(settings).flatMap((grant) => grant.Action);
const grant = (sid: string, settings: object = {}) => checkGrants(settings).find(({ Sid }) => Sid === sid);

describe("the check function's role", () => {
  it.each([
    'ec2:RebootInstances',
    'ec2:StopInstances',
    'ec2:TerminateInstances',
    'ssm:CreateDocument',
    'ssm:UpdateDocument',
    'lambda:InvokeFunction',
    'iam:PassRole',
  ])('may not %s', (action) => {
    expect(actionsOf({ vpc: { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] } })).not.toContain(
      action,
    );
  });

  it('is granted nothing by a wildcard, and nothing by a managed policy', () => {
    expect(actionsOf().filter((action) => action.includes('*'))).toEqual([]);
    expect(JSON.stringify(checkGrants())).not.toContain(':policy/');
  });

  it('writes its own tags alone, on watched instances alone, and never deletes without naming keys', () => {
    expect(grant('WriteOwnTags', { tag: { key: 'team', value: 'crawl' } })).toEqual({
      Sid: 'WriteOwnTags',
      Effect: 'Allow',
      Action: ['ec2:CreateTags', 'ec2:DeleteTags'],
      Resource: INSTANCES,
      Condition: {
        StringEquals: { 'aws:ResourceTag/team': 'crawl' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': [...OWN_TAG_KEYS] },
        Null: { 'aws:TagKeys': 'false' },
      },
    });
  });

  it.each([
    [
      'finds instances anywhere',
      'DiscoverInstances',
      ['ec2:DescribeInstances', 'ec2:DescribeInstanceStatus'],
      '*',
      undefined,
    ],
    [
      'reads the console of watched instances alone',
      'ReadConsole',
      'ec2:GetConsoleOutput',
      INSTANCES,
      { StringEquals: { 'aws:ResourceTag/crawlwatch': 'true' } },
    ],
    [
      'runs the probe document and no other',
      'RunProbeDocument',
      'ssm:SendCommand',
      'arn:{AWS::Partition}:ssm:{AWS::Region}:{AWS::AccountId}:document/{Probe}',
      undefined,
    ],
    [
      'runs it on watched instances alone',
      'RunOnWatchedInstances',
      'ssm:SendCommand',
      INSTANCES,
      { StringEquals: { 'ssm:resourceTag/crawlwatch': 'true' } },
    ],
    [
      'follows its commands',
      'FollowCommands',
      ['ssm:ListCommandInvocations', 'ssm:CancelCommand', 'ssm:DescribeInstanceInformation'],
      '*',
      undefined,
    ],
    [
      'puts metrics into its own namespace',
      'PutMetrics',
      'cloudwatch:PutMetricData',
      '*',
      { StringEquals: { 'cloudwatch:namespace': 'Crawlwatch' } },
    ],
    [
      'reads metrics: of hypervisors, and the heartbeats of other stacks',
      'ReadMetrics',
      'cloudwatch:GetMetricData',
      '*',
      undefined,
    ],
    [
      'publishes to the one topic',
      'PublishAlerts',
      ['sns:Publish', 'sns:ListSubscriptionsByTopic'],
      '{Alerts}',
      undefined,
    ],
    [
      'sends events in its own name, on the default bus',
      'SendEvents',
      'events:PutEvents',
      'arn:{AWS::Partition}:events:{AWS::Region}:{AWS::AccountId}:event-bus/default',
      { StringEquals: { 'events:source': 'crawlwatch' } },
    ],
    [
      'writes its own log group',
      'WriteLogs',
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      '{CheckLogs.Arn}',
      undefined,
    ],
  ])('%s', (_, sid, action, resource, condition) => {
    expect(grant(sid)).toEqual({
      Sid: sid,
      Effect: 'Allow',
      Action: action,
      Resource: resource,
      ...(condition && { Condition: condition }),
    });
  });

  it('has no other grants than these and the queue of failed checks', () => {
    const others = checkGrants().filter(({ Sid }) => Sid === undefined);
    expect(others.map((other) => other.Resource)).toEqual(['{CheckFailed.Arn}']);
    // With those of the bucket, in fleet-store.test.ts.
    expect(checkGrants()).toHaveLength(14);
  });

  it('holds no right on SSM where the transport is ssh', () => {
    expect(actionsOf({ transport: 'ssh' }).filter((action) => action.startsWith('ssm:'))).toEqual([]);
  });

  it.each([
    ['a secret of Secrets Manager', SECRET, 'secretsmanager:GetSecretValue'],
    ['a parameter of SSM', PARAMETER, 'ssm:GetParameter'],
  ])('reads the SSH key from %s, that one alone', (_, keySecretArn, action) => {
    expect(grant('ReadSshKey', { ssh: { keySecretArn } })).toMatchObject({ Action: action, Resource: keySecretArn });
  });

  it('pushes an SSH key to watched instances alone, for the one user of the settings', () => {
    expect(grant('PushSshKey', { transport: 'ssh', ssh: { instanceConnect: true, user: 'crawler' } })).toEqual({
      Sid: 'PushSshKey',
      Effect: 'Allow',
      Action: 'ec2-instance-connect:SendSSHPublicKey',
      Resource: INSTANCES,
      Condition: { StringEquals: { 'aws:ResourceTag/crawlwatch': 'true', 'ec2:osuser': 'crawler' } },
    });
  });

  it.each([
    ['EC2 Instance Connect is not asked for', {}],
    ['hosts are asked over SSM alone', { transport: 'ssm', ssh: { instanceConnect: true } }],
  ])('pushes no SSH key where %s', (_, settings) => {
    expect(grant('PushSshKey', settings)).toBeUndefined();
  });

  it('reads no secret where no SSH key is given, and joins no VPC where none is', () => {
    expect(grant('ReadSshKey')).toBeUndefined();
    expect(grant('JoinVpc')).toBeUndefined();
    expect(
      grant('JoinVpc', { vpc: { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] } }),
    ).toBeDefined();
  });
});
