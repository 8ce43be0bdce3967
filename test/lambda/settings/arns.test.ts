import { describe, expect, it } from 'vitest';
import { parseArn } from '../../../lambda/settings/arns.ts';
import { parseSettings, SettingsError } from '../../../lambda/settings/settings.ts';

const problemsOf = (settings: object): readonly string[] => {
  try {
    parseSettings(settings);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
};
const A_TOPIC = 'the ARN of a standard SNS topic of this account, in the Region of the stack, or null';
const A_KEY =
  'the ARN of a Secrets Manager secret or an SSM SecureString parameter in the Region of the stack, or null';

describe('alerts.topicArn', () => {
  it.each([
    'arn:aws:sns:eu-central-1:123456789012:alerts',
    'arn:aws-cn:sns:cn-north-1:123456789012:Alerts_2',
    'arn:aws-us-gov:sns:us-gov-east-1:123456789012:a',
    'arn:aws-eusc:sns:eusc-de-east-1:123456789012:a',
    'arn:aws-iso-b:sns:us-isob-east-1:123456789012:a',
  ])('may be %s', (topicArn) => {
    expect(problemsOf({ alerts: { topicArn } })).toEqual([]);
  });

  it.each([
    [
      'arn:aws:sns:eu-central-1:123456789012:alerts.fifo',
      'a standard topic: neither e-mail nor an alarm can use a FIFO topic',
    ],
    ['arn:aws:sns:cn-north-1:123456789012:a', 'one that begins arn:aws-cn:, since cn-north-1 is in that partition'],
    ['arn:aws-cn:sns:us-east-1:123456789012:a', 'one that begins arn:aws:, since us-east-1 is in that partition'],
    [
      'arn:amazon:sns:us-east-1:123456789012:a',
      'one that begins arn:aws:, since us-east-1 is in that partition; there is no partition "amazon"',
    ],
    ['arn:aws:sns:eu-central-1:123456789012:', A_TOPIC],
    ['arn:aws:sns:eu-central-1:123456789012:alerts:0123-4567', A_TOPIC],
    ['arn:aws:sns::123456789012:alerts', A_TOPIC],
    ['arn:aws:sns:eu-central-1:12345:alerts', A_TOPIC],
    ['arn:aws:sqs:eu-central-1:123456789012:alerts', A_TOPIC],
    ['alerts', A_TOPIC],
    ['', A_TOPIC],
  ])('may not be %j', (topicArn, allowed) => {
    expect(problemsOf({ alerts: { topicArn } })).toEqual([
      `alerts.topicArn: got ${JSON.stringify(topicArn)}; allowed: ${allowed}`,
    ]);
  });
});

describe('ssh.keySecretArn', () => {
  it.each([
    'arn:aws:secretsmanager:eu-central-1:123456789012:secret:crawlers/key-AbCdEf',
    'arn:aws:secretsmanager:eu-central-1:123456789012:secret:crawlers/key',
    'arn:aws:ssm:eu-central-1:123456789012:parameter/crawlers/key',
    'arn:aws-eusc:ssm:eusc-de-east-1:123456789012:parameter/key',
  ])('may be %s', (keySecretArn) => {
    expect(problemsOf({ ssh: { keySecretArn } })).toEqual([]);
  });

  it.each([
    ['arn:aws:ssm:eu-central-1:123456789012:document/key', A_KEY],
    ['arn:aws:secretsmanager:eu-central-1:123456789012:crawlers/key', A_KEY],
    ['arn:aws:sns:eu-central-1:123456789012:key', A_KEY],
    [
      'arn:aws:ssm:us-gov-west-1:123456789012:parameter/k',
      'one that begins arn:aws-us-gov:, since us-gov-west-1 is in that partition',
    ],
  ])('may not be %s', (keySecretArn, allowed) => {
    expect(problemsOf({ ssh: { keySecretArn } })).toEqual([
      `ssh.keySecretArn: got ${JSON.stringify(keySecretArn)}; allowed: ${allowed}`,
    ]);
  });

  it('is one problem, whatever is wrong with it', () => {
    expect(problemsOf({ ssh: { keySecretArn: 7 } })).toEqual([`ssh.keySecretArn: got 7; allowed: ${A_KEY}`]);
  });
});

it('an ARN is taken apart with the colons of its resource', () => {
  expect(parseArn('arn:aws:secretsmanager:eu-central-1:123456789012:secret:a:b')).toEqual({
    partition: 'aws',
    service: 'secretsmanager',
    region: 'eu-central-1',
    account: '123456789012',
    resource: 'secret:a:b',
  });
  expect(parseArn('arn:aws:s3:::bucket')).toBeNull();
});
