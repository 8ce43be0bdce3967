import { Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { fromEnvironment } from '../../lambda/settings/settings.ts';
import { checkGrants, grantsOf, templateWith } from './synth.ts';

const INSTANCES = 'arn:{AWS::Partition}:ec2:{AWS::Region}:{AWS::AccountId}:instance/*';
const WATCHED = { 'aws:ResourceTag/crawlwatch': 'true' };
const onlyKey = (key: string) => ({
  StringEquals: WATCHED,
  'ForAllValues:StringEquals': { 'aws:TagKeys': [key] },
  Null: { 'aws:TagKeys': 'false' },
});

const VPC = { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] };
const functionIn = (template: Template, name: string) =>
  Object.entries(template.findResources('AWS::Lambda::Function')).find(([id]) => id.startsWith(name))![1].Properties;

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

  it('has its table, the bucket, the topic, the documents and the settings in its environment', () => {
    const { settings, ...resources } = fromEnvironment(Properties.Environment.Variables);
    expect(settings).toMatchObject({ tag: { key: 'crawlwatch' } });
    expect(resources).toEqual({
      topicArn: { Ref: expect.stringMatching(/^Alerts/) },
      probeDocument: { Ref: expect.stringMatching(/^Probe/) },
      restartWorkerDocument: { Ref: expect.stringMatching(/^RestartWorker/) },
      restartSshdDocument: { Ref: expect.stringMatching(/^RestartSshd/) },
      leaseTable: { Ref: expect.stringMatching(/^RemedyLease/) },
      remedyFunctionArn: null,
      bucket: { Ref: expect.stringMatching(/^StoreFiles/) },
    });
  });

  it('has five minutes, for several restarts with a fresh check before each', () => {
    expect(Properties.Timeout).toBe(300);
  });

  it('is in no VPC without one, else in the check’s, from which hosts accept logins', () => {
    expect(Properties.VpcConfig).toBeUndefined();
    const inVpc = templateWith({ vpc: VPC });
    expect(functionIn(inVpc, 'Remedy').VpcConfig).toEqual(functionIn(inVpc, 'Check').VpcConfig);
    expect(functionIn(inVpc, 'Remedy').VpcConfig.SubnetIds).toEqual(VPC.subnetIds);
    expect(functionIn(inVpc, 'Remedy').Environment.Variables.AWS_ENDPOINT_URL_DYNAMODB).toBeUndefined();
  });

  it('finds its table by the endpoint where the VPC has no other way out', () => {
    const { Variables } = functionIn(templateWith({ vpc: { ...VPC, createEndpoints: true } }), 'Remedy').Environment;
    const { 'Fn::Join': parts } = Variables.AWS_ENDPOINT_URL_DYNAMODB;
    expect(JSON.stringify(parts)).toMatch(/"https:\/\/".*"CheckNetworkEndpointdynamodb[0-9A-F]*","DnsEntries"/);
  });

  it('keeps its acts in a table that costs nothing at rest, forgets by itself and goes with the stack', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'key', KeyType: 'HASH' },
          { AttributeName: 'at', KeyType: 'RANGE' },
        ],
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      },
      DeletionPolicy: 'Delete',
    });
  });

  it('logs into a group of its own, which goes with the stack', () => {
    expect(Properties.LoggingConfig).toEqual({ LogGroup: { Ref: expect.stringMatching(/^RemedyLogs/) } });
    template.allResources('AWS::Logs::LogGroup', { DeletionPolicy: 'Delete' });
  });

  it('is called by no schedule and no function where nothing is done without a person', () => {
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
    [
      'runs the two restart documents beside the probe',
      'RunRestartDocuments',
      'ssm:SendCommand',
      ['{RestartWorker}', '{RestartSshd}'].map(
        (name) => `arn:{AWS::Partition}:ssm:{AWS::Region}:{AWS::AccountId}:document/${name}`,
      ),
      undefined,
    ],
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
      'UseTable',
      ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
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

  it('has besides these the check’s own statements to probe and publish, but no right to write its tags or its samples', () => {
    const OWN = [
      'WriteLogs',
      'RunRestartDocuments',
      'RebootFlagged',
      'RecordAct',
      'TakeFlagAway',
      'UseTable',
      'ReadState',
      'NoteActs',
    ];
    const NOT_SHARED = ['WriteOwnTags', 'KeepState'];
    const withoutLogs = (grants: ReturnType<typeof grantsOf>) => grants.filter(({ Sid }) => Sid !== 'WriteLogs');
    const shared = grantsOf('RemedyRole').filter(({ Sid = '' }) => !OWN.includes(Sid));
    const ofCheck = withoutLogs(checkGrants()).filter(({ Sid }) => Sid !== undefined && !NOT_SHARED.includes(Sid));
    expect(shared).toEqual(ofCheck);
  });

  it('follows the watch tag of the settings', () => {
    const grants = grantsOf('RemedyRole', { tag: { key: 'team', value: 'crawl' } });
    const conditions = JSON.stringify(grants.map(({ Condition }) => Condition));
    expect(conditions.match(/"aws:ResourceTag\/team":"crawl"/g)).toHaveLength(4);
  });
});
