import { Annotations, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/** What whoever publishes to an encrypted topic must be allowed: SNS asks for a data key in the publisher's name. */
const PUBLISHER_KEY_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey*'];

export interface AlertTopicProps {
  /** Who gets the mail. Each must confirm it within two days. @default - nobody, with a warning at synth */
  readonly emails: readonly string[];
  /** A topic that is there already; its policy and its key are its owner's. Null: one is made. */
  readonly topicArn: string | null;
  /** Encrypt the topic that is made with a key of its own. */
  readonly encrypt: boolean;
}

/** Where everything that a person should read is published: the check's mails and the alarms on the check itself. */
export class AlertTopic extends Construct {
  readonly topic: ITopic;
  readonly #key: Key | null;

  constructor(scope: Construct, id: string, { emails, topicArn, encrypt }: AlertTopicProps) {
    super(scope, id);
    this.#key = encrypt ? this.#makeKey() : null;
    this.topic = topicArn === null ? this.#makeTopic() : Topic.fromTopicArn(this, 'Existing', topicArn);

    for (const email of new Set(emails)) this.topic.addSubscription(new EmailSubscription(email));
    if (emails.length === 0 && topicArn === null) {
      Annotations.of(this).addWarningV2(
        'crawlwatch:noAlertEmail',
        'Nobody gets the alerts: deploy with -c alertEmail=you@example.com, and keep it in cdk.json\'s context ("alertEmail") so that a later deploy doesn\'t drop the subscription.',
      );
    }
  }

  /** Lets `publisher`, which may publish to the topic, use the topic's key; without one there is nothing to allow. */
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
    // A topic policy of its own replaces SNS's default one, which lets alarms of the same account in.
    topic.grantPublish(this.#cloudWatchAlarms());
    return topic;
  }

  /** Goes with the stack, after the week in which KMS lets it be saved: what it encrypts is gone within the hour. */
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

  /** CloudWatch says in both calls, to SNS and to KMS, for which alarm it makes them; EventBridge would not. */
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
