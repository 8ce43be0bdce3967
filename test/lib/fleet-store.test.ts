import { describe, expect, it } from 'vitest';
import { SAMPLES_KEY, STATE_KEY } from '../../lambda/model/index.ts';
import { fromEnvironment } from '../../lambda/settings/settings.ts';
import { type Call, mayCall } from '../support/iam.ts';
import { inWords, templateWith } from './synth.ts';

const DISTRIBUTED = { scale: 'distributed' };
const VPC = { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'], createEndpoints: true };

const functionOf = (name: string, settings: object) => {
  const functions = Object.entries(templateWith(settings).findResources('AWS::Lambda::Function'));
  return functions.find(([id]) => id.startsWith(name))![1].Properties;
};
const bucketOf = (name: string, settings: object) =>
  fromEnvironment(functionOf(name, settings).Environment.Variables).bucket;
const on = (action: string, key: string): Call => ({ action, resource: `{StoreFiles.Arn}/${key}` });

describe('the bucket', () => {
  it.each([
    ['by default', {}],
    ['without metrics of instances', { metrics: { perInstance: 'none' } }],
    ['in a distributed run', DISTRIBUTED],
  ])('is private, encrypted, reached over TLS alone and goes with the stack, %s', (_, settings) => {
    const template = templateWith(settings);
    const [bucket, ...others] = Object.values(template.findResources('AWS::S3::Bucket'));
    expect(others).toEqual([]);
    expect(bucket).toMatchObject({
      DeletionPolicy: 'Delete',
      Properties: {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        LifecycleConfiguration: { Rules: [{ Prefix: 'runs/', ExpirationInDays: 1, Status: 'Enabled' }] },
      },
    });
    expect(bucket!.Properties).not.toHaveProperty('VersioningConfiguration');
    expect(bucket!.Properties).not.toHaveProperty('BucketName');
    const [policy] = Object.values(template.findResources('AWS::S3::BucketPolicy'));
    expect(policy!.Properties.PolicyDocument.Statement).toEqual([
      expect.objectContaining({
        Effect: 'Deny',
        Action: 's3:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
      // Of the function below, alone.
      expect.objectContaining({
        Effect: 'Allow',
        Action: ['s3:PutBucketPolicy', 's3:GetBucket*', 's3:List*', 's3:DeleteObject*'],
        Principal: { AWS: { 'Fn::GetAtt': [expect.stringMatching(/^CustomS3AutoDeleteObjects.*Role/), 'Arn'] } },
      }),
    ]);
  });

  it('is emptied before its deletion by a function that may do nothing else, write a log neither', () => {
    const template = templateWith();
    const emptied = Object.values(template.findResources('AWS::CloudFormation::CustomResource'));
    expect(emptied.map(({ Properties }) => inWords(Properties.BucketName))).toEqual(['{StoreFiles}']);
    const roles = template.findResources('AWS::IAM::Role');
    const [[id, role] = [], ...others] = Object.entries(roles).filter(([name]) => name.startsWith('CustomS3'));
    expect(others).toEqual([]);
    expect(Object.keys(role?.Properties)).toEqual(['AssumeRolePolicyDocument']);
    const policies = Object.values(template.findResources('AWS::IAM::Policy'));
    expect(JSON.stringify(policies.map(({ Properties }) => Properties.Roles))).not.toContain(id);
  });

  it('is known to every function that remembers or looks back, and is put out', () => {
    for (const name of ['Check', 'Remedy', 'Widget']) expect(inWords(bucketOf(name, {}))).toBe('{StoreFiles}');
    expect(inWords(templateWith().findOutputs('StateBucketName').StateBucketName!.Value)).toBe('{StoreFiles}');
  });

  it('is asked through its own endpoint from within a VPC, and the widget, which is in none, asks as usual', () => {
    const url = (name: string) => functionOf(name, { vpc: VPC }).Environment.Variables.AWS_ENDPOINT_URL_S3;
    expect(JSON.stringify(url('Check'))).toMatch(/https:\/\/bucket.*CheckNetworkEndpoints3/);
    expect(url('Remedy')).toEqual(url('Check'));
    expect(url('Widget')).toBeUndefined();
    expect(functionOf('Check', {}).Environment.Variables.AWS_ENDPOINT_URL_S3).toBeUndefined();
  });
});

describe('what may be done in the bucket', () => {
  const LIST = { action: 's3:ListBucket', resource: '{StoreFiles.Arn}' };
  const listed = (prefix: string): Call => ({ ...LIST, context: { 's3:prefix': prefix } });

  it.each<[string, object, Call]>([
    ['CheckRole', {}, on('s3:PutObject', 'runs/run-1/plan.json')],
    ['CheckRole', {}, listed('runs/run-1')],
    ['CheckRole', DISTRIBUTED, on('s3:DeleteObject', 'runs/run-1/plan.json')],
    ['CheckRole', DISTRIBUTED, on('s3:PutObject', 'other.json')],
    ['CheckRole', DISTRIBUTED, on('s3:DeleteObject', STATE_KEY)],
    ['CheckRole', DISTRIBUTED, listed('other')],
    ['RemedyRole', DISTRIBUTED, on('s3:PutObject', SAMPLES_KEY)],
    ['RemedyRole', DISTRIBUTED, on('s3:GetObject', 'runs/run-1/plan.json')],
    ['WidgetRole', DISTRIBUTED, on('s3:PutObject', STATE_KEY)],
    ['WidgetRole', DISTRIBUTED, on('s3:PutObject', SAMPLES_KEY)],
    ['WidgetRole', DISTRIBUTED, on('s3:GetObject', 'runs/run-1/plan.json')],
    ['WidgetRole', DISTRIBUTED, listed('runs/')],
    ['RunRole', DISTRIBUTED, on('s3:GetObject', 'runs/run-1/shards/0.json')],
    ['RunRole', DISTRIBUTED, on('s3:GetObject', STATE_KEY)],
    ['RunRole', DISTRIBUTED, on('s3:PutObject', 'runs/run-1/shards.json')],
  ])('is not, by %s with %j: %j', (role, settings, call) => {
    expect(mayCall(role, settings, call)).toBe(false);
  });

  it.each<[string, object, Call]>([
    ['CheckRole', {}, on('s3:GetObject', STATE_KEY)],
    ['CheckRole', {}, on('s3:PutObject', STATE_KEY)],
    ['CheckRole', {}, on('s3:GetObject', SAMPLES_KEY)],
    ['CheckRole', {}, on('s3:PutObject', SAMPLES_KEY)],
    // As S3 asks before it says that a file isn't there: without a prefix.
    ['CheckRole', {}, LIST],
    ['CheckRole', DISTRIBUTED, on('s3:PutObject', 'runs/run-1/plan.json')],
    ['CheckRole', DISTRIBUTED, on('s3:GetObject', 'runs/cost.json')],
    ['CheckRole', DISTRIBUTED, listed('runs/run-1')],
    ['RemedyRole', {}, on('s3:GetObject', STATE_KEY)],
    // An act is noted there as well.
    ['RemedyRole', {}, on('s3:PutObject', STATE_KEY)],
    ['RemedyRole', {}, on('s3:GetObject', SAMPLES_KEY)],
    ['RemedyRole', {}, LIST],
    ['WidgetRole', {}, on('s3:GetObject', STATE_KEY)],
    ['WidgetRole', {}, on('s3:GetObject', SAMPLES_KEY)],
    ['WidgetRole', {}, LIST],
    ['RunRole', DISTRIBUTED, on('s3:GetObject', 'runs/run-1/shards.json')],
  ])('is, by %s with %j: %j', (role, settings, call) => {
    expect(mayCall(role, settings, call)).toBe(true);
  });
});
