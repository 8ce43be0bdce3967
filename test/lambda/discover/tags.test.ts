import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHostKey, readMute, readTags } from '../../../lambda/discover/tags.ts';
import { TAG, UNTAGGED } from '../../../lambda/model/index.ts';
import { HOST_KEY, instance } from '../../support/fleet.ts';

describe('the tags that crawlwatch writes', () => {
  it.each([
    [TAG.status, 'BROKEN'],
    [TAG.status, ''],
    [TAG.flag, 'BannerTimeout'],
    [TAG.flag, 'Nonsense@2026-11-22T08:05:00Z'],
    [TAG.flag, 'BannerTimeout@2026-13-45T00:00:00Z'],
    [TAG.acted, 'reboot'],
    [TAG.acted, 'reboot@yesterday'],
  ])('take %s = %s for absent and name it', (key, value) => {
    expect(readTags({ [key]: value })).toEqual({ tagged: UNTAGGED, unreadable: [key] });
  });

  it('are read as they are written', () => {
    const at = new Date('2026-11-22T08:05:00Z');
    const tags = {
      [TAG.status]: 'CRITICAL:BannerTimeout,DiskLow',
      [TAG.flag]: 'BannerTimeout@2026-11-22T08:05:00Z',
      [TAG.acted]: 'reboot@2026-11-22T08:05:00Z',
    };
    expect(readTags(tags)).toEqual({
      tagged: {
        status: 'CRITICAL',
        reasons: ['BannerTimeout', 'DiskLow'],
        flag: { reason: 'BannerTimeout', at },
        acted: { what: 'reboot', at },
      },
      unreadable: [],
    });
  });

  it('lose a reason that is none, and nothing else', () => {
    const { tagged } = readTags({ [TAG.status]: 'WARNING:DiskLow,<b>,MemoryLow' });
    expect(tagged).toMatchObject({ status: 'WARNING', reasons: ['DiskLow', 'MemoryLow'] });
  });

  it('never make the reader throw, whatever they hold', () => {
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('CRITICAL:', '@', 'reboot@', 'OK:OK,'));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom<string>(...Object.values(TAG)), value), (tags) => {
        expect(() => [readTags(tags), readHostKey(tags[TAG.hostKey]), readMute(tags[TAG.mute])]).not.toThrow();
      }),
    );
  });
});

describe('the tag crawlwatch:host-key', () => {
  it.each([
    [undefined, null],
    [HOST_KEY, HOST_KEY],
    ['renew', 'renew'],
    ['MD5:00:11', 'unreadable'],
    ['', 'unreadable'],
    [`${HOST_KEY}\n`, 'unreadable'],
  ])('%j is read as %j', (text, key) => {
    expect(readHostKey(text)).toBe(key);
  });
});

const UNTIL = new Date('2026-11-23T06:00:00Z');

describe('the tag crawlwatch:mute', () => {
  it.each([
    [undefined, null],
    ['until=2026-11-23T06:00:00Z', { kind: 'until', until: UNTIL, why: null }],
    [
      'until=2026-11-23T06:00:00Z;why=a long\nstory; really',
      { kind: 'until', until: UNTIL, why: 'a long\nstory; really' },
    ],
    [
      'window=Sat 02:00-06:00 Europe/Berlin',
      { kind: 'windows', windows: ['Sat 02:00-06:00 Europe/Berlin'], why: null },
    ],
    [
      'window=Sat 22:00-02:00 UTC, 12:00-12:30 UTC;why=backups, window=2',
      { kind: 'windows', windows: ['Sat 22:00-02:00 UTC', '12:00-12:30 UTC'], why: 'backups, window=2' },
    ],
    ['window=Sat 02:00-06:00', 'unreadable'],
    ['window=Sat 02:00-06:00 UTC,', 'unreadable'],
    ['window=Sat 02:00-02:00 UTC', 'unreadable'],
    ['window=Sat 02:00-06:00 Mars/Base', 'unreadable'],
    ['window=', 'unreadable'],
    ['until=2026-11-23T06:00:00Z;window=Sat 02:00-06:00 UTC', 'unreadable'],
    ['2026-11-23T06:00:00Z', 'unreadable'],
    ['until=tomorrow', 'unreadable'],
    ['', 'unreadable'],
  ])('%j is read as %j', (text, until) => {
    expect(readMute(text)).toEqual(until);
  });
});

describe('the tag crawlwatch:limits', () => {
  const of = (limits: string) => instance({ tags: { [TAG.limits]: limits } });

  it('gives the instance limits of its own', () => {
    expect(of('memory.warning=8;ignore=/scratch')).toMatchObject({
      limits: { memoryWarning: 8, ignore: ['/scratch'] },
      problem: null,
    });
    expect(instance().limits).toBeUndefined();
  });

  it.each(['', 'memory=8', 'disk.critical=50', 'ignore=scratch'])('%j is BadOverride, never ignored', (text) => {
    const { problem, limits } = of(text);
    expect(problem?.code).toBe('BadOverride');
    expect(problem?.text).toContain(`The tag crawlwatch:limits is ${JSON.stringify(text)}; allowed: `);
    expect(limits).toBeUndefined();
  });
});
