import { describe, expect, it } from 'vitest';
import { UNITS_PATTERN } from '../../../lambda/model/index.ts';
import { parseVitals } from '../../../lambda/probe/parse-vitals.ts';
import { PROBE_SCRIPT, probeArguments, SENT_SCRIPT, ssmProbeDocument } from '../../../lambda/probe/script.ts';
import { type Machine, type ProbeRunOptions, replay, runProbe } from '../../support/probe-shell.ts';

const MEMINFO = 'MemTotal: 8000 kB\nMemFree: 1000 kB\nMemAvailable: 4000 kB\n';

async function probe(machine: Machine, options: ProbeRunOptions = {}): Promise<string> {
  const { script, done } = replay({ '/proc/meminfo': MEMINFO, ...machine });
  const { output } = await runProbe({ ...options, script }).finally(done);
  return output;
}

function vitalsOf(output: string, worker: string | null = null) {
  const outcome = parseVitals(output, worker);
  if (outcome.kind !== 'vitals') throw new Error(`${outcome.text}\n${output}`);
  return { ...outcome.vitals, notes: outcome.notes };
}

/** Mounts as mountinfo has them, each of a device of its own, and what statfs says. */
function disks(mounts: readonly (readonly [mount: string, freeOfThousand: number])[]): Machine {
  return {
    '/proc/self/mountinfo': mounts
      .map(([mount], i) => `${30 + i} 27 8:${i} / ${mount.replaceAll(' ', '\\040')} rw - ext4 /dev/sd${i} rw\n`)
      .join(''),
    statfs: mounts.map(([mount, free]) => `${mount}\t4096 1000 ${free} ${free} 9 9\n`).join(''),
  };
}

describe('the script as it is sent', () => {
  const kept = PROBE_SCRIPT.split('\n')
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'));

  it('is the readable one less comments, indentation, empty lines and the spaces around operators', () => {
    const sums = (line: string) =>
      line.split(/(\$\(\(.*?\)\))/).map((part, i) => (i % 2 ? part.replace(/ ([^ (]) /g, '$1') : part));
    const bare = (line: string) =>
      sums(line.replace(/ *(&&|\|\|?|;;?) */g, '$1').replace(/([^0-9]) ([<>])/g, '$1$2')).join('');
    expect(SENT_SCRIPT).toBe(`${kept.map(bare).join('\n')}\n`);
    expect(SENT_SCRIPT.length).toBeLessThan(PROBE_SCRIPT.length * 0.75);
  });
});

describe('the arguments', () => {
  const pattern = new RegExp(UNITS_PATTERN);

  it.each(['$(reboot)', 'a;b', 'a b', 'a\nb', '`id`', '../x', 'sshd:22', '', 'x'.repeat(256)])(
    'leave out a unit that is none: %j',
    (unit) => {
      expect(probeArguments([unit, 'a.service'], null)).toEqual(['a.service']);
    },
  );

  it('hold each unit once, and where sshd is asked', () => {
    const given = probeArguments(['a@1.service', 'b', 'b', '--now'], 2222);
    expect(given).toEqual(['sshd:2222', 'a@1.service', 'b', '--now']);
    expect(given.join(' ')).toMatch(pattern);
    expect('').toMatch(pattern);
    expect('a; b').not.toMatch(pattern);
  });
});

describe('the SSM document', () => {
  const document = ssmProbeDocument() as {
    parameters: { Units: { allowedPattern: string; default: string } };
    mainSteps: [{ inputs: { runCommand: string[] } }];
  };

  it('runs the same script and leaves nothing to choose but units', async () => {
    const [comment, first, ...script] = document.mainSteps[0].inputs.runCommand;
    expect(comment).toMatch(/^# .*crawlwatch probe$/);
    expect(first).toBe('set -- {{ Units }}');
    expect(script.join('\n')).toBe(SENT_SCRIPT);
    expect(SENT_SCRIPT).not.toContain('{{');
    expect(document.parameters.Units).toMatchObject({ default: '', allowedPattern: UNITS_PATTERN });
    expect(JSON.stringify(document).length).toBeLessThan(64 * 1024);
  });
});

describe('the report', () => {
  it('stays under 2,400 bytes with forty long mounts, and keeps the root and the fullest', async () => {
    const long = (i: number) => `/var/lib/crawler/${'deep-directory-name/'.repeat(6)}volume ${i}`;
    const many = Array.from({ length: 40 }, (_, i) => [long(i), i * 10] as const);
    const output = await probe(disks([...many, ['/', 999]]), { args: ['a.service', 'b.service'] });
    expect(output.length).toBeLessThan(2400);
    const { disks: read, notes } = vitalsOf(output);
    expect(read[0]?.mount).toBe('/');
    const fullest = read.slice(1).map((disk) => disk.availableBytes / 40_960);
    expect(fullest.length).toBeGreaterThan(8);
    expect(fullest).toEqual(Array.from({ length: fullest.length }, (_, i) => i));
    expect(read[1]?.mount).toMatch(/^\/var\/lib\/crawler\/deep.*\.\.\..*volume 0$/);
    expect(notes).toContain(`${40 - fullest.length} more mounts, all less full.`);
  });

  it('stays under 2,400 bytes with more units than it has room for, and then calls none of them absent', async () => {
    const units = Array.from({ length: 50 }, (_, i) => `crawler-of-a-long-name-${i}.service`);
    const systemctl = units.map(() => 'LoadState=loaded\nActiveState=deactivating\nNRestarts=12\n').join('\n');
    const output = await probe({ systemctl, ...disks([['/', 5]]) }, { args: units });
    expect(output.length).toBeLessThan(2400);
    expect(vitalsOf(output, units[0]).worker?.state).toBe('deactivating');
    expect(vitalsOf(output, units[49]).worker?.state).toBeNull();
    expect(vitalsOf(output).disks).toHaveLength(1);
  });

  it('is only printable ASCII, whatever names processes and mounts have', async () => {
    const output = await probe({
      ...disks([
        ['/\u001b[2J', 1],
        ['/é', 1],
        ['/a%s', 1],
      ]),
      '/proc/7/stat': `7 (\u001b]0;x\u0007é) S ${'1 '.repeat(40)}\n`,
      '/proc/7/status': 'Name:\t\u001b]0;x\u0007é\nVmRSS:\t4 kB\n',
    });
    expect(output).toMatch(/^[ -~\n]*$/);
    const { disks: read, processes } = vitalsOf(output);
    expect(read.map(({ mount }) => mount)).toEqual(['0x2f1b5b324a', '/é', '/a%s']);
    expect(processes[0]?.name).toBe('?]0;x???');
  });
});

describe('the processes', () => {
  it.each(['', '  ', '\t'])('include one that has named itself %j', async (name) => {
    const output = await probe({
      ...disks([['/', 1]]),
      '/proc/7/statm': '9 9 0 0 0 0 0\n',
      '/proc/7/comm': `${name}\n`,
      '/proc/7/status': `Name:\t${name}\nVmRSS:\t      36 kB\n`,
    });
    expect(vitalsOf(output)).toMatchObject({ processes: [{ pid: 7, name: '?' }], notes: [] });
  });

  /** The words of stat from the third on: of state, parent and start the ones given. */
  const stat = (name: string, started: string) => `7 (${name}) S 1${' 9'.repeat(17)} ${started} 9 9\n`;
  const ORIGIN = { startedSeconds: 1234, parentPid: 3, anonBytes: 20_480 };
  it.each([
    ['all of it', stat('ruby', '123456'), ['RssAnon:\t20 kB', 'RssFile:\t16 kB'], ORIGIN],
    [
      'that of one whose name looks like the words after it',
      stat('x) S 1 1 (y) z', '123456'),
      ['RssAnon: 20 kB'],
      ORIGIN,
    ],
    ['nothing of one that began within the first second, on a kernel before 4.5', stat('ruby', '57'), [], {}],
    [
      'that of a kernel before 4.5',
      stat('ruby', '123456'),
      ['VmData:\t9 kB', 'RssAnon: 20 kB'],
      { startedSeconds: 1234, parentPid: 3 },
    ],
    ['no start where stat is cut', '7 (ruby) S 1 9\n', ['RssAnon: 20 kB'], { parentPid: 3, anonBytes: 20_480 }],
    ['no start where it is no number', stat('ruby', '-1x'), [], {}],
    ['nothing where there is no stat', '', [], {}],
  ] as const)('say where each comes from: %s', async (_, line, sizes, origin) => {
    const output = await probe({
      ...disks([['/', 1]]),
      '/proc/7/statm': '9 9 0 0 0 0 0\n',
      '/proc/7/comm': 'ruby\n',
      ...(line !== '' && { '/proc/7/stat': line }),
      '/proc/7/status': `Name:\truby\nPPid:\t3\nVmRSS:\t      36 kB\n${sizes.join('\n')}\n`,
    });
    const { processes, notes } = vitalsOf(output);
    expect(processes).toEqual([{ pid: 7, name: 'ruby', residentBytes: 36_864, ...origin }]);
    expect(notes).toEqual([]);
  });

  it('take no more than 2,400 bytes with the longest of names, pids and sizes beside forty mounts', async () => {
    const many = Array.from({ length: 40 }, (_, i) => [`/disk-${i}`.padEnd(80, 'x'), i * 10] as const);
    const machine: Record<string, string> = {};
    for (const pid of [4_194_301, 4_194_302, 4_194_303, 4_194_304, 4_194_300]) {
      machine[`/proc/${pid}/statm`] = `${pid} ${pid} 0 0 0 0 0\n`;
      machine[`/proc/${pid}/comm`] = 'x\n';
      machine[`/proc/${pid}/stat`] = stat('x', '9999999999');
      machine[`/proc/${pid}/status`] =
        `Name:\t${'x'.repeat(120)}\nPPid:\t${pid}\nVmRSS:\t17179869184 kB\nRssAnon:\t17179869184 kB\n`;
    }
    const output = await probe({ ...disks([...many, ['/', 999]]), ...machine });
    expect(output.length).toBeLessThan(2400);
    expect(vitalsOf(output).processes.map(({ startedSeconds }) => startedSeconds)).toEqual(Array(5).fill(99_999_999));
    expect(vitalsOf(output).disks[0]?.mount).toBe('/');
  });
});

describe('the mounts', () => {
  it('are asked by the names that still lead to them', async () => {
    const mountinfo = [
      '1 0 0:1 / / rw - rootfs rootfs rw',
      '20 1 8:1 / / rw shared:1 master:2 - xfs /dev/sda1 rw',
      '21 20 8:2 / /hidden/disk rw - ext4 /dev/sda2 rw',
      '22 20 0:30 / /hidden rw - tmpfs tmpfs rw',
      '23 20 0:31 / /net rw - nfs4 host:/x rw',
      '24 23 8:3 / /net/disk rw - ext4 /dev/sda3 rw',
      '25 20 8:4 /sub /bind ro - ext4 /dev/sda4 rw',
      '26 20 8:4 / /whole rw - ext4 /dev/sda4 rw',
      '27 20 0:32 / /fuse rw - fuse.sshfs x rw',
      '28 20 7:1 / /snap/core ro - squashfs /dev/loop1 ro',
      '29 20 0:33 / /boot rw - autofs systemd-1 rw',
      '30 29 8:5 / /boot rw - vfat /dev/sda5 ro',
    ];
    const all = ['/', '/hidden/disk', '/net', '/net/disk', '/bind', '/whole', '/fuse', '/snap/core', '/boot'];
    const output = await probe({
      '/proc/self/mountinfo': `${mountinfo.join('\n')}\n`,
      statfs: all.map((mount) => `${mount}\t1 9 1 1 0 0\n`).join(''),
    });
    const { disks: read, notes } = vitalsOf(output);
    expect(read.map(({ mount, readOnly }) => [mount, readOnly])).toEqual([
      ['/', false],
      ['/whole', false],
      ['/boot', true],
    ]);
    const why = 'the way to it leads through a network or FUSE file system, which may never answer';
    expect(notes).toEqual([`/net/disk could not be read: ${why}.`]);
  });

  it.each([
    ['nfs4', '10.0.0.1:/root'],
    ['9p', 'host'],
    ['fuse.fuse-overlayfs', 'fuse-overlayfs'],
  ])('are asked below a root of type %s', async (type, source) => {
    const output = await probe({
      '/proc/self/mountinfo': `20 1 0:30 / / rw - ${type} ${source} rw\n21 20 8:1 / /data rw - ext4 /dev/sda1 rw\n`,
      statfs: '/\t1 9 8 8 0 0\n/data\t1 9 0 0 0 0\n',
    });
    const { disks: read, unreadDisks } = vitalsOf(output);
    expect(read.map(({ mount, usedPercent }) => [mount, usedPercent])).toEqual([
      ['/', 11.1],
      ['/data', 100],
    ]);
    expect(unreadDisks).toBeUndefined();
  });

  it.each([101, 400])('are asked under %d mounts over one another', async (height) => {
    const stack = Array.from({ length: height }, (_, i) => `${30 + i} ${29 + i} 8:2 / /data rw - ext4 /dev/sda2 rw\n`);
    const output = await probe({
      '/proc/self/mountinfo': `29 1 8:1 / / rw - ext4 /dev/sda1 rw\n${stack.join('')}`,
      statfs: '/\t1 9 8 8 0 0\n/data\t1 9 0 0 0 0\n',
    });
    expect(vitalsOf(output).disks.map(({ mount }) => mount)).toEqual(['/', '/data']);
  });

  it('are named where stat can not be run', async () => {
    const output = await probe({ ...disks([['/', 1]]), 'bin/stat': '#!/no/such/interpreter\n' });
    expect(vitalsOf(output).notes).toEqual(['/ could not be read: `stat` could not be run there.']);
  });

  it.each([
    ['its end', ''],
    ['a last line without end', '/dev/sdb /srv ext4 defaults 0 0'],
    ['a last word without end', '/dev/sdb /srv'],
  ])('are read-only by fault where fstab has them writable, up to %s', async (_, last) => {
    const output = await probe({
      '/proc/self/mountinfo': '30 27 8:1 / /data ro - xfs /dev/sda ro\n31 27 8:2 / /srv ro - xfs /dev/sdb ro\n',
      '/etc/fstab': `/dev/sda /data xfs defaults 0 0\n${last}`,
      statfs: '/\t1 9 8 8 0 0\n/data\t1 9 8 8 0 0\n/srv\t1 9 8 8 0 0\n',
    });
    const faulty = vitalsOf(output).disks.filter((disk) => disk.readOnly && disk.readOnlyByDesign !== true);
    expect(faulty.map(({ mount }) => mount)).toEqual(last === '' ? ['/data'] : ['/data', '/srv']);
  });

  it('have the root among them even where nothing lists it', async () => {
    const output = await probe({ statfs: '/\t1 9 1 1 0 0\n' });
    expect(vitalsOf(output).disks.map(({ mount }) => mount)).toEqual(['/']);
  });
});

describe('the units', () => {
  const one = '/proc/1/stat';
  const stat = (pid: number, name: string) => `${pid} (${name}) S ${'1 '.repeat(40)}\n`;

  it('are printed in the order asked, and one that systemd does not know by its process', async () => {
    const machine = {
      systemctl:
        'LoadState=loaded\nActiveState=active\nNRestarts=2\n\nLoadState=not-found\nActiveState=inactive\n\n' +
        'LoadState=not-found\nActiveState=inactive\nNRestarts=0\n\nActiveState=failed\nLoadState=loaded\n',
      [one]: stat(1, 'systemd'),
      '/proc/9/stat': stat(9, 'a-very-long-nam'),
    };
    const output = await probe(machine, {
      args: ['a.service', 'no.service', 'a-very-long-name@3.service', 'd.service'],
    });
    const state = (unit: string) => vitalsOf(output, unit).worker;
    expect(state('a.service')).toMatchObject({ state: 'active', restarts: 2 });
    expect(state('no.service')).toMatchObject({ state: null });
    expect(state('a-very-long-name@3.service')).toMatchObject({ state: 'running' });
    expect(state('d.service')).toMatchObject({ state: 'failed', restarts: null });
  });

  it.each([
    ['absent where no systemd runs', { [one]: stat(1, 'init'), '/proc/1/comm': 'init\n' }, 'absent'],
    ['unknown where systemd runs and does not answer', { [one]: stat(1, 'x'), '/proc/1/comm': 'systemd\n' }, null],
    ['unknown where other users’ processes are hidden', {}, null],
  ])('are %s', async (_, machine, state) => {
    expect(vitalsOf(await probe(machine, { args: ['w.service'] }), 'w.service').worker?.state).toBe(state);
  });
});

describe('sshd', () => {
  const tcp = (socket: string, state = '0A') =>
    `  sl  local_address rem_address   st\n   0: ${socket} 00000000:0000 ${state} 0\n`;

  it.each([
    ['is not asked unless it is to be', [], tcp('00000000:0016'), null],
    ['is down where nothing listens', ['sshd:22'], tcp('00000000:0050'), false],
    ['is down where its port is only a client’s', ['sshd:22'], tcp('00000000:0016', '01'), false],
    ['is up where it listens and nothing can ask', ['sshd:2222'], tcp('00000000:08AE'), true],
  ])('%s', async (_, args, table, sshd) => {
    expect(vitalsOf(await probe({ '/proc/net/tcp': table }, { args })).sshd).toBe(sshd);
  });
});

describe('the environment', () => {
  it('changes nothing', async () => {
    const machine = disks([['/', 5]]);
    const hostile = {
      PATH: '/nonexistent',
      IFS: '/0123456789',
      LC_ALL: 'de_DE.UTF-8',
      TMOUT: '1',
      ENV: '/dev/tty',
      BASH_ENV: '/dev/tty',
      POSIXLY_CORRECT: '1',
      BLOCK_SIZE: '1',
      units: 'x',
      stuck: 'yes',
      unlisted: 'x',
      'BASH_FUNC_read%%': '() { echo stolen; }',
      'BASH_FUNC_printf%%': '() { echo stolen; }',
    };
    const steady = (output: string) => output.replace(/^(up|load|proc|part|end) .*$/gm, '');
    const plain = await probe(machine);
    for (const shell of ['/bin/dash', '/bin/sh', '/bin/bash']) {
      expect(steady(await probe(machine, { shell: [shell], env: hostile }))).toBe(steady(plain));
    }
  });
});
