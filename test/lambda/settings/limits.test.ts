import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLimits, settingsFor } from '../../../lambda/settings/limits.ts';
import { isIgnored } from '../../../lambda/settings/mounts.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';

const SETTINGS = parseSettings();

describe('the limits of one instance', () => {
  it.each([
    [
      'memory.warning=8;disk.critical=2;ignore=/scratch;ignore=/mnt/*',
      { memoryWarning: 8, diskCritical: 2, ignore: ['/scratch', '/mnt/*'] },
    ],
    [' memory.warning = 8.5 ; memory.critical=2 ', { memoryWarning: 8.5, memoryCritical: 2 }],
    ['inodes.warning=0;inodes.critical=0', { inodesWarning: 0, inodesCritical: 0 }],
    ['ignore=/my disk/a=b', { ignore: ['/my disk/a=b'] }],
    ['ignore=*', { ignore: ['*'] }],
  ])('%j are read', (text, limits) => {
    expect(readLimits(text, SETTINGS)).toEqual({ kind: 'limits', limits });
  });

  it.each([
    ['', /memory\.warning, /],
    ['memory.warning', /0 to 100/],
    ['memory.warning=', /0 to 100/],
    ['memory.warning=101', /0 to 100/],
    ['memory.warning=-1', /0 to 100/],
    ['memory.warning=1e1', /0 to 100/],
    ['memory.warning=8;memory.warning=8', /once each/],
    ['memory.clear=8', /memory\.warning, /],
    ['constructor=8', /memory\.warning, /],
    ['memory.warning=8;', /semicolons between/],
    ['memory.warning=8,disk.warning=9', /semicolons/],
    ['ignore=', /ignore=\/MOUNT/],
    ['ignore=scratch', /ignore=\/MOUNT/],
    ['ignore=/a\nb', /ignore=\/MOUNT/],
    ['memory.warning=5', /^memory\.critical \(here 6\) at most memory\.warning \(here 5\)/],
    ['disk.critical=11', /^disk\.critical \(here 11\) at most disk\.warning \(here 10\)/],
    ['inodes.warning=1;inodes.critical=2', /^inodes\.critical \(here 2\) at most inodes\.warning \(here 1\)/],
  ])('%j are refused, with what is allowed', (text, allowed) => {
    expect(readLimits(text, SETTINGS)).toEqual({ kind: 'bad', allowed: expect.stringMatching(allowed) });
  });

  it('together with the settings are in the order that the settings have to be in, whatever they hold', () => {
    const percent = fc.double({ min: 0, max: 100, noNaN: true }).map((one) => one.toFixed(3));
    const key = fc.constantFrom(
      'memory.warning',
      'memory.critical',
      'disk.warning',
      'disk.critical',
      'inodes.critical',
    );
    const part = fc.tuple(key, percent).map((pair) => pair.join('='));
    const text = fc.oneof(
      fc.uniqueArray(part, { maxLength: 5 }).map((parts) => parts.join(';')),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (any) => {
        const read = readLimits(any, SETTINGS);
        if (read.kind === 'bad') return;
        const { memory, disk, inodes } = settingsFor(SETTINGS, read.limits);
        expect(() => parseSettings({ memory, disk: { ...disk, ignore: null }, inodes })).not.toThrow();
      }),
    );
  });

  it('add to the mounts that the fleet leaves out, and cost nothing where there are none', () => {
    const fleet = parseSettings({ disk: { ignore: ['/scratch'] } });
    expect(settingsFor(fleet, { ignore: ['/mnt/*'] }).disk.ignore).toEqual(['/scratch', '/mnt/*']);
    expect(settingsFor(fleet, { memoryWarning: 8 }).disk.ignore).toEqual(['/scratch']);
    expect(settingsFor(fleet, undefined)).toBe(fleet);
  });
});

describe('a pattern of mounts', () => {
  it.each([
    ['/scratch', '/scratch', true],
    ['/scratch', '/scratch/a', false],
    ['/scratch', '/a/scratch', false],
    ['/mnt/*', '/mnt/a', true],
    ['/mnt/*', '/mnt/a/b', true],
    ['/mnt/*', '/mnt', false],
    ['/mnt*', '/mnt', true],
    ['/mnt/?', '/mnt/a', true],
    ['/mnt/?', '/mnt/ab', false],
    ['*/docker/*', '/var/lib/docker/x', true],
    ['/a*b*c', '/a-b-b-c', true],
    ['/a*b*c', '/a-b-b-', false],
    ['/a.b', '/axb', false],
    ['*', '/', true],
  ])('%s and %s: %s', (pattern, mount, is) => {
    expect(isIgnored(mount, [pattern])).toBe(is);
  });

  it('does the same as a regular expression, and takes no time for one that would', () => {
    const sign = fc.constantFrom('a', 'b', '/', '*', '?');
    const text = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 8 }).map((all) => all.join(''));
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 6 }), text, (signs, mount) => {
        const pattern = signs.join('');
        const regex = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(isIgnored(mount, [pattern])).toBe(regex.test(mount));
      }),
    );
    expect(isIgnored('a'.repeat(4000), [`${'*a'.repeat(90)}*b`])).toBe(false);
  });

  it.each([[['scratch']], [[]], [['/a\n']], ['/scratch'], [[7]]])(
    'as disk.ignore, %j is refused with its key',
    (ignore) => {
      expect(() => parseSettings({ disk: { ignore } })).toThrow(/disk\.ignore: got .*; allowed: a list of mounts/);
    },
  );
});
