/**
 * The remedy function's table. One item holds the recent acts, and is the lease on acting as well: it is written only if
 * it has not changed since it was read, so that of two runs at once only one can act. The table also holds the stack's
 * pause and each instance's history.
 *
 *     key            at          holds
 *     acts           -           acts: a list of JSON texts; version; writer
 *     pause          -           who, why, from, until
 *     resumed        -           who, from: when a person last resumed
 *     unmailed       -           news: JSON; receipt: what no check has acknowledged as mailed
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
import type { Act, ActRecord, Clock, HistoryEntry, Pause, RemedyNews } from '../model/index.ts';
import { GUARDS, INSTANCE_ID, REASON_CLASS, REMEDIES, type ReasonCode } from '../model/index.ts';
import { isOpenAct } from './ladder.ts';
import { NO_NEWS, remedyNews } from './news.ts';
import type { RemedyPorts } from './ports.ts';
import { automaticPause, keptInVain } from './vain.ts';

/** The record, and the version under which it was read: 0 where there was none. */
export interface VersionedRecord extends ActRecord {
  readonly version: number;
}

/** The ports of the remedy function that are this table. */
export const tablePorts = (
  db: DynamoDb,
  table: string,
  clock: Clock,
): Pick<
  RemedyPorts,
  | 'readRecord'
  | 'saveActs'
  | 'savePause'
  | 'saveResumed'
  | 'saveHistory'
  | 'readHistory'
  | 'readUnmailed'
  | 'saveUnmailed'
> => ({
  readRecord: () => readRecord(db, table, clock.now()),
  saveActs: (version, acts) => saveActs(db, table, version, acts, clock.now()),
  savePause: (pause) => savePause(db, table, pause),
  saveResumed: (who, at) => saveResumed(db, table, who, at),
  saveHistory: (entry) => saveHistory(db, table, entry),
  readHistory: (id, most) => readHistory(db, table, id, most),
  readUnmailed: () => readUnmailed(db, table),
  saveUnmailed: (news, read) => saveUnmailed(db, table, news, read),
});

type Item = Readonly<Record<string, AttributeValue>>;

const ACTS = { key: { S: 'acts' }, at: { S: '-' } };
const PAUSE = { key: { S: 'pause' }, at: { S: '-' } };
const RESUMED = { key: { S: 'resumed' }, at: { S: '-' } };
const UNMAILED = { key: { S: 'unmailed' }, at: { S: '-' } };
const DAY_MS = 24 * 3_600_000;
const HISTORY_DAYS = 90;
/** One page of history; an entry with its evidence has a few kilobytes, and a page of Query up to 1 MB. */
const HISTORY_PAGE = 100;

/**
 * What is on record, as of this moment.
 * @throws where it can't be read: then nothing may be done.
 */
export async function readRecord(db: DynamoDb, table: string, now: Date): Promise<VersionedRecord> {
  const [acts, pause, resumed] = await Promise.all([ACTS, PAUSE, RESUMED].map((key) => get(db, table, key)));
  return {
    ...actsOf(acts),
    pause: pause === undefined ? null : pauseOf(pause, now),
    resumedAt: resumed === undefined ? null : resumedAtOf(resumed),
  };
}

/**
 * What stops acting, for those who only look.
 * @throws where it can't be read
 */
export async function pausesOnRecord(
  db: DynamoDb,
  table: string,
  now: Date,
): Promise<{ readonly pause: Pause | null; readonly automaticPause: Pause | null }> {
  const { acts, pause, resumedAt } = await readRecord(db, table, now);
  return { pause, automaticPause: automaticPause(acts, resumedAt) };
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

/** A pause that is over is none: DynamoDB deletes it within days (TTL.html). */
function pauseOf(item: Item, now: Date): Pause | null {
  const [from, until] = [new Date(item.from?.S ?? ''), item.until?.S === undefined ? null : new Date(item.until.S)];
  if (Number.isNaN(from.getTime()) || Number.isNaN(until?.getTime())) throw new Error('the pause is unreadable');
  if (until !== null && until <= now) return null;
  return { who: item.who?.S ?? 'unknown', why: item.why?.S ?? '', from, until };
}

function resumedAtOf(item: Item): Date {
  const at = new Date(item.from?.S ?? '');
  if (Number.isNaN(at.getTime())) throw new Error('when acting was resumed is unreadable');
  return at;
}

/**
 * Replaces the acts, if the record has not changed since it was read.
 *
 * @param read the version that the new acts were made from
 * @returns false where it has changed
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
          // After a day nothing depends on it, unless an act is open, or the last reboots were in vain.
          ...(keptInVain(acts).length === 0 &&
            !acts.some(isOpenAct) && {
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
    // The SDK tries again where an answer was lost: the newer version may be our own write.
    return held(error)?.writer?.S === writer;
  }
}

const held = (error: unknown): Item | undefined =>
  error instanceof Error && 'Item' in error ? (error.Item as Item | undefined) : undefined;

/** Sets the stack's pause; one whose `until` is past ends it. */
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

/** Remembers, for good, that a person has resumed: reboots in vain before no longer count. */
export async function saveResumed(db: DynamoDb, table: string, who: string, at: Date): Promise<void> {
  const Item = { ...RESUMED, who: { S: who }, from: { S: at.toISOString() } };
  await db.send(new PutItemCommand({ TableName: table, Item }));
}

/** News that can't be read, of another version perhaps, counts as none: what its acts come to is news again. */
async function readUnmailed(db: DynamoDb, table: string): ReturnType<RemedyPorts['readUnmailed']> {
  const item = await get(db, table, UNMAILED);
  const receipt = item?.receipt?.S;
  if (receipt === undefined) return null;
  const news = remedyNews.safeParse(json(item?.news?.S ?? '')).data ?? { ...NO_NEWS, now: new Date(0) };
  return { news, receipt };
}

async function saveUnmailed(
  db: DynamoDb,
  table: string,
  news: RemedyNews,
  read: string | null,
): Promise<string | null> {
  const receipt = randomUUID();
  try {
    await db.send(
      new PutItemCommand({
        TableName: table,
        Item: {
          ...UNMAILED,
          news: { S: JSON.stringify(remedyNews.encode(news)) },
          receipt: { S: receipt },
          expiresAt: epochSeconds(new Date(news.now.getTime() + DAY_MS)),
        },
        ExpressionAttributeNames: { '#receipt': 'receipt' },
        ...(read === null
          ? { ConditionExpression: 'attribute_not_exists(#receipt)' }
          : { ConditionExpression: '#receipt = :read', ExpressionAttributeValues: { ':read': { S: read } } }),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return receipt;
  } catch (error) {
    if (errorCode(error) !== 'ConditionalCheckFailedException') throw error;
    // As with the acts: what is there may be our own write.
    return held(error)?.receipt?.S === receipt ? receipt : null;
  }
}

/** Adds an entry to an instance's history; it is kept for 90 days. */
export async function saveHistory(db: DynamoDb, table: string, entry: HistoryEntry): Promise<void> {
  await db.send(
    new PutItemCommand({
      TableName: table,
      Item: {
        key: historyKey(entry.instanceId),
        // Entries of the same millisecond stay apart.
        at: { S: `${entry.at.toISOString()}#${randomUUID().slice(0, 8)}` },
        entry: { S: writeEntry(entry) },
        expiresAt: epochSeconds(new Date(entry.at.getTime() + HISTORY_DAYS * DAY_MS)),
      },
    }),
  );
}

/**
 * An instance's history, newest first; an entry that can't be read is left out.
 *
 * @param most at most 100
 */
export async function readHistory(
  db: DynamoDb,
  table: string,
  instanceId: string,
  most = HISTORY_PAGE,
): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  let ExclusiveStartKey: QueryCommandOutput['LastEvaluatedKey'];
  // A page ends at a megabyte or for reasons of DynamoDB's own, and may then hold fewer than asked for, or none.
  do {
    const page: QueryCommandOutput = await db.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: '#key = :key',
        ExpressionAttributeNames: { '#key': 'key' },
        ExpressionAttributeValues: { ':key': historyKey(instanceId) },
        ScanIndexForward: false,
        Limit: most - entries.length,
        ConsistentRead: true,
        ExclusiveStartKey,
      }),
    );
    entries.push(...(page.Items ?? []).flatMap((item) => readEntry(item.entry?.S ?? '') ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined && entries.length < most);
  return entries;
}

const historyKey = (instanceId: string) => ({ S: `history#${instanceId}` });
const epochSeconds = (at: Date) => ({ N: String(Math.ceil(at.getTime() / 1000)) });

const instant = z.iso.datetime().transform((text) => new Date(text));
const instanceId = z.string().regex(INSTANCE_ID);
const STATES = ['begun', 'done', 'worked', 'failed'] as const;

/** Versions before this one wrote `asker` for `requester`, and `person` for `escalated`. */
const renamed = (stored: unknown): unknown => {
  if (typeof stored !== 'object' || stored === null) return stored;
  const { asker, ...rest } = stored as Readonly<Record<string, unknown>>;
  const escalated = ['remedy', 'heldBy'].filter((key) => rest[key] === 'person').map((key) => [key, 'escalated']);
  const evidence = rest.heldBy === 'one-witness' ? { heldBy: 'evidence' } : {};
  return { ...(asker !== undefined && { requester: asker }), ...rest, ...Object.fromEntries(escalated), ...evidence };
};

const act = z.object({
  remedy: z.enum(REMEDIES),
  instanceId,
  name: z.string().optional(),
  at: instant,
  state: z.enum(STATES),
  requester: z.string(),
  boot: z.string().nullable(),
  since: instant.nullable(),
  trouble: z.enum(Object.keys(REASON_CLASS) as ReasonCode[]).optional(),
  undone: z.enum(['refused', 'throttled']).optional(),
});

const entry = z.object({
  at: instant,
  instanceId,
  remedy: z.enum([...REMEDIES, 'escalated', 'unflag', 'ack']),
  outcome: z.enum([...STATES, 'held']),
  heldBy: z.enum(GUARDS).nullable(),
  why: z.string(),
  requester: z.string(),
  evidence: z.array(z.string()),
});

export const writeAct = (one: Act): string => JSON.stringify(one);
export const writeEntry = (one: HistoryEntry): string => JSON.stringify(one);

/** @throws where it is no act: an unreadable act must not count as none. */
export function readAct(text: string): Act {
  const parsed = act.safeParse(renamed(json(text)));
  if (!parsed.success) throw new Error('the record of acts is unreadable');
  const { name, trouble, undone, ...rest } = parsed.data;
  const named = { ...rest, ...(name !== undefined && { name }) };
  return { ...named, ...(trouble !== undefined && { trouble }), ...(undone !== undefined && { undone }) };
}

/** Null where it is no entry. */
export function readEntry(text: string): HistoryEntry | null {
  return entry.safeParse(renamed(json(text))).data ?? null;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
