import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../lambda/settings/settings.ts';
import { checkGrants, inWords, stackWith, templateWith } from './synth.ts';

const EXISTING = 'arn:aws:sns:us-east-1:123456789012:on-call';

describe('the alerts topic', () => {
  it('warns at synth that nobody gets the alerts, and names the remedy', () => {
    Annotations.fromStack(stackWith()).hasWarning(
      '/CrawlwatchStack/Default/Alerts',
      Match.stringLikeRegexp('-c alertEmail=you@example\\.com.*cdk\\.json'),
    );
    templateWith().resourceCountIs('AWS::SNS::Subscription', 0);
  });

  it('is the only one, refuses plain HTTP, and lets alarms of this account publish', () => {
    const template = templateWith({ alertEmail: 'you@example.com' });
    expect(Object.keys(template.findResources('AWS::SNS::Topic'))).toEqual([expect.stringMatching(/^Alerts/)]);
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          Match.objectLike({
            Effect: 'Allow',
            Action: 'sns:Publish',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: Match.objectLike({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } }),
          }),
        ],
      },
    });
  });

  it.each([
    ['one address', 'you@example.com', ['you@example.com']],
    ['a list of addresses', ['a@example.com', 'b@example.com'], ['a@example.com', 'b@example.com']],
    ['an address given twice', ['a@example.com', 'a@example.com'], ['a@example.com']],
  ])('subscribes %s', (_, alertEmail, endpoints) => {
    const subscriptions = Object.values(templateWith({ alertEmail }).findResources('AWS::SNS::Subscription'));
    expect(subscriptions.map(({ Properties }) => [Properties.Protocol, Properties.Endpoint])).toEqual(
      endpoints.map((endpoint) => ['email', endpoint]),
    );
    Annotations.fromStack(stackWith({ alertEmail })).hasNoWarning('*', Match.anyValue());
  });

  it('is the one that is there already where the settings name it, with the addresses subscribed to it', () => {
    const settings = { alertEmail: 'you@example.com', alerts: { topicArn: EXISTING } };
    const template = templateWith(settings);
    template.resourceCountIs('AWS::SNS::Topic', 0);
    template.resourceCountIs('AWS::SNS::TopicPolicy', 0);
    template.hasResourceProperties('AWS::SNS::Subscription', { Endpoint: 'you@example.com', TopicArn: EXISTING });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmActions: [EXISTING] });
    expect(checkGrants(settings).find(({ Sid }) => Sid === 'PublishAlerts')?.Resource).toBe(EXISTING);
    expect(Object.values(template.findOutputs('AlertsTopicArn'))[0]?.Value).toBe(EXISTING);
  });

  it('needs no address of its own where it is there already', () => {
    Annotations.fromStack(stackWith({ alerts: { topicArn: EXISTING } })).hasNoWarning('*', Match.anyValue());
  });

  it('is encrypted by no key unless asked', () => {
    templateWith().resourceCountIs('AWS::KMS::Key', 0);
    expect(JSON.stringify(templateWith().findResources('AWS::SNS::Topic'))).not.toContain('KmsMasterKeyId');
  });

  it('is encrypted by a key of its own that admits the alarms and the check, and nobody else', () => {
    const settings = { alertEmail: 'you@example.com', alerts: { encrypt: true } };
    const template = templateWith(settings);
    template.hasResourceProperties('AWS::SNS::Topic', {
      KmsMasterKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^AlertsKey'), 'Arn'] },
    });
    const key = Object.values(template.findResources('AWS::KMS::Key'))[0]!;
    expect([key.DeletionPolicy, key.Properties.EnableKeyRotation]).toEqual(['Delete', true]);
    const [owner, alarms, ...others] = key.Properties.KeyPolicy.Statement;
    expect(owner).toMatchObject({ Action: 'kms:*' });
    expect(alarms).toMatchObject({
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    });
    expect(others).toEqual([]);
    const grant = checkGrants(settings).find(({ Action }) => String(Action).includes('kms:'));
    expect([grant?.Action, inWords(grant?.Resource)]).toEqual([
      ['kms:Decrypt', 'kms:GenerateDataKey*'],
      '{AlertsKey.Arn}',
    ]);
  });

  it('can not be encrypted where it is somebody else’s', () => {
    expect(() => stackWith({ alerts: { topicArn: EXISTING, encrypt: true } })).toThrow(SettingsError);
  });
});

describe('the command that subscribes again', () => {
  const output = (settings: object): unknown => {
    const { SubscribeCommand } = templateWith(settings).findOutputs('SubscribeCommand');
    return SubscribeCommand && inWords(SubscribeCommand.Value);
  };
  const command = (address: string) =>
    `aws sns subscribe --region {AWS::Region} --topic-arn {Alerts} --protocol email --notification-endpoint ${address}`;

  it('is an output, whole, since a deploy makes no subscription again that SNS has deleted', () => {
    expect(output({ alertEmail: 'you@example.com' })).toBe(command('you@example.com'));
    expect(output({ alertEmail: ['a@example.com', 'b@example.com', 'a@example.com'] })).toBe(
      `${command('a@example.com')} && ${command('b@example.com')}`,
    );
    expect(output({ alertEmail: "o'brien&co@example.com" })).toBe(command("'o'\\''brien&co@example.com'"));
  });

  it('is none where nobody is to get mail', () => {
    expect(output({})).toBeUndefined();
  });
});
