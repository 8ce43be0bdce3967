import { describe, expect, it } from 'vitest';
import type { Disk } from '../../../lambda/model/index.ts';
import { decodeMount, parseDisk } from '../../../lambda/probe/parse-disk.ts';
import { parseVitals } from '../../../lambda/probe/parse-vitals.ts';
import { MEM, report } from '../../support/probe-report.ts';

const ROOT = 'disk 1 100 50 50 0 0 rw /';
const UNSIGNED = (below: bigint) => String(2n ** 64n - below);

describe('a disk', () => {
  it.each([
    ['has more free than there is', '4096 100 101 1 1 1 rw /d'],
    ['has more available than free', '4096 100 10 11 1 1 rw /d'],
    ['has no size', '4096 0 0 0 0 0 rw /d'],
    ['has a size below zero', '4096 -5 0 0 0 0 rw /d'],
    ['is larger than a number can hold exactly', '4096 9223372036854775807 1 1 1 1 rw /d'],
    ['has a count of more than 64 bits', '4096 100 10 99999999999999999999 1 1 rw /d'],
    ['has a count that is none', '4096 100 10 1e3 1 1 rw /d'],
  ])('that %s is unread, with a note, and the rest of the host is read', (_, line) => {
    const outcome = parseVitals(report(MEM, `disk ${line}`, ROOT), null);
    expect(outcome).toMatchObject({
      vitals: { disks: [{ mount: '/' }], unreadDisks: [{ mount: '/d', why: 'its figures are impossible' }] },
      notes: ['/d could not be read: its figures are impossible.'],
    });
  });

  it.each([
    ['has too few words', 'disk 4096 100 10 rw /d', 'its line can not be read'],
    ['is in no state that there is', 'disk 4096 100 10 10 1 1 rx /d', 'its line can not be read'],
    ['is reported twice', 'disk 1 9 1 1 1 1 rw /d\ndisk 1 9 2 1 1 1 rw /d', 'it is reported twice'],
    ['is reported read and late', 'disk 1 9 1 1 1 1 rw /d\nlate /d', 'it is reported twice'],
    ['may not be asked', 'unread denied /d', 'permission denied'],
    ['gives an error', 'unread failed /d', 'its file system gave an error'],
    ['can not be asked for want of a tool', 'unread norun /d', '`stat` could not be run there'],
    [
      'lies behind a network file system',
      'unread behind /d',
      'the way to it leads through a network or FUSE file system, which may never answer',
    ],
    ['gives no figures', 'unread odd /d', 'what was read of it is no figures'],
    ['is not read for a reason to come', 'unread quota /d', 'it could not be asked'],
    ['is not read for no word at all', 'unread __proto__ /d', 'it could not be asked'],
  ])('that %s is unread, with a note', (_, lines, why) => {
    expect(parseVitals(report(MEM, ...lines.split('\n'), ROOT), null)).toMatchObject({
      vitals: { disks: [{ mount: '/' }], unreadDisks: [{ mount: '/d', why }] },
      notes: [`/d could not be read: ${why}.`],
    });
  });

  it.each<[string, string, Partial<Disk>]>([
    ['available below zero', '4096 1000 10 -97 80 20 rw /d', { availableBytes: 0, usedPercent: 100 }],
    ['available that wrapped', `4096 1000 10 ${UNSIGNED(97n)} 80 20 rw /d`, { availableBytes: 0, usedPercent: 100 }],
    [
      'available at the last count of all',
      `512 9 0 ${UNSIGNED(1n)} 0 0 rw /d`,
      { availableBytes: 0, usedPercent: 100 },
    ],
    ['available as far below zero as it goes', `512 9 4 ${2n ** 63n} 0 0 rw /d`, { usedPercent: 100 }],
    ['free and available below zero', '4096 1000 -3 -97 80 20 rw /d', { availableBytes: 0, usedPercent: 100 }],
    ['free inodes below zero', '4096 1000 10 10 80 -2 rw /d', { inodesUsedPercent: 100, usedPercent: 99 }],
  ])('with %s has none left', (_, line, figures) => {
    expect(parseVitals(report(MEM, `disk ${line}`), null)).toMatchObject({ vitals: { disks: [figures] }, notes: [] });
  });

  it.each([
    ['counts none', '0 0'],
    ['counts none and has some left', '0 5'],
    ['counts none and has as good as endless ones left', `0 ${UNSIGNED(1n)}`],
    ['counts endless ones', `${UNSIGNED(1n)} ${UNSIGNED(1n)}`],
    ['counts fewer than none', '-1 -1'],
  ])('whose file system %s has no inodes', (_, inodes) => {
    expect(parseVitals(report(MEM, `disk 4096 1000 300 200 ${inodes} rw /d`), null)).toMatchObject({
      vitals: { disks: [{ mount: '/d', inodesUsedPercent: null, usedPercent: 77.8 }] },
      notes: [],
    });
  });

  it.each(['1 2', 'x 1', '80 x', '99999999999999999999 1'])('with the inodes %s has its space read alone', (inodes) => {
    expect(parseVitals(report(MEM, `disk 4096 1000 300 200 ${inodes} rw /d`), null)).toMatchObject({
      vitals: { disks: [{ mount: '/d', inodesUsedPercent: null, usedPercent: 77.8 }] },
      notes: ['The inodes of /d are not known: their figures are impossible.'],
    });
  });

  it('is read-only by design or against it', () => {
    const outcome = parseVitals(
      report(MEM, 'disk 1 9 0 0 0 0 rd /', 'disk 1 9 1 1 0 0 ro /d', 'disk 1 9 1 1 0 0 rw /e'),
      null,
    );
    expect(outcome).toMatchObject({
      vitals: { disks: [{ readOnly: true, readOnlyByDesign: true }, { readOnly: true }, { readOnly: false }] },
    });
    expect(JSON.stringify(outcome).match(/ByDesign/g)).toHaveLength(1);
  });

  it('that is left out is marked, named in one note, and no news where it could not be read', () => {
    const lines = [
      'disk 1 100 0 0 80 99 rw /scratch',
      'disk 1 9 1 1 0 0 rw /mnt/a',
      'unread denied /mnt/b',
      'late /mnt/c/d',
    ];
    const outcome = parseVitals(report(MEM, ...lines, ROOT), null, ['/scratch', '/mnt/*']);
    expect(outcome).toMatchObject({
      vitals: { disks: [{ mount: '/scratch', ignored: true }, { mount: '/mnt/a', ignored: true }, { mount: '/' }] },
      notes: ['Left out by disk.ignore or crawlwatch:limits: /scratch, /mnt/a, /mnt/b, /mnt/c/d.'],
    });
    expect(JSON.stringify(outcome)).not.toContain('unreadDisks');
  });

  it('counts usage as df does for a user other than root, and inodes where there are any', () => {
    expect(parseDisk('4096 1000 300 200 80 20 ro /data')).toEqual({
      kind: 'disk',
      disk: {
        mount: '/data',
        totalBytes: 4_096_000,
        availableBytes: 819_200,
        usedPercent: 77.8,
        inodesUsedPercent: 75,
        readOnly: true,
      },
      note: null,
    });
    expect(parseDisk('4096 1000 0 0 0 0 rw /boot')).toMatchObject({
      disk: { usedPercent: 100, inodesUsedPercent: null },
    });
  });

  it('that had no room, did not answer or was not asked is counted in a note', () => {
    const outcome = parseVitals(report(MEM, 'late /srv/my\\040disk', 'more 3', 'unasked 2'), null);
    expect(outcome).toMatchObject({
      vitals: { unreadDisks: [{ mount: '/srv/my disk', why: 'no answer in time' }] },
      notes: ['/srv/my disk did not answer in time.', '3 more mounts, all less full.', '2 mounts were not asked.'],
    });
    expect(parseVitals(report(MEM, 'more 1', 'unasked 1'), null)).toMatchObject({
      notes: ['1 more mount, less full.', '1 mount was not asked.'],
    });
  });
});

describe('a mount point', () => {
  it.each([
    ['a control character', '/a\\033[2J', '/a\\033[2J'],
    ['a newline', '/a\\012b', '/a\\012b'],
    ['bytes that are no UTF-8', '0x2fc3', '0x2fc3'],
    ['a character that turns the text around', '0x2fe280ae', '0x2fe280ae'],
    ['a space', '/my\\040disk', '/my disk'],
    ['a backslash', '/a\\134040', '/a\\040'],
    ['UTF-8', '0x2f646f6e6ec3a9', '/donné'],
    ['UTF-8 and a space', '0x2fc3a95c303430', '/é '],
  ])('with %s is read so that it can be shown', (_, printed, shown) => {
    expect(decodeMount(printed)).toBe(shown);
  });
});
