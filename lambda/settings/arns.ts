/** Settings that are ARNs: what is wrong with one is found here, not by a deploy that fails or a mail that never comes. */
import * as z from 'zod';
import { PARTITIONS, partitionOf, REGION_NAME } from '../model/index.ts';

/** Parts of `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** All behind the account, with its colons. */
  readonly resource: string;
}

/** Takes an ARN apart; null for what is none of a Region and an account. */
export function parseArn(text: string): Arn | null {
  const [arn, partition = '', service = '', region = '', account = '', ...rest] = text.split(':');
  const resource = rest.join(':');
  const isWhole = arn === 'arn' && REGION_NAME.test(region) && /^\d{12}$/.test(account) && resource !== '';
  return isWhole ? { partition, service, region, account, resource } : null;
}

/** https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html */
const TOPIC = /^[A-Za-z0-9_-]{1,256}$/;
/** Names may hold `/_+=.@-`; an ARN's colons end them (API_CreateSecret.html). */
const SECRET = /^secret:[A-Za-z0-9/_+=.@-]{1,519}$/;
/** https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html */
const PARAMETER = /^parameter\/[A-Za-z0-9_./-]{1,1011}$/;

/** An ARN whose resource one of these services has; `odd` says what else is wrong with it. */
const arnOf = (resources: Readonly<Record<string, RegExp>>, odd: (arn: Arn) => string | null = () => null) =>
  z.string().superRefine((got, context) => {
    const arn = parseArn(got);
    const refuse = (message: string) => context.addIssue({ code: 'custom', message, params: { got } });
    const wrong = arn && (odd(arn) ?? oddPartition(arn));
    if (wrong) refuse(wrong);
    // Without a message of its own: the setting's own words say what is allowed.
    else if (arn === null || resources[arn.service]?.test(arn.resource) !== true)
      context.addIssue({ code: 'invalid_format', format: 'arn', input: got });
  });

function oddPartition({ partition, region }: Arn): string | null {
  const { id } = partitionOf(region);
  if (partition === id) return null;
  const isPartition = PARTITIONS.some((one) => one.id === partition);
  return `one that begins arn:${id}:, since ${region} is in that partition${isPartition ? '' : `; there is no partition ${JSON.stringify(partition)}`}`;
}

export const topicArn = arnOf({ sns: TOPIC }, ({ service, resource }) =>
  service === 'sns' && resource.endsWith('.fifo')
    ? 'a standard topic: neither e-mail nor an alarm can use a FIFO topic'
    : null,
);

export const keySecretArn = arnOf({ secretsmanager: SECRET, ssm: PARAMETER });
