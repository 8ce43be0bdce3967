/**
 * The record of recent acts, which is also the lease on acting: one item, written only as long as it is still what was
 * read. Whoever acts has written first, so of two at once only one can.
 */
import { GetItemCommand, type GetItemCommandOutput, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Act } from '../model.ts';
import { errorCode } from './aws-error.ts';
import type { DynamoDb } from './clients.ts';

const KEY = { key: { S: 'acts' } };
/** No guard rail looks further back. */
const KEPT_MS = 24 * 3_600_000;

/** @throws where the record can't be had or read: then nothing may be done. */
export async function readActs(db: DynamoDb, table: string): Promise<readonly Act[]> {
  const { Item }: GetItemCommandOutput = await db.send(
    new GetItemCommand({ TableName: table, Key: KEY, ConsistentRead: true }),
  );
  if (Item === undefined) return [];
  const lines = Item.acts?.L?.map((line) => line.S ?? '');
  if (lines === undefined) throw new Error('the record of acts holds no list');
  return lines.map(parseAct);
}

/**
 * Puts `act` on record.
 *
 * @param read what {@link readActs} gave, and the decision to act was made upon
 * @returns false where the record has changed since: somebody else acts
 */
export async function takeLease(db: DynamoDb, table: string, read: readonly Act[], act: Act): Promise<boolean> {
  const kept = read.filter((one) => act.at.getTime() - one.at.getTime() < KEPT_MS);
  try {
    await db.send(
      new PutItemCommand({
        TableName: table,
        // After a day there is nothing to know, and DynamoDB may delete the item.
        Item: { ...KEY, acts: list([...kept, act]), expiresAt: { N: epochSeconds(act.at.getTime() + KEPT_MS) } },
        ...(read.length === 0
          ? { ConditionExpression: 'attribute_not_exists(#acts)' }
          : { ConditionExpression: '#acts = :read', ExpressionAttributeValues: { ':read': list(read) } }),
        ExpressionAttributeNames: { '#acts': 'acts' },
      }),
    );
    return true;
  } catch (error) {
    if (errorCode(error) === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}

const list = (acts: readonly Act[]) => ({
  L: acts.map(({ remedy, instanceId, at }) => ({ S: `${remedy} ${instanceId} ${at.toISOString()}` })),
});

function parseAct(line: string): Act {
  const [, instanceId, time] = /^reboot (i-[0-9a-f]+) (\S+)$/.exec(line) ?? [];
  const at = new Date(time ?? '');
  if (instanceId === undefined || Number.isNaN(at.getTime())) throw new Error('the record of acts is unreadable');
  return { remedy: 'reboot', instanceId, at };
}

const epochSeconds = (ms: number): string => String(Math.ceil(ms / 1000));
