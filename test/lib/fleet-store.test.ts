import { describe, expect, it } from 'vitest';
import { SAMPLES_KEY } from '../../lambda/model/index.ts';
import { fromEnvironment } from '../../lambda/settings/settings.ts';
import { type Call, mayCall } from '../support/iam.ts';
import { inWords, templateWith } from './synth.ts';

const DISTRIBUTED = { scale: 'distributed' };
const SNAPSHOT = { metrics: { perInstance: 'none' } };
const BOTH = { ...DISTRIBUTED, ...SNAPSHOT };
const VPC = { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'], createEndpoints: true };

const functionOf = (name: string, settings: object) => {
  const functions = Object.entries(templateWith(settings).findResources('AWS::Lambda::Function'));
  return functions.find(([id]) => id.startsWith(name))![1].Properties;
};
const bucketOf = (name: string, settings: object) =>
  fromEnvironment(functionOf(name, settings).Environment.Variables).bucket;
const on = (action: string, key: string): Call => ({ action, resource: `{StoreFiles.Arn}/${key}` });

describe('the bucket', () => {
  it('is not made where nothing is kept, and no function has its name', () => {
    templateWith().resourceCountIs('AWS::S3::Bucket', 0);
    for (const name of ['Check', 'Remedy', 'Widget']) expect(bucketOf(name, {})).toBeNull();
  });

  it.each([
    ['runs are shared out', DISTRIBUTED],
    ['a snapshot replaces metrics', SNAPSHOT],
    ['both', BOTH],
  ])('is private, encrypted, reached over TLS alone, and empties itself, where it is for %s', (_, settings) => {
    const template = templateWith(settings);
    const [bucket, ...others] = Object.values(template.findResources('AWS::S3::Bucket'));
    expect(others).toEqual([]);
    expect(bucket).toMatchObject({
      DeletionPolicy: 'Retain',
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
        LifecycleConfiguration: {
          Rules: [
            { Prefix: 'runs/', ExpirationInDays: 1, Status: 'Enabled' },
            { Prefix: 'snapshot/', ExpirationInDays: 30, Status: 'Enabled' },
          ],
        },
      },
    });
    const [policy] = Object.values(template.findResources('AWS::S3::BucketPolicy'));
    expect(policy!.Properties.PolicyDocument.Statement).toEqual([
      expect.objectContaining({
        Effect: 'Deny',
        Action: 's3:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    ]);
    // No function that could empty it.
    expect(Object.keys(template.findResources('Custom::S3AutoDeleteObjects'))).toEqual([]);
  });

  it.each([
    ['runs are shared out', DISTRIBUTED, ['Check']],
    ['a snapshot replaces metrics', SNAPSHOT, ['Check', 'Remedy', 'Widget']],
  ])('is known to those that use it where %s', (_, settings, users) => {
    const readers = ['Check', 'Remedy', 'Widget'].filter((name) => bucketOf(name, settings) !== null);
    expect(readers).toEqual(users);
    expect(inWords(bucketOf('Check', settings))).toBe('{StoreFiles}');
  });

  it('is asked through its own endpoint from within a VPC, and the widget, which is in none, asks as usual', () => {
    const url = (name: string) => functionOf(name, { ...SNAPSHOT, vpc: VPC }).Environment.Variables.AWS_ENDPOINT_URL_S3;
    expect(JSON.stringify(url('Check'))).toMatch(/https:\/\/bucket.*CheckNetworkEndpoints3/);
    expect(url('Remedy')).toEqual(url('Check'));
    expect(url('Widget')).toBeUndefined();
    expect(functionOf('Check', SNAPSHOT).Environment.Variables.AWS_ENDPOINT_URL_S3).toBeUndefined();
  });
});

describe('what may be done in the bucket', () => {
  it.each<[string, object, Call]>([
    ['CheckRole', DISTRIBUTED, on('s3:PutObject', SAMPLES_KEY)],
    ['CheckRole', SNAPSHOT, on('s3:PutObject', 'runs/run-1/plan.json')],
    ['CheckRole', BOTH, on('s3:DeleteObject', 'runs/run-1/plan.json')],
    ['CheckRole', BOTH, on('s3:PutObject', 'other.json')],
    ['RemedyRole', BOTH, on('s3:PutObject', SAMPLES_KEY)],
    ['RemedyRole', BOTH, on('s3:GetObject', 'runs/run-1/plan.json')],
    ['WidgetRole', BOTH, on('s3:PutObject', SAMPLES_KEY)],
    ['WidgetRole', BOTH, on('s3:GetObject', 'runs/run-1/plan.json')],
    ['RunRole', BOTH, on('s3:GetObject', 'runs/run-1/shards/0.json')],
    ['RunRole', BOTH, on('s3:GetObject', SAMPLES_KEY)],
    ['RunRole', BOTH, on('s3:PutObject', 'runs/run-1/shards.json')],
  ])('is not, by %s with %j: %j', (role, settings, call) => {
    expect(mayCall(role, settings, call)).toBe(false);
  });

  it.each<[string, object, Call]>([
    ['CheckRole', DISTRIBUTED, on('s3:PutObject', 'runs/run-1/plan.json')],
    ['CheckRole', DISTRIBUTED, on('s3:GetObject', 'runs/cost.json')],
    ['CheckRole', SNAPSHOT, on('s3:PutObject', SAMPLES_KEY)],
    ['CheckRole', SNAPSHOT, on('s3:GetObject', SAMPLES_KEY)],
    ['CheckRole', SNAPSHOT, { action: 's3:ListBucket', resource: '{StoreFiles.Arn}' }],
    ['RemedyRole', SNAPSHOT, on('s3:GetObject', SAMPLES_KEY)],
    ['WidgetRole', SNAPSHOT, on('s3:GetObject', SAMPLES_KEY)],
    ['RunRole', DISTRIBUTED, on('s3:GetObject', 'runs/run-1/shards.json')],
  ])('is, by %s with %j: %j', (role, settings, call) => {
    expect(mayCall(role, settings, call)).toBe(true);
  });
});
