/** What a remedy adds to the sandbox: EC2's reboots, and a table of DynamoDB with conditional writes. */
import {
  type AttributeValue,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { RebootInstancesCommand } from '@aws-sdk/client-ec2';
import type { SandboxAws } from './aws.ts';
import { Service } from './aws-service.ts';

type Item = Readonly<Record<string, AttributeValue>>;

export interface SandboxTable {
  readonly name: string;
  /** By the text of their partition key, which is the first attribute of a key or an item. */
  readonly items: Map<string, Item>;
}

/** Adds reboots to a sandbox's EC2. @returns the ids of those rebooted so far, as they were */
export function addReboots({ ec2, instances, denied }: SandboxAws): readonly string[] {
  const rebooted: string[] = [];
  ec2.on(RebootInstancesCommand, ({ InstanceIds = [], DryRun = false }) => {
    ec2.authorize('UnauthorizedOperation', 'ec2:RebootInstances', InstanceIds, denied);
    const missing = InstanceIds.filter((id) => !instances.has(id));
    if (missing.length > 0) throw ec2.error('InvalidInstanceID.NotFound', `The instance IDs '${missing}' do not exist`);
    const stopped = InstanceIds.filter((id) => instances.get(id)?.state !== 'running');
    if (stopped.length > 0) throw ec2.error('IncorrectInstanceState', `The instance '${stopped}' is not running`);
    if (DryRun) throw ec2.error('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
    rebooted.push(...InstanceIds);
    return {};
  });
  return rebooted;
}

/** One table, keyed by the string attribute `key`. It knows two conditions: that an attribute is absent, or equal. */
export function sandboxDynamoDb(table: SandboxTable): Service {
  const service = new Service(DynamoDBServiceException);
  const check = (good: boolean, code: string, message: string): void => {
    if (!good) throw service.error(code, message);
  };
  const keyOf = (item: Item | undefined): string => {
    const key = item?.key?.S;
    if (key === undefined) throw service.error('ValidationException', 'The key does not match the schema');
    return key;
  };

  service.on(GetItemCommand, ({ TableName, Key }) => {
    check(TableName === table.name, 'ResourceNotFoundException', 'Requested resource not found');
    return { Item: table.items.get(keyOf(Key)) };
  });

  service.on(PutItemCommand, (input) => {
    const { TableName, Item, ConditionExpression = '', ExpressionAttributeNames = {} } = input;
    check(TableName === table.name, 'ResourceNotFoundException', 'Requested resource not found');
    const key = keyOf(Item);
    const [, absent, name, value] =
      /^(?:attribute_not_exists\((#\w+)\)|(#\w+) = (:\w+))?$/.exec(ConditionExpression) ??
      ([
        check(false, 'ValidationException', `The sandbox does not know the condition ${ConditionExpression}`),
      ] as const);
    const held = (placeholder: string) => table.items.get(key)?.[ExpressionAttributeNames[placeholder] ?? placeholder];
    const holds =
      (typeof absent !== 'string' || held(absent) === undefined) &&
      (typeof name !== 'string' ||
        JSON.stringify(held(name)) === JSON.stringify(input.ExpressionAttributeValues?.[String(value)]));
    check(holds, 'ConditionalCheckFailedException', 'The conditional request failed');
    table.items.set(key, structuredClone(Item ?? {}));
    return {};
  });
  return service;
}
