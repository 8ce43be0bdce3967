/** Mail, chat and JSON, by way of the one topic. */

import { PublishCommand, paginateListSubscriptionsByTopic } from '@aws-sdk/client-sns';
import type { Once, Sns } from '../kit/index.ts';
import { shellWord } from '../kit/index.ts';
import type { Alert } from '../model/index.ts';
import { messageStructure, SNS_BYTES } from './channels.ts';
import { originOf } from './details.ts';

/** 1,300 ids or so: more in one mail is no news to a machine either. */
const ID_LIST_BYTES = 32 * 1024;
/** With every reason there is, and the attributes' names and types. */
const ATTRIBUTE_BYTES = ID_LIST_BYTES + 4 * 1024;

/**
 * Publishes one alert, to each protocol as its readers need it. Its attributes are for filter policies: `status`,
 * `reasons` and `instanceIds` (lists as JSON); where not all ids fit, `instanceIdsOmitted` says how many are missing. One
 * attempt: where the answer is lost, the mail may have gone out, and whether it is sent again is for the caller to decide.
 *
 * @param stack whose alert it is
 */
export async function publishAlert(sns: Once<Sns>, topicArn: string, alert: Alert, stack: string): Promise<void> {
  const { status, reasons, instanceIds } = alert.attributes;
  const kept = fitting(instanceIds, ID_LIST_BYTES);
  const omitted = instanceIds.length - kept.length;
  await sns.send(
    new PublishCommand({
      TopicArn: topicArn,
      Subject: alert.subject,
      MessageStructure: 'json',
      Message: messageStructure(alert, originOf(topicArn, stack), SNS_BYTES - ATTRIBUTE_BYTES),
      MessageAttributes: {
        status: { DataType: 'String', StringValue: status },
        reasons: { DataType: 'String.Array', StringValue: JSON.stringify(reasons) },
        instanceIds: { DataType: 'String.Array', StringValue: JSON.stringify(kept) },
        ...(omitted > 0 && { instanceIdsOmitted: { DataType: 'Number', StringValue: String(omitted) } }),
      },
    }),
  );
}

/** As many from the front as fit into the bytes of a JSON list. */
function fitting(items: readonly string[], bytes: number): readonly string[] {
  let left = bytes - 2;
  const end = items.findIndex((item) => {
    left -= Buffer.byteLength(JSON.stringify(item)) + 1;
    return left < 0;
  });
  return end === -1 ? items : items.slice(0, end);
}

export interface Subscription {
  /** `email`, `sqs`, ... */
  readonly protocol: string;
  readonly endpoint: string;
  readonly confirmed: boolean;
}

/** Who is subscribed to a topic; those who have unsubscribed are left out. */
export async function listSubscriptions(sns: Sns, topicArn: string): Promise<Subscription[]> {
  const found: Subscription[] = [];
  for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic(
    { client: sns },
    { TopicArn: topicArn },
  )) {
    for (const { SubscriptionArn: arn, Protocol: protocol = '', Endpoint: endpoint = '' } of Subscriptions) {
      // In place of an ARN the others say `PendingConfirmation` or `Deleted`.
      const confirmed = arn?.startsWith('arn:') === true;
      if (confirmed || arn === 'PendingConfirmation') found.push({ protocol, endpoint, confirmed });
    }
  }
  return found;
}

/**
 * Whether anyone gets the mail: an address must have been confirmed within two days of subscribing.
 *
 * @returns `confirmed` if any subscription is, else `pending` if one waits for its confirmation, else `none`
 */
export async function subscriptionState(sns: Sns, topicArn: string): Promise<'confirmed' | 'pending' | 'none'> {
  const subscriptions = await listSubscriptions(sns, topicArn);
  if (subscriptions.some(({ confirmed }) => confirmed)) return 'confirmed';
  return subscriptions.length > 0 ? 'pending' : 'none';
}

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
