/** How a person gets the mail whose subscription waits for its confirmation, or is gone. The same words everywhere. */

import { shellWord } from '../judge/index.ts';

/** What to do, as a clause that ends in a colon, and the command to be pasted. */
export interface SubscribeAdvice {
  readonly text: string;
  readonly command: string;
}

/**
 * SNS deletes an e-mail subscription that is not confirmed within two days, and CloudFormation, to which it is still
 * there, makes it no second time: a deploy is no help
 * (https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html).
 *
 * @param state `pending`: it waits for its confirmation; `none`: there is none, or no longer
 * @param endpoint of an e-mail subscription
 */
export function howToSubscribe(
  topicArn: string,
  state: 'pending' | 'none',
  endpoint = 'you@example.com',
): SubscribeAdvice {
  const [, , , region = ''] = topicArn.split(':');
  const command = `aws sns subscribe --region ${shellWord(region)} --topic-arn ${shellWord(topicArn)} --protocol email --notification-endpoint ${shellWord(endpoint)}`;
  const text =
    state === 'pending'
      ? 'follow the link in the mail from AWS Notifications, good for two days; after that SNS deletes the subscription and no deploy makes it again; another mail is sent by:'
      : 'subscribe, then follow the link in the mail from AWS Notifications, good for two days (a deploy makes no subscription again that SNS has deleted):';
  return { text, command };
}
