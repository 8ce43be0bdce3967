import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { fromEnvironment } from '../../lambda/settings.ts';
import { checkGrants, grantsOf, templateWith } from './synth.ts';

const INSTANCES = 'arn:{AWS::Partition}:ec2:{AWS::Region}:{AWS::AccountId}:instance/*';
const WATCHED = { 'aws:ResourceTag/crawlwatch': 'true' };
const onlyKey = (key: string) => ({
  StringEquals: WATCHED,
  'ForAllValues:StringEquals': { 'aws:TagKeys': [key] },
  Null: { 'aws:TagKeys': 'false' },
});

describe('the remedy function', () => {
  const template = templateWith();
  const [id, { Properties }] = Object.entries(template.findResources('AWS::Lambda::Function')).find(([name]) =>
    name.startsWith('Remedy'),
  )!;

  it('runs on Node 24 under a name that CloudFormation makes, and is tried once', () => {
    expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
    expect(Properties.FunctionName).toBeUndefined();
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: id },
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
  });

  it('is told of its table and the settings, and of nothing to publish to', () => {
    const { Variables } = Properties.Environment;
    expect(fromEnvironment(Variables)).toMatchObject({ topicArn: null, settings: { tag: { key: 'crawlwatch' } } });
    expect(Variables.CRAWLWATCH_LEASE_TABLE.Ref).toMatch(/^RemedyLease/);
  });

  it('keeps its acts in a table that costs nothing at rest, forgets by itself and goes with the stack', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      },
      DeletionPolicy: 'Delete',
    });
  });

  it('logs into a group of its own, which goes with the stack', () => {
    expect(Properties.LoggingConfig).toEqual({ LogGroup: { Ref: expect.stringMatching(/^RemedyLogs/) } });
    template.allResources('AWS::Logs::LogGroup', { DeletionPolicy: 'Delete' });
  });

  it('is called by nobody but whom a person lets: no schedule, no other function', () => {
    template.resourceCountIs('AWS::Lambda::Permission', 0);
    template.allResourcesProperties('AWS::Scheduler::Schedule', {
      Target: Match.objectLike({ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Check'), 'Arn'] } }),
    });
    expect(JSON.stringify(checkGrants())).not.toContain('lambda:');
  });
});

describe("the remedy function's role", () => {
  it.each([
    [
      'writes its own log group',
      'WriteLogs',
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      '{RemedyLogs.Arn}',
      undefined,
    ],
    ['reads instances', 'ReadInstance', 'ec2:DescribeInstances', '*', undefined],
    [
      'reboots watched instances that carry the flag, and no others',
      'RebootFlagged',
      'ec2:RebootInstances',
      INSTANCES,
      { StringEquals: WATCHED, StringLike: { 'aws:ResourceTag/crawlwatch:reboot-flag': '*' } },
    ],
    [
      'records its acts, and writes no other tag',
      'RecordAct',
      'ec2:CreateTags',
      INSTANCES,
      onlyKey('crawlwatch:acted'),
    ],
    [
      'takes the flag away, and no other tag',
      'TakeFlagAway',
      'ec2:DeleteTags',
      INSTANCES,
      onlyKey('crawlwatch:reboot-flag'),
    ],
    [
      'reads and writes its table',
      'TakeLease',
      ['dynamodb:GetItem', 'dynamodb:PutItem'],
      '{RemedyLease.Arn}',
      undefined,
    ],
  ])('%s', (_, sid, action, resource, condition) => {
    expect(grantsOf('RemedyRole').find(({ Sid }) => Sid === sid)).toEqual({
      Sid: sid,
      Effect: 'Allow',
      Action: action,
      Resource: resource,
      ...(condition && { Condition: condition }),
    });
  });

  it('has no other grants than these', () => {
    expect(grantsOf('RemedyRole')).toHaveLength(6);
  });

  it('follows the watch tag of the settings', () => {
    const grants = grantsOf('RemedyRole', { tag: { key: 'team', value: 'crawl' } });
    const conditions = JSON.stringify(grants.map(({ Condition }) => Condition));
    expect(conditions.match(/"aws:ResourceTag\/team":"crawl"/g)).toHaveLength(3);
  });
});
