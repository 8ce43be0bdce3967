import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import type { Act, HistoryEntry } from '../../../lambda/model/index.ts';
import {
  readHistory,
  readRecord,
  saveActs,
  saveHistory,
  savePause,
  saveResumed,
} from '../../../lambda/remedy/dynamodb.ts';
import { type SandboxTable, sandboxDynamoDb } from '../../../sandbox/aws-remedy.ts';
import { NOW } from '../../support/fleet.ts';

const ID = 'i-00000000000000001';
const TABLE = 'table';
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);

const act = (over: Partial<Act> = {}): Act => ({
  remedy: 'reboot',
  instanceId: ID,
  at: NOW,
  state: 'begun',
  requester: 'schedule',
  boot: '1a2b3c4d',
  since: later(-20),
  ...over,
});
const entry = (over: Partial<HistoryEntry> = {}): HistoryEntry => ({
  at: NOW,
  instanceId: ID,
  remedy: 'reboot',
  outcome: 'held',
  heldBy: 'spacing',
  why: 'another was rebooted at 08:05 UTC',
  requester: 'schedule',
  evidence: ['Console: oom-kill'],
  ...over,
});

function setUp() {
  const table: SandboxTable = { name: TABLE, items: new Map() };
  const db = sandboxDynamoDb(table);
  return { table, db };
}

describe('the record of acts', () => {
  it.each([
    ['no list', { version: { N: '1' } }],
    ['no version', { acts: { L: [] } }],
    ['another kind of list', { version: { N: '1' }, acts: { L: [{ N: '1' }] } }],
    ['a text that is no act', { version: { N: '1' }, acts: { L: [{ S: 'reboot' }] } }],
    ['an act without a time', { version: { N: '1' }, acts: { L: [{ S: JSON.stringify({ ...act(), at: 'soon' }) }] } }],
    [
      'an act without a requester',
      { version: { N: '1' }, acts: { L: [{ S: JSON.stringify({ ...act(), requester: undefined }) }] } },
    ],
    ['an act of another kind', { version: { N: '1' }, acts: { L: [{ S: '{"remedy":"format"}' }] } }],
  ])('can not be read where it holds %s', async (_, item) => {
    const { db, table } = setUp();
    table.items.set('acts -', { key: { S: 'acts' }, at: { S: '-' }, ...item });
    await expect(readRecord(db, TABLE, NOW)).rejects.toThrow('unreadable');
  });

  it('can not be read where the table does not answer', async () => {
    const { db } = setUp();
    db.fail(GetItemCommand, db.error('InternalServerError', 'down'), 1);
    await expect(readRecord(db, TABLE, NOW)).rejects.toThrow('down');
  });

  it('is empty at first, and then what was written', async () => {
    const { db } = setUp();
    expect(await readRecord(db, TABLE, NOW)).toEqual({ acts: [], pause: null, resumedAt: null, version: 0 });
    const acts = [
      act(),
      act({ remedy: 'restart-worker', state: 'worked', boot: null, since: null, requester: 'eve@host' }),
    ];
    expect(await saveActs(db, TABLE, 0, acts, NOW)).toBe(true);
    expect(await readRecord(db, TABLE, NOW)).toEqual({ acts, pause: null, resumedAt: null, version: 1 });
  });

  it('is read from what earlier versions wrote, and written with the present keys', async () => {
    const { db, table } = setUp();
    const { requester: asker, ...rest } = act({ state: 'done' });
    const acts = { L: [{ S: JSON.stringify({ ...rest, asker }) }] };
    table.items.set('acts -', { key: { S: 'acts' }, at: { S: '-' }, version: { N: '4' }, acts });
    const record = await readRecord(db, TABLE, NOW);
    expect(record).toEqual({ acts: [act({ state: 'done' })], pause: null, resumedAt: null, version: 4 });
    await saveActs(db, TABLE, 4, record.acts, NOW);
    expect(JSON.stringify(table.items.get('acts -'))).not.toContain('asker');
  });

  it('lets one of two through that have read the same', async () => {
    const { db } = setUp();
    const write = (version: number, requester: string) => saveActs(db, TABLE, version, [act({ requester })], NOW);
    expect([await write(0, 'a'), await write(0, 'b')]).toEqual([true, false]);
    expect([await write(1, 'c'), await write(1, 'd'), await write(0, 'e')]).toEqual([true, false, false]);
    expect((await readRecord(db, TABLE, NOW)).acts.map(({ requester }) => requester)).toEqual(['c']);
  });

  it('takes its own write for its own where the answer was lost and the SDK tried again', async () => {
    const { db } = setUp();
    const { send } = db;
    let lost = 1;
    const flaky = {
      send: async (command: never) => {
        const answer = await send(command);
        return (command as object) instanceof PutItemCommand && lost-- > 0 ? send(command) : answer;
      },
    };
    expect(await saveActs(flaky as typeof db, TABLE, 0, [act()], NOW)).toBe(true);
    expect(await saveActs(db, TABLE, 0, [act()], NOW)).toBe(false);
  });

  it('is deleted a day after it says anything, and never while an act is open', async () => {
    const { db, table } = setUp();
    const expiry = () => table.items.get('acts -')?.expiresAt;
    for (const over of [{ state: 'worked' }, { state: 'failed', undone: 'refused' }] as const) {
      table.items.clear();
      await saveActs(db, TABLE, 0, [act(over)], NOW);
      expect(expiry()).toEqual({ N: String(Date.parse('2026-11-23T08:15:00Z') / 1000) });
    }
    await saveActs(db, TABLE, 1, [act({ state: 'worked' }), act({ state: 'done' })], NOW);
    expect(expiry()).toBeUndefined();
  });

  it('is kept for good while the last reboot was in vain: a pause must not end by itself', async () => {
    const { db, table } = setUp();
    await saveActs(db, TABLE, 0, [act({ state: 'failed', remedy: 'reboot' })], NOW);
    expect(table.items.get('acts -')?.expiresAt).toBeUndefined();
  });

  it('knows that nothing was done, and when a person resumed', async () => {
    const { db } = setUp();
    await saveActs(db, TABLE, 0, [act({ state: 'failed', undone: 'throttled' })], NOW);
    await saveResumed(db, TABLE, 'eve@host', NOW);
    const { acts, resumedAt } = await readRecord(db, TABLE, later(1_000_000));
    expect([acts[0]?.undone, resumedAt]).toEqual(['throttled', NOW]);
    await db.send(new PutItemCommand({ TableName: TABLE, Item: { key: { S: 'resumed' }, at: { S: '-' } } }));
    await expect(readRecord(db, TABLE, NOW)).rejects.toThrow('when acting was resumed is unreadable');
  });

  it('fails where the write fails for another reason', async () => {
    const { db } = setUp();
    db.fail(PutItemCommand, db.error('InternalServerError', 'down'), 1);
    await expect(saveActs(db, TABLE, 0, [], NOW)).rejects.toThrow('down');
  });
});

describe('the pause', () => {
  it.each([
    ['a start that is no time', { from: { S: 'now' } }],
    ['no start', {}],
    ['an end that is no time', { from: { S: NOW.toISOString() }, until: { S: 'later' } }],
  ])('can not be read where it has %s', async (_, item) => {
    const { db, table } = setUp();
    table.items.set('pause -', { key: { S: 'pause' }, at: { S: '-' }, ...item });
    await expect(readRecord(db, TABLE, NOW)).rejects.toThrow('the pause is unreadable');
  });

  it('lasts until its time is over, or for good', async () => {
    const { db } = setUp();
    const pause = { who: 'eve@host', why: 'a deploy', from: NOW, until: later(60) };
    await savePause(db, TABLE, pause);
    expect((await readRecord(db, TABLE, later(59))).pause).toEqual(pause);
    expect((await readRecord(db, TABLE, later(60))).pause).toBeNull();
    await savePause(db, TABLE, { ...pause, until: null });
    expect((await readRecord(db, TABLE, later(1_000_000))).pause).toEqual({ ...pause, until: null });
    await savePause(db, TABLE, { ...pause, until: NOW });
    expect((await readRecord(db, TABLE, NOW)).pause).toBeNull();
  });
});

describe("an instance's history", () => {
  it('is its own, newest first, and no longer than asked for', async () => {
    const { db } = setUp();
    const entries = [0, 1, 2].map((minutes) => entry({ at: later(minutes) }));
    for (const one of [...entries, entry({ instanceId: 'i-00000000000000002' })]) await saveHistory(db, TABLE, one);
    expect(await readHistory(db, TABLE, ID)).toEqual([...entries].reverse());
    expect(await readHistory(db, TABLE, ID, 1)).toEqual([entries[2]]);
    expect(await readHistory(db, TABLE, 'i-00000000000000003')).toEqual([]);
  });

  it('keeps two lines of the same moment, and each for 90 days', async () => {
    const { db, table } = setUp();
    await saveHistory(db, TABLE, entry());
    await saveHistory(db, TABLE, entry({ outcome: 'done', heldBy: null }));
    expect(await readHistory(db, TABLE, ID)).toHaveLength(2);
    const expiry = Date.parse('2027-02-20T08:15:00Z') / 1000;
    expect([...table.items.values()].map(({ expiresAt }) => expiresAt)).toEqual([
      { N: String(expiry) },
      { N: String(expiry) },
    ]);
  });

  it('is read from what earlier versions wrote', async () => {
    const { db, table } = setUp();
    const { requester, ...rest } = entry({ remedy: 'escalated', heldBy: 'escalated' });
    const old = JSON.stringify({ ...rest, remedy: 'person', heldBy: 'person', asker: requester });
    table.items.set('old', { key: { S: `history#${ID}` }, at: { S: '0' }, entry: { S: old } });
    expect(await readHistory(db, TABLE, ID)).toEqual([{ ...rest, requester }]);
  });

  it('leaves out what can not be read', async () => {
    const { db, table } = setUp();
    await saveHistory(db, TABLE, entry());
    for (const [n, text] of ['', '{', '{}', '{"outcome":"exploded"}'].entries()) {
      table.items.set(`x${n}`, { key: { S: `history#${ID}` }, at: { S: String(n) }, entry: { S: text } });
    }
    expect(await readHistory(db, TABLE, ID)).toEqual([entry()]);
  });
});
