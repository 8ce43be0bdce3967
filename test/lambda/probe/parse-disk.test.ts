import { describe, expect, it } from 'vitest';
import { decodeMount, parseDisk } from '../../../lambda/probe/parse-disk.ts';
import { parseVitals } from '../../../lambda/probe/parse-vitals.ts';
import { MEM, report } from '../../support/probe-report.ts';

describe('a disk', () => {
  it.each([
    ['has more free than there is', '4096 100 101 1 1 1 rw /d'],
    ['has more available than free', '4096 100 10 11 1 1 rw /d'],
    ['has more free inodes than inodes', '4096 100 10 10 1 2 rw /d'],
    ['has no size', '4096 0 0 0 0 0 rw /d'],
    ['is larger than a number can hold exactly', '4096 9999999999999999999 1 1 1 1 rw /d'],
  ])('that %s is left out with a note, and the rest of the host is read', (_, line) => {
    const outcome = parseVitals(report(MEM, `disk ${line}`, 'disk 1 100 50 50 0 0 rw /'), null);
    expect(outcome).toMatchObject({
      vitals: { disks: [{ mount: '/' }] },
      notes: ['/d gives impossible figures and is left out.'],
    });
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
    });
    expect(parseDisk('4096 1000 0 0 0 0 rw /boot')).toMatchObject({
      disk: { usedPercent: 100, inodesUsedPercent: null },
    });
  });

  it('that had no room, did not answer or was not asked is counted in a note', () => {
    const outcome = parseVitals(report(MEM, 'late /srv/my\\040disk', 'more 3', 'unasked 2'), null);
    expect(outcome).toMatchObject({
      notes: ['/srv/my disk did not answer in time.', '3 more mounts, all less full.', '2 mounts were not asked.'],
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
