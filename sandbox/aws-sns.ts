/** The sandbox's SNS: one topic, what was published to it, who subscribes. */
import { ListSubscriptionsByTopicCommand, PublishCommand, SNSClient, SNSServiceException } from '@aws-sdk/client-sns';
import { type Service, serviceFor } from './aws-service.ts';

export interface PublishedMessage {
  readonly subject: string;
  /** What a subscriber by e-mail gets. */
  readonly body: string;
  /** What each protocol gets, by its key; null where all get the same. */
  readonly structure: Readonly<Record<string, string>> | null;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface SandboxTopic {
  readonly arn: string;
  readonly published: PublishedMessage[];
  /** Subscribed addresses; only a confirmed one gets mail. */
  readonly subscriptions: { readonly endpoint: string; readonly confirmed: boolean }[];
}

/** API_Publish.html: the message with its attributes. */
const MESSAGE_BYTES = 256 * 1024;

export function sandboxSns(topic: SandboxTopic, pageSize: number): Service & SNSClient {
  const service = serviceFor(SNSClient, SNSServiceException);
  const check = (good: boolean, code: string, message: string): void => {
    if (!good) throw service.error(code, message);
  };

  service.on(PublishCommand, ({ TopicArn, Subject = '', Message = '', MessageStructure, MessageAttributes = {} }) => {
    const structure = MessageStructure === 'json' ? structureIn(Message) : null;
    check(structure !== undefined, 'InvalidParameterException', 'Invalid parameter: Message Structure');
    check(TopicArn === topic.arn, 'NotFoundException', 'Topic does not exist');
    check(Message !== '', 'InvalidParameterException', 'Invalid parameter: Empty message');
    check(/^[!-~][ -~]{0,98}$/.test(Subject), 'InvalidParameterException', 'Invalid parameter: Subject');
    let bytes = Buffer.byteLength(Message);
    for (const [name, { DataType = '', StringValue = '' }] of Object.entries(MessageAttributes)) {
      check(StringValue !== '', 'ParameterValueInvalidException', `The attribute ${name} has no value`);
      if (DataType === 'String.Array') {
        check(Array.isArray(JSON.parse(StringValue)), 'ParameterValueInvalidException', `${name} is not a list`);
      }
      bytes += Buffer.byteLength(name + DataType + StringValue);
    }
    check(bytes <= MESSAGE_BYTES, 'InvalidParameterException', 'Invalid parameter: Message too long');
    const attributes = Object.entries(MessageAttributes).map(([name, value]) => [name, value.StringValue ?? '']);
    const body = structure == null ? Message : (structure.email ?? structure.default ?? '');
    topic.published.push({
      subject: Subject,
      body,
      structure: structure ?? null,
      attributes: Object.fromEntries(attributes),
    });
    return { MessageId: `message-${topic.published.length}` };
  });

  service.on(ListSubscriptionsByTopicCommand, ({ TopicArn, NextToken }) => {
    check(TopicArn === topic.arn, 'NotFoundException', 'Topic does not exist');
    const { items, next } = service.page(topic.subscriptions, NextToken, Math.min(100, pageSize));
    return {
      Subscriptions: items.map(({ endpoint, confirmed }, n) => ({
        SubscriptionArn: confirmed ? `${topic.arn}:${n}` : 'PendingConfirmation',
        Protocol: 'email',
        Endpoint: endpoint,
      })),
      NextToken: next,
    };
  });
  return service;
}

/** API_Publish.html: an object of strings, `default` among them; undefined where it is something else. */
function structureIn(message: string): Record<string, string> | undefined {
  const parsed = parsedOr(message);
  if (typeof parsed !== 'object' || parsed === null || !('default' in parsed)) return undefined;
  const all = Object.entries(parsed);
  const texts = all.filter((one): one is [string, string] => typeof one[1] === 'string' && one[1] !== '');
  return texts.length === all.length ? Object.fromEntries(texts) : undefined;
}

function parsedOr(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
