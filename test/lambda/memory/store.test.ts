import { describe, expect, it } from 'vitest';
import { packedFiles } from '../../../lambda/kit/index.ts';
import { encodeState } from '../../../lambda/memory/schema.ts';
import { loadState, type ObjectStore, saveState } from '../../../lambda/memory/store.ts';
import { EMPTY_STATE, NOTHING_REMEMBERED, STATE_KEY } from '../../../lambda/model/index.ts';
import { SandboxAws } from '../../../sandbox/aws.ts';
import { ObjectFiles } from '../../../sandbox/object-files.ts';

const AT = new Date('2026-11-22T08:05:00Z');
const STATE = { ...EMPTY_STATE, at: AT, instances: new Map([['i-1', NOTHING_REMEMBERED]]) };
const s3 = (): ObjectStore => {
  const aws = new SandboxAws();
  return packedFiles(aws.s3, aws.bucket.name);
};

describe.each<[string, () => ObjectStore]>([
  ['in memory', () => new ObjectFiles()],
  ["in the sandbox's S3", s3],
])('the state %s', (_, make) => {
  it('begins empty where there is no file, and says why', async () => {
    expect(await loadState(make())).toEqual({
      state: EMPTY_STATE,
      etag: null,
      beginsEmpty: 'there is none yet, or it was removed',
    });
  });

  it('is read as it was saved', async () => {
    const store = make();
    const etag = await saveState(store, STATE, null);
    expect(await loadState(store)).toEqual({ state: STATE, etag, beginsEmpty: null });
  });

  it('is written by the first of two that have read the same, and left alone by the other', async () => {
    const store = make();
    expect(await saveState(store, STATE, null)).not.toBeNull();
    expect(await saveState(store, EMPTY_STATE, null)).toBeNull();
    const { etag } = await loadState(store);
    expect(await saveState(store, { ...STATE, at: null }, etag)).not.toBeNull();
    expect(await saveState(store, EMPTY_STATE, etag)).toBeNull();
    expect((await loadState(store)).state).toEqual({ ...STATE, at: null });
  });
});

describe('the state', () => {
  it('of instances whose lines are longer than a piece is read as it was saved', async () => {
    const said = Array.from({ length: 12 }, () => 'ü'.repeat(400));
    const long = { at: AT, flag: true, why: 'ü'.repeat(400), for: said, against: said };
    const wordy = { ...NOTHING_REMEMBERED, decisions: Array.from({ length: 6 }, () => long) };
    const names = Array.from(
      { length: 400 },
      (_, n) => [`i-${n}`, n % 100 === 50 ? wordy : NOTHING_REMEMBERED] as const,
    );
    const state = { ...STATE, instances: new Map(names) };
    const store = s3();
    await saveState(store, state, null);
    expect((await loadState(store)).state).toEqual(state);
  });

  it('of another layout than ours is read as a whole', async () => {
    const files = new ObjectFiles();
    files.replace(STATE_KEY, JSON.stringify(JSON.parse(encodeState(STATE)), null, 2));
    expect(await loadState(files)).toMatchObject({ state: STATE, beginsEmpty: null });
  });

  it('that was removed after it was read is not written', async () => {
    const files = new ObjectFiles();
    const etag = await saveState(files, STATE, null);
    files.objects.clear();
    expect(await saveState(files, STATE, etag)).toBeNull();
  });

  it.each([
    ['can not be unpacked', null],
    ['is not ours', '{}'],
  ])('that %s begins empty, and is replaced by the next write', async (_, content) => {
    const files = new ObjectFiles();
    files.replace(STATE_KEY, content);
    const { state, etag, beginsEmpty } = await loadState(files);
    expect([state, beginsEmpty]).toEqual([EMPTY_STATE, 'state.json.gz is damaged or not ours']);
    expect(await saveState(files, STATE, etag)).not.toBeNull();
  });

  it('of a newer version is refused, with what to do', async () => {
    const files = new ObjectFiles();
    files.replace(STATE_KEY, '{"format":"crawlwatch state","version":7}');
    await expect(loadState(files)).rejects.toThrow(
      '(format 7): deploy that version, or delete the file to begin empty',
    );
  });

  it('of which one instance is damaged says which', async () => {
    const files = new ObjectFiles();
    await saveState(files, STATE, null);
    const text = new TextDecoder().decode(files.objects.get(STATE_KEY)?.bytes ?? undefined);
    files.replace(STATE_KEY, text.replace('"instances":{', '"instances":{"i-2":{},'));
    expect(await loadState(files)).toMatchObject({
      state: STATE,
      beginsEmpty: "state.json.gz can't be read for i-2, which begin empty",
    });
  });

  it.each(['get', 'put'] as const)('rejects where S3 can not be asked to %s', async (action) => {
    const files = new ObjectFiles();
    files.fail(new Error('SlowDown'), 1, action);
    const work = action === 'get' ? loadState(files) : saveState(files, STATE, null);
    await expect(work).rejects.toThrow('SlowDown');
  });
});
