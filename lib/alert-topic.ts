import { Annotations, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/** What a publisher to an encrypted topic must be allowed: SNS asks for a data key in the publisher's name. */
const PUBLISHER_KEY_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey*'];

export interface AlertTopicProps {
  /** Who gets the mail. Each must confirm it within two days. @default - nobody, with a warning at synth */
  readonly emails: readonly string[];
  /** ARN of an existing topic, whose policy and key are its owner's. Null: the stack makes one. */
  readonly topicArn: string | null;
  /** Encrypt the stack's own topic with a KMS key made for it. */
  readonly encrypt: boolean;
}

/** The topic of everything that a person should read: the check's mails and the alarms on the check itself. */
export class AlertTopic extends Construct {
  readonly topic: ITopic;
  /** What subscribes each address by hand. CloudFormation doesn't make a subscription again that SNS has deleted. */
  readonly subscribeCommands: readonly string[];
  readonly #key: Key | null;

  constructor(scope: Construct, id: string, { emails, topicArn, encrypt }: AlertTopicProps) {
    super(scope, id);
    this.#key = encrypt ? this.#makeKey() : null;
    this.topic = topicArn === null ? this.#makeTopic() : Topic.fromTopicArn(this, 'Existing', topicArn);

    const { region } = Stack.of(this);
    const { topicArn: arn } = this.topic;
    this.subscribeCommands = [...new Set(emails)].map(
      (email) =>
        `aws sns subscribe --region ${region} --topic-arn ${arn} --protocol email --notification-endpoint ${shellQuoted(email)}`,
    );
    for (const email of new Set(emails)) this.topic.addSubscription(new EmailSubscription(email));
    if (emails.length === 0 && topicArn === null) {
      Annotations.of(this).addWarningV2(
        'crawlwatch:noAlertEmail',
        'Nobody gets the alerts: deploy with -c alertEmail=you@example.com, and keep it in cdk.json\'s context ("alertEmail") so that a later deploy doesn\'t drop the subscription.',
      );
    }
  }

  /** Lets `publisher` use the topic's key. Does nothing where the topic has none. */
  grantKey(publisher: IFunction): void {
    if (this.#key === null) return;
    this.#key.grant(publisher, ...PUBLISHER_KEY_ACTIONS);
    Validations.of(publisher.role ?? publisher).acknowledge({
      id: 'AwsSolutions::AwsSolutions-IAM5[Action::kms:GenerateDataKey*]',
      reason:
        'With or without the plain text: SNS asks for either (sns-server-side-encryption.html); for one key only.',
    });
  }

  #makeTopic(): Topic {
    // Never encrypted by alias/aws/sns: that key's policy can't admit CloudWatch, and its alarms would fail in silence.
    const topic = new Topic(this, 'Resource', {
      displayName: 'crawlwatch',
      enforceSSL: true,
      ...(this.#key && { masterKey: this.#key }),
    });
    // This policy replaces SNS's default one, which admits alarms of the same account: admit them again.
    topic.grantPublish(this.#cloudWatchAlarms());
    return topic;
  }

  /** Deleted with the stack, a week later, until when KMS can restore it; what it encrypts is gone within the hour. */
  #makeKey(): Key {
    const key = new Key(this, 'Key', {
      description: 'crawlwatch: encrypts the alerts topic',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(7),
    });
    key.grant(this.#cloudWatchAlarms(), ...PUBLISHER_KEY_ACTIONS);
    return key;
  }

  /** CloudWatch names the alarm in both of its calls, to SNS and to KMS, so that a condition can hold it to this account. */
  #cloudWatchAlarms(): ServicePrincipal {
    const stack = Stack.of(this);
    return new ServicePrincipal('cloudwatch.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': stack.formatArn({ service: 'cloudwatch', resource: 'alarm:*' }) },
      },
    });
  }
}

/** As one word of a shell's. An address may hold characters that mean something there. */
const shellQuoted = (text: string): string => (/^[\w.+@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
