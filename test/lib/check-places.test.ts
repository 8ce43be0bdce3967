import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { checkGrants, problemsOf, stackWith } from './synth.ts';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:alerts';
const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:crawler-key-AbCdEf';
const PARAMETER = 'arn:aws:ssm:eu-central-1:123456789012:parameter/crawler-key';
const topic = (topicArn: string) => ({ alerts: { topicArn } });
const key = (keySecretArn: string) => ({ ssh: { keySecretArn } });

describe('a topic or a key in another Region than the stack', () => {
  it.each<[string, object, string, string[]]>([
    [
      'a topic',
      topic(TOPIC),
      'us-east-1',
      [
        `alerts.topicArn: got "${TOPIC}"; allowed: one in us-east-1, where the stack is: an alarm can only mail to a topic of its own Region`,
      ],
    ],
    [
      'a secret',
      key(SECRET),
      'eu-west-1',
      [
        `ssh.keySecretArn: got "${SECRET}"; allowed: one in eu-west-1, where the stack is: the functions read the key there`,
      ],
    ],
    [
      'a parameter',
      key(PARAMETER),
      'eu-west-1',
      [
        `ssh.keySecretArn: got "${PARAMETER}"; allowed: one in eu-west-1, where the stack is: the functions read the key there`,
      ],
    ],
    ['both where the stack is', { ...topic(TOPIC), ...key(SECRET) }, 'eu-central-1', []],
  ])('%s: is refused by synth where its Region is known', (_, settings, region, problems) => {
    expect(problemsOf(settings, region)).toEqual(problems);
  });

  it('is refused where the two disagree, though the stack is made for any Region', () => {
    const elsewhere = SECRET.replace('eu-central-1', 'us-west-2');
    expect(problemsOf({ ...topic(TOPIC), ...key(elsewhere) })).toEqual([
      `ssh.keySecretArn: got "${elsewhere}"; allowed: one in eu-central-1, as alerts.topicArn is: the functions read the key there`,
    ]);
    expect(problemsOf({ ...topic(TOPIC), ...key(SECRET) })).toEqual([]);
    expect(problemsOf(topic(TOPIC))).toEqual([]);
  });
});

describe('Regions to watch', () => {
  it.each<[string[], string | undefined, string[]]>([
    [
      ['eu-central-1', 'cn-north-1'],
      'eu-central-1',
      [
        'regions: got "cn-north-1"; allowed: Regions of the partition aws, where the stack is: credentials of one partition are good in no other',
      ],
    ],
    [
      ['us-gov-west-1', 'us-east-1'],
      undefined,
      [
        'regions: got "us-east-1"; allowed: Regions of the partition aws-us-gov, as the first of regions is: credentials of one partition are good in no other',
      ],
    ],
    [['eusc-de-east-1'], 'eusc-de-east-1', []],
    [['cn-north-1', 'cn-northwest-1'], 'cn-northwest-1', []],
  ])('%j seen from %s are of one partition', (regions, region, problems) => {
    expect(problemsOf({ regions }, region)).toEqual(problems);
  });

  it('that CDK does not know are warned of: a typo, or newer than it', () => {
    const warned = (regions: string[]) =>
      Annotations.fromStack(stackWith({ alertEmail: 'a@b.c', regions })).findWarning(
        '*',
        Match.stringLikeRegexp('^regions: CDK knows no eu-centrl-1\\.'),
      ).length;
    expect(warned(['eu-centrl-1', 'us-east-1'])).toBe(1);
    expect(warned(['eu-central-1', 'us-east-1'])).toBe(0);
    expect(warned(['eusc-de-east-1'])).toBe(0);
  });
});

describe('the right to read the key', () => {
  const granted = (keySecretArn: string) => checkGrants(key(keySecretArn)).find(({ Sid }) => Sid === 'ReadSshKey');
  const partial = SECRET.replace(/-AbCdEf$/, '');

  it.each<[string, string, string | string[]]>([
    ['a whole ARN alone', SECRET, SECRET],
    ['the six characters that an ARN lacks', partial, `${partial}-??????`],
    ['both where a name ends like one', `${partial}-sshkey`, [`${partial}-sshkey`, `${partial}-sshkey-??????`]],
    ['both where digits end a name', `${partial}-202611`, [`${partial}-202611`, `${partial}-202611-??????`]],
    ['a parameter', PARAMETER, PARAMETER],
  ])('covers %s', (_, arn, resource) => {
    expect(granted(arn)?.Resource).toEqual(resource);
  });
});
