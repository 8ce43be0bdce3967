/** What the remedy function needs of the sandbox: EC2's reboots, and a DynamoDB table with conditional writes. */
import {
  type AttributeValue,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { RebootInstancesCommand } from '@aws-sdk/client-ec2';
import type { SandboxAws } from './aws.ts';
import { Service } from './aws-service.ts';

type Item = Readonly<Record<string, AttributeValue>>;

export interface SandboxTable {
  readonly name: string;
  /** Items by their two keys with a space between: `acts -`. */
  readonly items: Map<string, Item>;
}

/** Adds reboots to a sandbox's EC2. @returns the ids of the instances rebooted so far, in order */
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

/**
 * One table, keyed by the strings `key` and `at`. It supports two conditions, that an attribute is absent or equal, and one
 * query, a partition in the order of its sort key.
 */
export function sandboxDynamoDb(table: SandboxTable): Service {
  const service = new Service(DynamoDBServiceException);
  const check = (good: boolean, code: string, message: string): void => {
    if (!good) throw service.error(code, message);
  };
  const checkTable = (name: string | undefined) =>
    check(name === table.name, 'ResourceNotFoundException', 'Requested resource not found');
  const keyOf = (item: Item | undefined): string => {
    const [key, at] = [item?.key?.S, item?.at?.S];
    check(Boolean(key) && Boolean(at), 'ValidationException', 'The key does not match the schema');
    return `${key} ${at}`;
  };

  service.on(GetItemCommand, ({ TableName, Key }) => {
    checkTable(TableName);
    return { Item: structuredClone(table.items.get(keyOf(Key))) };
  });

  service.on(PutItemCommand, (input) => {
    const { TableName, Item, ConditionExpression = '', ExpressionAttributeNames: names = {} } = input;
    checkTable(TableName);
    const key = keyOf(Item);
    const stored = table.items.get(key);
    const condition = /^(?:attribute_not_exists\((#\w+)\)|(#\w+) = (:\w+))?$/.exec(ConditionExpression);
    check(condition !== null, 'ValidationException', `The sandbox does not know the condition ${ConditionExpression}`);
    const [, absent, name, value] = condition ?? [];
    const held = (placeholder: string) => stored?.[names[placeholder] ?? placeholder];
    const holds =
      (absent === undefined || held(absent) === undefined) &&
      (name === undefined ||
        JSON.stringify(held(name)) === JSON.stringify(input.ExpressionAttributeValues?.[String(value)]));
    if (!holds) {
      const asked = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
      throw Object.assign(service.error('ConditionalCheckFailedException', 'The conditional request failed'), {
        ...(asked && stored !== undefined && { Item: structuredClone(stored) }),
      });
    }
    table.items.set(key, structuredClone(Item ?? {}));
    return {};
  });

  service.on(QueryCommand, (input) => {
    const { TableName, KeyConditionExpression, ExpressionAttributeNames: names = {}, ScanIndexForward = true } = input;
    checkTable(TableName);
    const [, name = '', value = ''] = /^(#\w+) = (:\w+)$/.exec(KeyConditionExpression ?? '') ?? [];
    check(
      names[name] === 'key',
      'ValidationException',
      `The sandbox does not know the query ${KeyConditionExpression}`,
    );
    const wanted = input.ExpressionAttributeValues?.[value]?.S;
    const found = [...table.items.values()]
      .filter((item) => item.key?.S === wanted)
      .sort((a, b) => ((a.at?.S ?? '') < (b.at?.S ?? '') ? -1 : 1));
    const Items = (ScanIndexForward ? found : found.reverse()).slice(0, input.Limit);
    return { Items: structuredClone(Items), Count: Items.length };
  });
  return service;
}
