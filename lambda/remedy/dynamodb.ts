/**
 * The remedy function's table. One item holds the recent acts, and is the lease on acting as well: it is written only
 * as long as it is still what was read, so of two who would act at once only one can. Beside it stand the stack's pause
 * and each instance's history.
 *
 *     key            at          holds
 *     acts           -           acts: a list of JSON texts; version; writer
 *     pause          -           who, why, from, until
 *     history#i-...  ISO#random  entry: JSON
 */

import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  GetItemCommand,
  type GetItemCommandOutput,
  PutItemCommand,
  QueryCommand,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { DynamoDb } from '../kit/index.ts';
import { errorCode } from '../kit/index.ts';
import type { Act, ActRecord, HistoryEntry, Pause } from '../model/index.ts';
import { GUARDS, INSTANCE_ID, REASON_CLASS, REMEDIES, type ReasonCode } from '../model/index.ts';

/** The record, and the version under which it was read: 0 where there was none. */
export interface VersionedRecord extends ActRecord {
  readonly version: number;
}

type Item = Readonly<Record<string, AttributeValue>>;

const ACTS = { key: { S: 'acts' }, at: { S: '-' } };
const PAUSE = { key: { S: 'pause' }, at: { S: '-' } };
const DAY_MS = 24 * 3_600_000;
const HISTORY_DAYS = 90;
/** A page of history at most; an entry with its evidence has a few kilobytes, and Query gives up to 1 MB. */
const HISTORY_PAGE = 100;

/**
 * What is on record, as of this moment.
 * @throws where it can't be had or read: then nothing may be done.
 */
export async function readRecord(db: DynamoDb, table: string, now: Date): Promise<VersionedRecord> {
  const [acts, pause] = await Promise.all([get(db, table, ACTS), get(db, table, PAUSE)]);
  return { ...actsOf(acts), pause: pause === undefined ? null : pauseOf(pause, now) };
}

async function get(db: DynamoDb, table: string, key: Item): Promise<Item | undefined> {
  const { Item }: GetItemCommandOutput = await db.send(
    new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }),
  );
  return Item;
}

function actsOf(item: Item | undefined): { readonly acts: readonly Act[]; readonly version: number } {
  if (item === undefined) return { acts: [], version: 0 };
  const version = Number(item.version?.N);
  const lines = item.acts?.L;
  if (lines === undefined || !Number.isSafeInteger(version) || version < 1) {
    throw new Error('the record of acts is unreadable');
  }
  return { acts: lines.map((line) => readAct(line.S ?? '')), version };
}

/** One whose time is over is none: DynamoDB deletes it within days (TTL.html). */
function pauseOf(item: Item, now: Date): Pause | null {
  const [from, until] = [new Date(item.from?.S ?? ''), item.until?.S === undefined ? null : new Date(item.until.S)];
  if (Number.isNaN(from.getTime()) || Number.isNaN(until?.getTime())) throw new Error('the pause is unreadable');
  if (until !== null && until <= now) return null;
  return { who: item.who?.S ?? 'unknown', why: item.why?.S ?? '', from, until };
}

/**
 * Replaces the acts, if they are still those that were read.
 *
 * @param read the version that the new acts were made from
 * @returns false where somebody has written since
 */
export async function saveActs(
  db: DynamoDb,
  table: string,
  read: number,
  acts: readonly Act[],
  now: Date,
): Promise<boolean> {
  const writer = randomUUID();
  try {
    await db.send(
      new PutItemCommand({
        TableName: table,
        Item: {
          ...ACTS,
          acts: { L: acts.map((act) => ({ S: writeAct(act) })) },
          version: { N: String(read + 1) },
          writer: { S: writer },
          // After a day there is nothing to know, unless an act is open: then it is written again before.
          ...(acts.every((act) => act.state === 'worked' || act.state === 'failed') && {
            expiresAt: epochSeconds(new Date(now.getTime() + DAY_MS)),
          }),
        },
        ExpressionAttributeNames: { '#version': 'version' },
        ...(read === 0
          ? { ConditionExpression: 'attribute_not_exists(#version)' }
          : {
              ConditionExpression: '#version = :read',
              ExpressionAttributeValues: { ':read': { N: String(read) } },
            }),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return true;
  } catch (error) {
    if (errorCode(error) !== 'ConditionalCheckFailedException') throw error;
    // The SDK tries again where an answer was lost: what stands in the way may be our own write.
    return held(error)?.writer?.S === writer;
  }
}

const held = (error: unknown): Item | undefined =>
  error instanceof Error && 'Item' in error ? (error.Item as Item | undefined) : undefined;

/** Sets the stack's pause. One whose `until` is past ends what stands. */
export async function savePause(db: DynamoDb, table: string, { who, why, from, until }: Pause): Promise<void> {
  await db.send(
    new PutItemCommand({
      TableName: table,
      Item: {
        ...PAUSE,
        who: { S: who },
        why: { S: why },
        from: { S: from.toISOString() },
        ...(until !== null && { until: { S: until.toISOString() }, expiresAt: epochSeconds(until) }),
      },
    }),
  );
}

/** Adds a line to an instance's history; it is kept for 90 days. */
export async function saveHistory(db: DynamoDb, table: string, entry: HistoryEntry): Promise<void> {
  await db.send(
    new PutItemCommand({
      TableName: table,
      Item: {
        key: historyKey(entry.instanceId),
        // Two in the same millisecond are two.
        at: { S: `${entry.at.toISOString()}#${randomUUID().slice(0, 8)}` },
        entry: { S: writeEntry(entry) },
        expiresAt: epochSeconds(new Date(entry.at.getTime() + HISTORY_DAYS * DAY_MS)),
      },
    }),
  );
}

/**
 * An instance's history, newest first; a line that can't be read is left out.
 *
 * @param most at most 100
 */
export async function readHistory(
  db: DynamoDb,
  table: string,
  instanceId: string,
  most = HISTORY_PAGE,
): Promise<HistoryEntry[]> {
  const { Items = [] }: QueryCommandOutput = await db.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: '#key = :key',
      ExpressionAttributeNames: { '#key': 'key' },
      ExpressionAttributeValues: { ':key': historyKey(instanceId) },
      ScanIndexForward: false,
      Limit: most,
      ConsistentRead: true,
    }),
  );
  return Items.flatMap((item) => readEntry(item.entry?.S ?? '') ?? []);
}

const historyKey = (instanceId: string) => ({ S: `history#${instanceId}` });
const epochSeconds = (at: Date) => ({ N: String(Math.ceil(at.getTime() / 1000)) });

const instant = z.iso.datetime().transform((text) => new Date(text));
const instanceId = z.string().regex(INSTANCE_ID);
const STATES = ['begun', 'done', 'worked', 'failed'] as const;

const act = z.object({
  remedy: z.enum(REMEDIES),
  instanceId,
  at: instant,
  state: z.enum(STATES),
  asker: z.string(),
  boot: z.string().nullable(),
  since: instant.nullable(),
  trouble: z.enum(Object.keys(REASON_CLASS) as ReasonCode[]).optional(),
});

const entry = z.object({
  at: instant,
  instanceId,
  remedy: z.enum([...REMEDIES, 'person', 'unflag']),
  outcome: z.enum([...STATES, 'held']),
  heldBy: z.enum(GUARDS).nullable(),
  why: z.string(),
  asker: z.string(),
  evidence: z.array(z.string()),
});

export const writeAct = (one: Act): string => JSON.stringify(one);
export const writeEntry = (one: HistoryEntry): string => JSON.stringify(one);

/** @throws where it is no act: what was done must not be forgotten for being unreadable. */
export function readAct(text: string): Act {
  const parsed = act.safeParse(json(text));
  if (!parsed.success) throw new Error('the record of acts is unreadable');
  const { trouble, ...rest } = parsed.data;
  return { ...rest, ...(trouble !== undefined && { trouble }) };
}

/** Null where it is no line of history. */
export function readEntry(text: string): HistoryEntry | null {
  return entry.safeParse(json(text)).data ?? null;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
