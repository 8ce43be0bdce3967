import { Annotations, Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

export interface AlertTopicProps {
  /** Who gets the mail. Each must confirm it within two days. @default - nobody, with a warning at synth */
  readonly emails: readonly string[];
}

/** Where everything that a person should read is published: the check's mails and the alarms on the check itself. */
export class AlertTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: AlertTopicProps) {
    super(scope, id);
    // Not encrypted by alias/aws/sns: that key's policy can't admit CloudWatch, and its alarms would fail in silence.
    this.topic = new Topic(this, 'Resource', { displayName: 'crawlwatch', enforceSSL: true });

    // A topic policy of its own replaces SNS's default one, which lets alarms of the same account in.
    const stack = Stack.of(this);
    this.topic.grantPublish(
      new ServicePrincipal('cloudwatch.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnLike: { 'aws:SourceArn': stack.formatArn({ service: 'cloudwatch', resource: 'alarm:*' }) },
        },
      }),
    );

    for (const email of new Set(props.emails)) this.topic.addSubscription(new EmailSubscription(email));
    if (props.emails.length === 0) {
      Annotations.of(this).addWarningV2(
        'crawlwatch:noAlertEmail',
        'Nobody gets the alerts: deploy with -c alertEmail=you@example.com, and keep it in cdk.json\'s context ("alertEmail") so that a later deploy doesn\'t drop the subscription.',
      );
    }
  }
}
