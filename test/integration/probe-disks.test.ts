import { describe, expect, it } from 'vitest';
import { parseVitals } from '../../lambda/probe/parse-vitals.ts';
import { hostMissing, SHELLS } from '../support/probe-host.ts';
import { cpuSeconds, manyMounts, replay } from '../support/probe-replay.ts';
import { type Machine, runProbe } from '../support/probe-shell.ts';

if (hostMissing !== null) throw new Error(hostMissing);

const MEMINFO = 'MemTotal: 8000000 kB\nMemFree: 1000000 kB\nMemAvailable: 4000000 kB\n';
const ROOT = '28 1 259:1 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p1 rw';

/** The report under every shell; all of them print the same. */
async function reportOf(machine: Machine): Promise<string> {
  const { script, done } = replay({ '/proc/meminfo': MEMINFO, ...machine });
  const outputs = await Promise.all(Object.values(SHELLS).map((shell) => runProbe({ shell, script })));
  done();
  const [first = '', ...others] = outputs.map(({ output }) => output);
  for (const other of others) expect(other).toBe(first);
  expect(parseVitals(first, null).kind, first).toBe('vitals');
  expect(first).toMatch(/^[ -~\n]*$/);
  expect(first.length).toBeLessThan(2400);
  return first;
}

/** The lines of a report that begin with these words, without the figures of a disk. */
function lines(report: string, ...words: string[]): string[] {
  const some = report.split('\n').filter((line) => words.includes(line.split(' ')[0] ?? ''));
  return some.map((line) => line.replace(/^(disk)(?: \S+){6}/, '$1'));
}

/** Half full, whatever is asked. */
const HALF = `#!/bin/dash\necho "\${3%%\\%*}4096 1000 500 500 1000 500"\n`;
const mounted = (mountinfo: readonly string[], fstab = ''): Machine => ({
  '/proc/self/mountinfo': `${mountinfo.join('\n')}\n`,
  '/etc/fstab': fstab,
  '/bin/stat': HALF,
});

describe('the state of a device', () => {
  it.each<[name: string, mountinfo: readonly string[], fstab: string, printed: readonly string[]]>([
    [
      'is writable where a read-only mount lies on its own writable one',
      [ROOT, '40 28 8:16 / /gnu/store rw - ext4 /dev/sdb rw', '41 40 8:16 / /gnu/store ro - ext4 /dev/sdb rw'],
      '',
      ['rw /', 'rw /gnu/store'],
    ],
    [
      'is that of its writable mount, which is the one measured',
      [ROOT, '40 28 8:16 / /srv/export ro - xfs /dev/sdb rw', '41 28 8:16 / /data rw - xfs /dev/sdb rw'],
      '/dev/sdb /data xfs defaults 0 2\n',
      ['rw /', 'rw /data'],
    ],
    [
      'is that of the shortest writable one where no mount shows all of it: subvolumes below a read-only root',
      [
        '30 1 0:30 /@ / ro - btrfs /dev/vda2 rw,subvol=/@',
        '31 30 0:30 /@home /home rw - btrfs /dev/vda2 rw,subvol=/@home',
        '32 30 0:30 /@var /var rw - btrfs /dev/vda2 rw,subvol=/@var',
        '33 30 0:30 /@srv /opt/srv rw - btrfs /dev/vda2 rw,subvol=/@srv',
      ],
      'UUID=1 / btrfs ro 0 0\n',
      ['rw /var'],
    ],
    [
      'prefers the mount of the whole file system',
      [ROOT, '40 28 8:16 /sub /a rw - ext4 /dev/sdb rw', '41 28 8:16 / /mnt/whole rw - ext4 /dev/sdb rw'],
      '',
      ['rw /', 'rw /mnt/whole'],
    ],
    [
      'is read-only by design for an image as the root',
      [
        '30 1 7:0 / / ro - squashfs /dev/loop0 ro',
        '31 30 8:3 / /writable rw - ext4 /dev/sda3 rw',
        '32 30 7:1 / /snap/core ro - squashfs /dev/loop1 ro',
      ],
      'LABEL=writable / ext4 defaults 0 0\n',
      ['rd /', 'rw /writable'],
    ],
    [
      'is read-only by design for an erofs below an overlay that nothing can be written to',
      [
        '30 1 0:40 / / ro - overlay composefs ro,lowerdir=/run/low,redirect_dir=on,metacopy=on',
        '31 30 8:4 / /sysroot ro - xfs /dev/sda4 rw',
        '32 30 8:4 /ostree/deploy/os/var /var rw - xfs /dev/sda4 rw',
        '33 30 8:3 / /boot ro - ext4 /dev/sda3 rw',
      ],
      '/dev/sda4 / xfs defaults 0 0\n',
      ['rd /', 'rw /var', 'rd /boot'],
    ],
    [
      'is as before for the overlay of a container, which may be read-only',
      ['30 1 0:40 / / ro - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w'],
      '',
      ['rd /'],
    ],
    ['and writable', ['30 1 0:40 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/u'], '', ['rw /']],
    [
      'is a fault where fstab wants to write it, spelled in other ways too',
      [
        '28 1 259:1 / / ro,relatime - ext4 /dev/nvme0n1p1 ro,errors=remount-ro',
        '40 28 8:16 / /my\\040data ro - xfs /dev/sdb ro',
        '41 28 8:32 / /logs ro - ext4 /dev/sdc ro',
        '42 28 8:48 / /archive ro - ext4 /dev/sdd ro',
        '43 28 8:64 / /unlisted ro - ext4 /dev/sde ro',
      ],
      [
        '# /unlisted in a comment: /dev/sde /unlisted ext4 defaults 0 0',
        'UUID=1 / ext4 defaults,errors=remount-ro 0 1',
        'UUID=2\t/my\\040data/\txfs\tnofail,rw\t0 2',
        'UUID=3 /logs ext4',
        'UUID=4 /archive ext4 noatime,ro 0 2',
        '',
      ].join('\n'),
      ['ro /', 'ro /my\\040data', 'ro /logs', 'rd /archive', 'rd /unlisted'],
    ],
    [
      'is by design for what fstab binds from a read-only device',
      [ROOT, '40 28 8:16 / /ro ro - ext4 /dev/sdb ro', '41 28 8:16 /x /exports ro - ext4 /dev/sdb ro'],
      '/dev/sdb /ro ext4 ro 0 2\n/ro/x /exports none bind 0 0\n/ro/y /y none rbind,nofail 0 0\n',
      ['rw /', 'rd /ro'],
    ],
  ])('%s', async (_, mountinfo, fstab, printed) => {
    const report = await reportOf(mounted(mountinfo, fstab));
    expect(lines(report, 'disk', 'unread', 'late').sort()).toEqual(printed.map((line) => `disk ${line}`).sort());
  });

  it('is said where no process can be started, too', async () => {
    const machine = mounted(
      ['28 1 259:1 / / ro - ext4 /dev/sda1 ro', '40 28 8:16 / /d rw - xfs /dev/sdb rw'],
      '/dev/sda1 / ext4 defaults\n',
    );
    const { script, done } = replay({ '/proc/meminfo': MEMINFO, ...machine });
    const shell = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'prlimit', '--nproc=0'];
    for (const name of ['dash', 'busybox ash', 'bash']) {
      const { output } = await runProbe({ shell: [...shell, ...SHELLS[name]!], script });
      expect(lines(output, 'mount', 'disk', 'fork'), name).toEqual(['mount ro /', 'mount rw /d', 'fork 0']);
    }
    done();
  });
});

describe('the mounts that are asked', () => {
  it.each<[name: string, mountinfo: readonly string[], printed: readonly string[], behind?: readonly string[]]>([
    [
      'are those that their names lead to, in whatever order they are listed',
      [
        '22 28 0:21 / /sys rw - sysfs sysfs rw',
        '25 29 8:17 / /var/lib/db rw - ext4 /dev/sdb1 rw',
        ROOT,
        '29 28 8:32 / /var rw - ext4 /dev/sdc rw',
        '31 28 8:48 / /srv/a/b rw - ext4 /dev/sdd rw',
        '32 28 8:64 / /srv/ab rw - ext4 /dev/sde rw',
        '33 28 0:50 / /srv/a rw - tmpfs tmpfs rw',
      ],
      ['/', '/srv/ab', '/var', '/var/lib/db'],
    ],
    [
      'are none that lie behind a file system that may never answer, which are named',
      [
        ROOT,
        '30 28 0:31 / /net rw - nfs4 host:/x rw',
        '31 30 8:16 / /net/disk rw - ext4 /dev/sdb rw',
        '32 30 0:32 / /net/auto rw - autofs auto rw',
        '33 32 8:32 / /net/auto rw - ext4 /dev/sdc rw',
        '34 28 0:33 / /auto rw - autofs auto rw',
        '35 34 8:48 / /auto rw - ext4 /dev/sdd rw',
        '36 35 8:64 / /auto/deeper rw - xfs /dev/sde rw',
      ],
      ['/', '/auto', '/auto/deeper'],
      ['/net/auto', '/net/disk'],
    ],
  ])('%s', async (_, mountinfo, printed, behind = []) => {
    const report = await reportOf(mounted(mountinfo));
    const expected = [
      ...printed.map((mount) => `disk rw ${mount}`),
      ...behind.map((mount) => `unread behind ${mount}`),
    ];
    expect(lines(report, 'disk', 'unread').sort()).toEqual(expected);
  });
});

describe('a disk that can not be asked', () => {
  const mounts = ['/', '/denied', '/also', '/gone', '/odd', '/short', '/good'];
  const mountinfo = mounts.map((mount, i) => `${30 + i} ${i === 0 ? 1 : 30} 8:${i} / ${mount} rw - ext4 /dev/sd rw`);
  const stat = [
    '#!/bin/dash',
    'case $4 in',
    '/denied) echo "stat: cannot read file system information for \'/denied\': Permission denied" >&2; exit 1 ;;',
    "/also) echo \"stat: can't read file system information for '/also': Operation not permitted\"; exit 1 ;;",
    '/gone) exit 1 ;;',
    `/odd) echo "\${3%%\\%*}4096 ? ? ? ? ?" ;;`,
    `/short) echo "\${3%%\\%*}4096 12 5" ;;`,
    `*) echo "\${3%%\\%*}4096 1000 500 500 0 0" ;;`,
    'esac',
    '',
  ].join('\n');

  it('is listed with why', async () => {
    const report = await reportOf({ ...mounted(mountinfo), '/bin/stat': stat });
    expect(lines(report, 'disk', 'unread', 'unasked')).toEqual([
      ...[
        'unread denied /denied',
        'unread denied /also',
        'unread failed /gone',
        'unread odd /odd',
        'unread odd /short',
      ],
      ...['disk rw /', 'disk rw /good'],
    ]);
  });

  it('is counted where there is no room, and leaves some for those that can', async () => {
    const deaf = `#!/bin/dash\ncase $4 in /|*7) ;; *) exit 1 ;; esac\necho "\${3%%\\%*}4096 1000 500 500 0 0"\n`;
    const report = await reportOf({ ...manyMounts(90, 5), '/bin/stat': deaf.replace('*7)', '*/0000007/*)') });
    const unread = lines(report, 'unread').length;
    expect(unread).toBeGreaterThan(10);
    expect(lines(report, 'disk', 'unasked')).toEqual(['disk rw /', `unasked ${89 - unread}`]);
  });

  it.each([
    ['as coreutils print them', '4096 214724159 1000 -9737 54525952 54000000'],
    ['as busybox prints them', '4096 214724159 1000 18446744073709541879 54525952 54000000'],
    ['for inodes that are none', '4096 1153 0 0 18446744073709551615 -28'],
    ['with more left than there is', '4096 1000 400 5000 10 20'],
  ])('is passed on with figures that have wrapped, %s, before what is less full', async (_, figures) => {
    const answers = `#!/bin/dash\ncase $4 in /good) set -- 1 2 "$3" ;; /) set -- 1 2 "$3" ;; esac
[ "$4" ] && echo "\${3%%\\%*}${figures}" || echo "\${3%%\\%*}4096 1000 100 100 0 0"\n`;
    const table = mountinfo.filter((line) => / \/(good|odd)? rw/.test(line));
    const report = await reportOf({ ...mounted(table), '/bin/stat': answers });
    expect(report.match(/^disk .*$/gm)?.map((line) => line.split(' ').at(-1))).toEqual(['/', '/odd', '/good']);
    expect(report).toContain(`disk ${figures} rw /odd\n`);
  });
});

describe('names too long to print', () => {
  it.each<[name: string, nameOf: (i: number) => string]>([
    ['in the middle', (i) => `/var/lib/kubelet/pods/${i}${'0'.repeat(40)}/volumes/kubernetes.io~csi/pvc-of-it/mount`],
    ['in one character of two hundred', (i) => `/${'a'.repeat(100)}${i}${'b'.repeat(99)}`],
    ['far beyond what is summed', (i) => `/${'deep/'.repeat(150)}${i}/${'deep/'.repeat(20)}end`],
    ['in bytes that are no ASCII', (i) => `/${'ü'.repeat(60)}${'äöüß'.at(i % 4)}${'é'.repeat(60)}`],
  ])('have different names where they differ %s', async (_, nameOf) => {
    const report = await reportOf(manyMounts(4, 3, nameOf));
    const names = report.match(/(?<=^disk .* rw ).*$/gm) ?? [];
    expect(names).toHaveLength(4);
    expect(new Set(names).size).toBe(4);
    expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(82);
    // And the same in the next check, whatever else is mounted then.
    const again = await reportOf(manyMounts(2, 3, nameOf));
    expect(report).toContain(again.match(/^disk .* rw \/.{5,}$/m)?.[0]);
  });
});

describe('memory', () => {
  const arcstats = (rows: string) => `12 1 0x01 123 33456 5310000000 90000000000000\nname type data\n${rows}`;

  it.each<[name: string, machine: Machine, printed: readonly string[]]>([
    ['has no cache of ZFS, no zram and no zswap on most machines', {}, []],
    [
      'has the size of ZFS’s cache and its least',
      { '/proc/spl/kstat/zfs/arcstats': arcstats('c 4 9\nc_min 4 1050477440\nsize 4 23874512384\nl2_size 4 7\n') },
      ['arc 23874512384 1050477440'],
    ],
    ['has no cache of ZFS without its least', { '/proc/spl/kstat/zfs/arcstats': arcstats('size 4 23874512384\n') }, []],
    [
      'names swap in zram, all of it together',
      {
        '/proc/swaps':
          'Filename\tType\tSize\tUsed\tPriority\n/dev/zram0 partition 4194300 1000 100\n/dev/sda2 partition 8388604 77 -2\n/dev/zram1 partition 4194300 24 100\n',
      },
      ['zram 8388600 1024'],
    ],
    [
      'names no zram for other swap, nor for figures that are none',
      { '/proc/swaps': 'Filename Type Size Used Priority\n/swapfile file 2097148 0 -2\n/dev/zram0 partition x 1 1\n' },
      [],
    ],
    [
      'has the totals of pressure after its averages',
      {
        '/proc/pressure/memory':
          'some avg10=17.90 avg60=3.00 avg300=0.50 total=73211899\nfull avg10=9.10 avg60=1.00 avg300=0.10 total=5120044\n',
      },
      ['psi some=17.90 full=9.10 some_total=73211899 full_total=5120044'],
    ],
    [
      'has no totals where the kernel prints none',
      { '/proc/pressure/memory': 'some avg10=0.00 avg60=0.00 avg300=0.00\nfull avg10=0.10 avg60=0.00 avg300=0.00\n' },
      ['psi some=0.00 full=0.10'],
    ],
  ])('%s', async (_, machine, printed) => {
    expect(lines(await reportOf({ ...mounted([ROOT]), ...machine }), 'arc', 'zram', 'psi')).toEqual(printed);
  });

  it('has zswap where it holds something', async () => {
    const used = `${MEMINFO}Zswap: 1024 kB\nZswapped: 4096 kB\n`;
    const idle = `${MEMINFO}Zswap: 0 kB\nZswapped: 0 kB\n`;
    expect(await reportOf({ ...mounted([ROOT]), '/proc/meminfo': used })).toContain(' Zswap=1024 Zswapped=4096\n');
    expect(await reportOf({ ...mounted([ROOT]), '/proc/meminfo': idle })).not.toContain('Zswap');
  });
});

describe('the work', () => {
  const names: readonly [string, (i: number) => string][] = [
    ['below one folder', (i) => `/srv/containers/storage/${i}-${'0'.repeat(40)}/of-a-crawler/data`],
    [
      'half of them below folders like the others',
      (i) => `/srv/storage/${i}-${'0'.repeat(40)}/of-a-crawler${i % 2 ? '/data' : ''}`,
    ],
    ['of growing length', (i) => `/data/${'x'.repeat(i % 200)}${i}`],
  ];

  // A host's speed tells in both, so the bound is the same on a slow one.
  it.each([
    ['dash', 5],
    ['bash', 8],
  ])(
    'of 400 mounts and 2,000 processes takes %s less than %d times the CPU of the plainest loops over them',
    (shell, times) => {
      const { script, done } = replay(manyMounts(400, 2000));
      const plainest = `${/^PATH=.*\/bin$/m.exec(script)?.[0]}
cd "\${PATH%/bin}/proc"
while read -r line; do stat -f -c 'also %S' / >/dev/null; done <self/mountinfo
for pid in [0-9]*; do read -r size rest <$pid/statm; done
`;
      const [spent, least] = [script, plainest].map((each) => cpuSeconds(SHELLS[shell]!, each)) as [number, number];
      done();
      process.stderr.write(`${shell}: ${(spent / least).toFixed(1)} times the CPU of the plainest loops\n`);
      expect(spent).toBeLessThan(times * least);
    },
  );

  // Without a process each, which would hide what the table itself costs.
  const fewer = (script: string) =>
    script.replace(/^PATH=.*\/bin$/m, 'PATH=/nonexistent').replace(/^ask 2 stat .*$/m, 'false');
  it.each(names)('grows no faster than the mounts, %s', (_, nameOf) => {
    for (const shell of ['dash', 'bash']) {
      const [some, more] = [150, 600].map((count) => {
        const { script, done } = replay(manyMounts(count, 5, nameOf));
        const spent = cpuSeconds(SHELLS[shell]!, fewer(script), 5);
        done();
        return spent;
      });
      // Four times as many; eight leaves room for the clock's grain.
      expect(more, shell).toBeLessThan(8 * (some ?? 0) + 0.05);
    }
  });
});
