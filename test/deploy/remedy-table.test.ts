import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Act, RemedyNews } from '../../lambda/model/index.ts';
import { commit } from '../../lambda/remedy/act.ts';
import { readHistory, readRecord, saveActs, saveHistory, savePause, tablePorts } from '../../lambda/remedy/dynamodb.ts';
import { NOW } from '../support/fleet.ts';
import { type Moto, oneByOne, startMoto, whyNoMoto } from '../support/moto.ts';

const missing = whyNoMoto();
if (missing !== null)
  process.stderr.write(`\nSKIPPED, the lease was not taken from a real DynamoDB API: ${missing}\n\n`);

const TABLE = 'acts';
const ID = 'i-00000000000000001';
const act = (requester: string): Act => ({
  ...{ remedy: 'reboot', instanceId: ID, at: NOW, state: 'begun', requester, boot: null, since: null },
});

// Needs moto_server; where it is missing, the reason is printed.
describe.runIf(missing === null)('the table, by a DynamoDB API of others', () => {
  let moto: Moto;
  let db: DynamoDBClient;
  beforeAll(async () => {
    moto = await startMoto();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    db = new DynamoDBClient({ endpoint: moto.endpoint, region: 'us-east-1', credentials });
    await db.send(
      new CreateTableCommand({
        TableName: TABLE,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'key', KeyType: 'HASH' },
          { AttributeName: 'at', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'key', AttributeType: 'S' },
          { AttributeName: 'at', AttributeType: 'S' },
        ],
      }),
    );
    await waitUntilTableExists({ client: db, maxWaitTime: 30 }, { TableName: TABLE });
  });
  afterAll(() => moto?.stop());

  it('lets one of twenty take the lease, time and again', async () => {
    const table = oneByOne(db);
    for (let round = 0; round < 5; round++) {
      const { version } = await readRecord(db, TABLE, NOW);
      const requesters = Array.from({ length: 20 }, (_, n) => `requester-${round}-${n}`);
      const taken = await Promise.all(
        requesters.map((requester) => saveActs(table, TABLE, version, [act(requester)], NOW)),
      );
      expect(taken.filter(Boolean)).toHaveLength(1);
      const { acts, version: next } = await readRecord(db, TABLE, NOW);
      expect([next, acts.map(({ requester }) => requester)]).toEqual([version + 1, [requesters[taken.indexOf(true)]]]);
    }
  });

  it('knows its own write again where the SDK makes it a second time', async () => {
    const { version } = await readRecord(db, TABLE, NOW);
    let sent = 0;
    const twice = {
      send: async (command: never) => {
        await db.send(command);
        sent += 1;
        return db.send(command);
      },
    };
    expect(await saveActs(twice as typeof db, TABLE, version, [act('twice')], NOW)).toBe(true);
    expect(await saveActs(twice as typeof db, TABLE, version, [act('late')], NOW)).toBe(false);
    expect(sent).toBe(1);
  });

  it('puts every state on record, even if others write at the same time', async () => {
    const acts = Array.from({ length: 4 }, (_, n) => act(`settler-${n}`));
    const { version } = await readRecord(db, TABLE, NOW);
    await saveActs(db, TABLE, version, acts, NOW);
    const table = oneByOne(db);
    const ports = {
      clock: { now: () => NOW },
      readRecord: () => readRecord(table, TABLE, NOW),
      saveActs: (read: number, next: readonly Act[]) => saveActs(table, TABLE, read, next, NOW),
    };
    await Promise.all(acts.map((one) => commit(ports, [{ ...one, state: 'done' }])));
    expect((await readRecord(db, TABLE, NOW)).acts.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done']);
  });

  it('keeps what is not mailed for one of two runs at the same moment', async () => {
    const { readUnmailed, saveUnmailed } = tablePorts(oneByOne(db), TABLE, { now: () => NOW });
    expect(await readUnmailed()).toBeNull();
    const news = (name: string): RemedyNews => ({
      ...{ outcomes: [], pausedNow: null, acted: [], now: NOW },
      escalated: [{ instanceId: ID, name, remedy: 'escalated', heldBy: 'escalated', why: 'it needs a person' }],
    });
    for (let round = 0; round < 3; round++) {
      const before = (await readUnmailed())?.receipt ?? null;
      const names = Array.from({ length: 10 }, (_, n) => `run-${n}`);
      const receipts = await Promise.all(names.map((name) => saveUnmailed(news(name), before)));
      const kept = receipts.filter((receipt) => receipt !== null);
      expect(kept).toHaveLength(1);
      const name = names[receipts.findIndex((receipt) => receipt !== null)] ?? '';
      expect(await readUnmailed()).toEqual({ receipt: kept[0], news: news(name) });
    }
  });

  it('keeps the pause and each history apart', async () => {
    await savePause(db, TABLE, { who: 'eve@host', why: 'a deploy', from: NOW, until: null });
    const entry = {
      at: NOW,
      remedy: 'reboot',
      outcome: 'held',
      heldBy: 'paused',
      requester: 'schedule',
      evidence: [],
    } as const;
    for (const [n, instanceId] of [ID, ID, 'i-00000000000000002'].entries()) {
      await saveHistory(db, TABLE, { ...entry, instanceId, why: `line ${n}`, at: new Date(NOW.getTime() + n) });
    }
    expect((await readRecord(db, TABLE, NOW)).pause).toMatchObject({ who: 'eve@host', until: null });
    expect((await readHistory(db, TABLE, ID)).map(({ why }) => why)).toEqual(['line 1', 'line 0']);
    expect((await readHistory(db, TABLE, ID, 1)).map(({ why }) => why)).toEqual(['line 1']);
  });
});
