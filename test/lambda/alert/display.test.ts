import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clearedTags, groupTagWrites, tagChanges } from '../../../lambda/alert/display.ts';
import { readTags } from '../../../lambda/discover/tags.ts';
import type { Transition } from '../../../lambda/memory/transition.ts';
import { type InstanceState, type OwnTagKey, REASON_CLASS, type ReasonCode, TAG } from '../../../lambda/model/index.ts';
import { failed, judged, read } from '../../support/fleet.ts';

const STACK = 'CrawlwatchStack';
const OURS = { [TAG.stack]: STACK };
const tagged = (t: Transition, tags: Record<string, string>, over: Partial<InstanceState> = {}): Transition => ({
  ...t,
  instance: { ...t.instance, tags, unreadable: readTags(tags).unreadable },
  after: { ...t.after, ...over },
});
const well = (tags = {}) => tagged(judged(read()), { ...OURS, ...tags });
const hung = (tags = {}, over = {}) => tagged(judged(failed('BannerTimeout')), { ...OURS, ...tags }, over);
const FLAG = { flag: { reason: 'BannerTimeout', at: new Date('2026-11-22T08:05:00Z') } } as const;
const FLAG_TAG = { [TAG.flag]: 'BannerTimeout@2026-11-22T08:05:00Z' };
const STATUS = { [TAG.status]: 'CRITICAL:BannerTimeout' };

describe('the tags of an instance', () => {
  it.each<[string, Transition, object]>([
    ['are not written where it is OK and no tag says otherwise', well(), {}],
    ['are not written where they say it already', hung(STATUS), {}],
    ['are not written for OK that was OK', well({ [TAG.status]: 'OK' }), {}],
    ['say what was found', hung(), STATUS],
    ['say OK over other words', well(STATUS), { [TAG.status]: 'OK' }],
    ['show a flag', hung(STATUS, FLAG), FLAG_TAG],
    ['keep a flag as it is', hung({ ...STATUS, ...FLAG_TAG }, FLAG), {}],
    ['lose a flag that is not remembered', hung({ ...STATUS, ...FLAG_TAG }), { [TAG.flag]: null }],
    [
      'have a forged flag put right',
      hung({ ...STATUS, [TAG.flag]: 'BannerTimeout@2020-01-01T00:00:00Z' }, FLAG),
      FLAG_TAG,
    ],
    ['have a forged status put right', hung({ [TAG.status]: 'OK' }), STATUS],
    ['have nonsense put right', well({ [TAG.status]: '<script>' }), { [TAG.status]: 'OK' }],
    ['come back where all of them were stripped', tagged(hung({}, FLAG), {}), { ...STATUS, ...FLAG_TAG, ...OURS }],
    ['claim it for this stack', tagged(judged(read()), { [TAG.stack]: 'Gone' }), OURS],
    [
      'lose an act that can not be read, which would hold back all others',
      well({ [TAG.acted]: 'x' }),
      { [TAG.acted]: null },
    ],
    [
      'show the act that is remembered where its tag can not be read',
      hung({ ...STATUS, [TAG.acted]: 'x' }, { acted: { what: 'reboot', at: new Date('2020-01-01T00:00:00Z') } }),
      { [TAG.acted]: 'reboot@2020-01-01T00:00:00Z' },
    ],
    ['never touch an act that the remedy noted', well({ [TAG.acted]: 'reboot@2020-01-01T00:00:00Z' }), {}],
  ])('%s', (_, t, changes) => {
    expect(tagChanges(t, STACK)).toEqual(changes);
  });

  it('hold whole codes only, in at most 256 characters', () => {
    const codes = Object.keys(REASON_CLASS) as ReasonCode[];
    fc.assert(
      fc.property(fc.shuffledSubarray(codes, { minLength: 1 }), (reasons) => {
        const value = tagChanges(hung({}, { status: 'CRITICAL', reasons }), STACK)[TAG.status] ?? '';
        expect(value.length).toBeLessThanOrEqual(256);
        const shown = value.replace('CRITICAL:', '').split(',');
        expect(shown).toEqual(reasons.slice(0, shown.length));
      }),
    );
  });

  it('are put right within one check, whatever was done to them', () => {
    const keys = [TAG.stack, TAG.status, TAG.flag];
    const any = fc.dictionary(fc.constantFrom<string>(...keys), fc.string({ unit: 'binary', maxLength: 256 }));
    fc.assert(
      fc.property(any, fc.boolean(), (forged, isFlagged) => {
        const tags: Record<string, string | null> = {
          ...forged,
          ...tagChanges(tagged(hung({}, isFlagged ? FLAG : {}), forged), STACK),
        };
        const right = { ...OURS, ...STATUS, ...(isFlagged && FLAG_TAG) };
        expect(Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== null))).toEqual(right);
      }),
    );
  });

  it('of a stopped one say nothing of its status or a flag', () => {
    const { instance } = hung({ ...STATUS, ...FLAG_TAG, [TAG.acted]: 'reboot@2020-01-01T00:00:00Z' });
    expect(clearedTags(instance)).toEqual({ [TAG.status]: null, [TAG.flag]: null });
    expect(clearedTags(well().instance)).toEqual({});
  });
});

describe('the writes of tags', () => {
  it('are as few as there are kinds of changes', () => {
    const changes = [
      { id: 'i-1', tags: { [TAG.status]: 'OK' } },
      { id: 'i-2', tags: { [TAG.status]: 'OK' } },
      { id: 'i-3', tags: { [TAG.status]: 'OK', [TAG.flag]: null } },
      { id: 'i-4', tags: {} },
    ];
    expect(groupTagWrites(changes)).toEqual([
      { action: 'create', ids: ['i-1', 'i-2', 'i-3'], tags: { [TAG.status]: 'OK' } },
      { action: 'delete', ids: ['i-3'], keys: [TAG.flag] },
    ]);
  });

  it('come to what was to be changed, and nothing else', () => {
    const key = fc.constantFrom<OwnTagKey>(TAG.stack, TAG.status, TAG.flag);
    const change = fc.record({
      id: fc.constantFrom('i-1', 'i-2', 'i-3', 'i-4'),
      tags: fc.dictionary(key, fc.option(fc.constantFrom('a', 'b'))),
    });
    fc.assert(
      fc.property(fc.uniqueArray(change, { selector: ({ id }) => id }), (changes) => {
        const done = new Map<string, Record<string, string | null>>(changes.map(({ id }) => [id, {}]));
        for (const write of groupTagWrites(changes)) {
          for (const id of write.ids) {
            const tags =
              write.action === 'create' ? write.tags : Object.fromEntries(write.keys.map((one) => [one, null]));
            Object.assign(done.get(id) ?? {}, tags);
          }
        }
        expect([...done]).toEqual(changes.map(({ id, tags }) => [id, { ...tags }]));
      }),
    );
  });
});
