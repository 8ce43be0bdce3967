import { describe, expect, it } from 'vitest';
import type { Vitals } from '../../../lambda/model/index.ts';
import { parseVitals } from '../../../lambda/probe/parse-vitals.ts';
import { MEM, report } from '../../support/probe-report.ts';

function vitalsOf(
  output: string,
  worker: string | null = null,
): { vitals: Vitals; couldFork: boolean; notes: string[] } {
  const outcome = parseVitals(output, worker);
  if (outcome.kind !== 'vitals') throw new Error(outcome.text);
  return { ...outcome, notes: [...outcome.notes] };
}
const WHOLE = report(MEM, 'load 0.10');
const flood = 'A'.repeat(10 * 1024 * 1024);

describe('what can not be trusted becomes a typed reason', () => {
  it.each([
    ['nothing at all', '', /sent nothing/],
    ['a login banner alone', 'Welcome to Ubuntu\n', /holds no report/],
    ['ten megabytes on one line', flood, /holds no report/],
    ['ten megabytes after the beginning', `crawlwatch 1\n${flood}`, /garbled/],
    ['lines without end', `crawlwatch 1\n${'x 1\n'.repeat(100_000)}`, /longer than any/],
    ['a report of another version', WHOLE.replace('crawlwatch 1', 'crawlwatch 2'), /not of version 1/],
    ['a report without its last line', `crawlwatch 1\n${MEM}\n`, /cut after 60 bytes/],
    ['a report with a line missing', WHOLE.replace('load 0.10\n', ''), /length/],
    ['a line of another program in between', WHOLE.replace('load', 'Broadcast message\nload'), /length/],
    ['an ANSI escape inside', report(MEM, 'load \u001b[0m1'), /garbled/],
    ['a NUL inside', report(MEM, 'load \u0000'), /garbled/],
    ['a letter outside ASCII', report(MEM, 'os é'), /garbled/],
    ['no memory figures', report('load 1.00'), /MemTotal/],
    ['memory given twice', report(MEM, MEM), /`mem` is there twice/],
    ['a total given twice', report(`${MEM} MemTotal=7`), /no MemTotal/],
    ['what is available given twice', report(`${MEM} MemAvailable=7`), /no MemAvailable that can be read/],
    ['a negative figure', report('mem MemTotal=1000 MemFree=1 MemAvailable=-400'), /no MemAvailable that can be read/],
    ['NaN', report('mem MemTotal=NaN MemFree=1 MemAvailable=400'), /no MemTotal/],
    ['an exponent', report('mem MemTotal=1e9 MemFree=1 MemAvailable=400'), /no MemTotal/],
    ['no memory in the machine', report('mem MemTotal=0 MemFree=0 MemAvailable=0'), /no machine has/],
    ['more memory than any machine has', report('mem MemTotal=999999999999999 MemFree=0 MemAvailable=0'), /no machine/],
    ['more digits than a number holds', report(`mem MemTotal=${'9'.repeat(400)} MemFree=0`), /no MemTotal/],
    ['more available than there is', report('mem MemTotal=1000 MemFree=1 MemAvailable=1001'), /more available/],
    ['nothing that available memory could be estimated from', report('mem MemTotal=1000'), /no MemAvailable/],
    [
      'an estimate of which a part is odd',
      report('mem MemTotal=1000 MemFree=9 Active(file)=x Inactive(file)=4'),
      /no MemAvailable/,
    ],
    [
      'an estimate beside a word that may be the figure itself',
      report('mem MemTotal=1000 MemFree=9 MemAvai?able=400'),
      /no MemAvailable/,
    ],
  ])('%s is Unparsable', (_, output, text) => {
    expect(parseVitals(output, 'w.service')).toEqual({
      kind: 'failed',
      reason: 'Unparsable',
      text: expect.stringMatching(text),
    });
  });

  it('a report cut anywhere is Unparsable', () => {
    const output = report(MEM, 'part 60', 'load 0.10', 'disk 4096 1000 500 400 10 5 rw /');
    const end = output.indexOf('end ');
    for (let length = 1; length < output.length - 1; length++) {
      const outcome = parseVitals(output.slice(0, length), null);
      // Just after the line `part`, nothing is missing but what takes processes.
      const isWhole = length === output.indexOf('load') && length < end;
      expect(outcome.kind, output.slice(0, length)).toBe(isWhole ? 'vitals' : 'failed');
    }
  });

  it.each([
    ['dash', 'sh: 1: Cannot fork\n'],
    ['bash', 'sh: fork: retry: Resource temporarily unavailable\nsh: fork: Cannot allocate memory\n'],
    ['busybox', "sh: can't fork: Resource temporarily unavailable\n"],
    ['a shell after a long banner', `${'Welcome!\n'.repeat(5000)}-bash: fork: Cannot allocate memory\n`],
    ['a report that says that it could not fork, without memory', report('load 1.00', 'fork 0')],
  ])('a host that could start no process and gave no figures is ForkFailed: %s', (_, output) => {
    expect(parseVitals(output, null)).toMatchObject({ kind: 'failed', reason: 'ForkFailed' });
  });
});

describe('an odd figure costs itself alone', () => {
  const SWAP = { totalBytes: null, freeBytes: null };

  it.each<[string, string[], Partial<Vitals> | Record<string, unknown>, RegExp]>([
    [
      'more free swap than there is (lxcfs)',
      [`${MEM} SwapTotal=1 SwapFree=2`],
      { swap: SWAP },
      /^Swap .* more free swap/,
    ],
    ['free swap without swap', [`${MEM} SwapFree=2`], { swap: SWAP }, /^Swap .* more free swap/],
    ['swap of no machine', [`${MEM} SwapTotal=${2 ** 41} SwapFree=2`], { swap: SWAP }, /^Swap .* no machine/],
    ['a SwapTotal given twice', [`${MEM} SwapTotal=3 SwapTotal=4 SwapFree=2`], { swap: SWAP }, /^Swap .* SwapTotal/],
    ['a negative SwapFree', [`${MEM} SwapTotal=1 SwapFree=-2`], { swap: { ...SWAP, totalBytes: 1024 } }, /^Free swap/],
    ['more free memory than there is', [MEM.replace('=100 ', '=1001 ')], {}, /^Free memory .* more free memory/],
    ['free memory given twice', [`${MEM} MemFree=7`], {}, /^Free memory .* no MemFree/],
    ['no free memory at all', [MEM.replace('MemFree=100 ', '')], {}, /^Free memory .* has no MemFree/],
    ['shared memory that is no number', [`${MEM} Shmem=many`], {}, /^Shared memory/],
    ['a word among the memory figures', [`${MEM} oops`], {}, /^A figure of memory/],
    ['pressure above all time', [MEM, 'psi some=100.01 full=0.00'], { memoryPressure: null }, /^Memory pressure/],
    ['half of the pressure', [MEM, 'psi some=1.00'], { memoryPressure: null }, /^Memory pressure/],
    [
      'totals of the pressure that are none',
      [MEM, 'psi some=1.00 full=0.50 some_total=x full_total=7'],
      { memoryPressure: { someAvg10: 1, fullAvg10: 0.5 } },
      /^How long tasks have waited/,
    ],
    ['OOM kills given twice', [MEM, 'vm oom_kill=1 oom_kill=2'], { oomKills: null }, /^The number of OOM kills/],
    ['OOM kills below zero', [MEM, 'vm oom_kill=-1'], { oomKills: null }, /^The number of OOM kills/],
    ['a load below nothing', [MEM, 'load -1'], { load1: null }, /^The load/],
    ['an uptime given twice', [MEM, 'up 1.00', 'up 2.00'], { uptimeSeconds: null }, /^The uptime .* twice/],
    ['a boot id that is none', [MEM, 'boot $(reboot)'], { bootId: null }, /^The boot id/],
    ['a system given twice', [MEM, 'os a', 'os b'], { system: null }, /^The system .* twice/],
    ['a process without a name', [MEM, 'proc 1 1', 'proc 7 2 b'], { processes: [{ pid: 7 }] }, /^One of the largest/],
    [
      'a process given twice',
      [MEM, 'proc 1 1 a', 'proc 1 9 a', 'proc 7 2 b'],
      { processes: [{ pid: 7 }] },
      /^One of the largest .* twice/,
    ],
    ['an sshd that is neither up nor down', [MEM, 'sshd 22 maybe'], { sshd: null }, /^Whether sshd answers/],
    [
      'an sshd that is down beside an odd one',
      [MEM, 'sshd 22 down', 'sshd x'],
      { sshd: null },
      /^Whether sshd answers/,
    ],
    ['a count of further mounts that is none', [MEM, 'more many'], { disks: [] }, /^The number of further mounts/],
    ['a mount without a state', [MEM, 'mount /'], { disks: [] }, /^The state of a mount/],
    ['two statements on whether it can fork', [MEM, 'fork 0', 'fork 1'], {}, /^Whether it can start a process/],
    ['a disk without a mount point', [MEM, 'disk 4096 1 1 1 1 1 rw'], { disks: [] }, /^A disk is not known/],
  ])('%s', (_, lines, vitals, note) => {
    const got = vitalsOf(report(...lines));
    expect(got.vitals).toMatchObject({ memory: { totalBytes: 1_024_000, availableBytes: 409_600 }, ...vitals });
    expect(got.notes).toEqual([expect.stringMatching(note)]);
    expect(got.couldFork).toBe(true);
  });

  it.each([
    ['without a state', ['unit w.service']],
    ['given twice', ['unit w.service active 0', 'unit w.service failed 0']],
    ['of which the name may be any', ['unit w.serv ice active 0']],
  ])('a unit %s is not known, and so neither dead nor absent', (_, lines) => {
    const got = vitalsOf(report(MEM, ...lines, 'units process'), 'w.service');
    expect(got.vitals.worker).toEqual({ unit: 'w.service', state: null, restarts: null });
    expect(got.notes).toContainEqual(expect.stringMatching(/^The state of a unit is not known/));
  });

  it('and is named where several are odd', () => {
    const got = vitalsOf(report(MEM, 'load x', 'up y', 'boot z'));
    expect(got.notes).toHaveLength(3);
  });
});

describe('memory that the kernel calls used and gives back', () => {
  const KIB_PER_GIB = 2 ** 20;
  const mem = (total: number, free: number, available: number, more = '') =>
    `mem MemTotal=${total * KIB_PER_GIB} MemFree=${free * KIB_PER_GIB} MemAvailable=${available * KIB_PER_GIB}${more}`;
  const gib = (size: number) => size * 2 ** 30;

  it.each([
    ['above its minimum is available', mem(32, 1, 1), [`arc ${gib(24)} ${gib(2)}`], 23, ['22.0 GiB']],
    ['at its minimum adds nothing', mem(32, 1, 1), [`arc ${gib(2)} ${gib(2)}`], 1, []],
    ['under its minimum adds nothing', mem(32, 1, 1), [`arc ${gib(1)} ${gib(2)}`], 1, []],
    ['never makes more available than there is', mem(8, 1, 6), [`arc ${gib(6)} 0`], 8, ['2.0 GiB']],
    ['of another machine (lxcfs) counts for nothing', mem(4, 1, 1), [`arc ${gib(16)} ${gib(1)}`], 1, ['is not known']],
    [
      'that does not fit beside a process counts for nothing',
      mem(4, 1, 1),
      [`arc ${gib(2)} 0`, `proc 7 ${2 * KIB_PER_GIB} ruby`],
      1,
      ['is not known'],
    ],
    ['below zero counts for nothing', mem(4, 1, 1), ['arc -5 0'], 1, ['is not known']],
    ['given twice counts for nothing', mem(4, 1, 1), [`arc ${gib(1)} 0`, `arc ${gib(2)} 0`], 1, ['is there twice']],
  ])("ZFS's ARC %s", (_, memory, lines, available, notes) => {
    const got = vitalsOf(report(memory, ...lines));
    expect(got.vitals.memory.availableBytes).toBe(gib(available));
    expect(got.vitals.memory.usedBytes).toBe(got.vitals.memory.totalBytes - gib(available));
    expect(got.notes).toEqual(notes.map((part) => expect.stringContaining(part)));
  });

  it.each([
    ['all of the swap', 2, 'Swap is zram, which is memory, compressed; 1.5 GiB of 2.0 GiB used.'],
    ['a part of it', 6, '2.0 GiB of the swap is zram, which is memory, compressed; 1.5 GiB of 2.0 GiB used.'],
  ])('zram that is %s is named', (_, swap, note) => {
    const size = swap * KIB_PER_GIB;
    const got = vitalsOf(report(`${MEM} SwapTotal=${size} SwapFree=7`, `zram ${2 * KIB_PER_GIB} ${1.5 * KIB_PER_GIB}`));
    expect(got.vitals.swap.zram).toEqual({ totalBytes: gib(2), usedBytes: gib(1.5) });
    expect(got.notes).toEqual([note]);
  });

  it.each(['zram 5 6', 'zram 999999 1', 'zram x 1', 'zram 1', 'zram 2 1\nzram 2 1'])('%j is not known', (line) => {
    const got = vitalsOf(report(`${MEM} SwapTotal=10 SwapFree=5`, ...line.split('\n')));
    expect(got.vitals.swap).toEqual({ totalBytes: 10_240, freeBytes: 5120 });
    expect(got.notes).toEqual([expect.stringMatching(/^Swap on zram is not known/)]);
  });

  it('zram is named where the swap itself is odd', () => {
    const got = vitalsOf(report(`${MEM} SwapTotal=10 SwapFree=50`, 'zram 10 5'));
    expect(got.vitals.swap).toMatchObject({ totalBytes: null, zram: { totalBytes: 10_240, usedBytes: 5120 } });
  });

  it('what zswap holds is named, unless it is odd', () => {
    const got = vitalsOf(report(`${mem(4, 1, 2)} Zswap=${KIB_PER_GIB / 2} Zswapped=${KIB_PER_GIB}`));
    expect(got.vitals.swap.zswap).toEqual({ storedBytes: gib(1), poolBytes: gib(0.5) });
    expect(got.notes).toEqual(['zswap holds 1.0 GiB of swap in 512 MiB of memory.']);
    for (const odd of ['Zswap=9999 Zswapped=5', 'Zswap=x Zswapped=5', 'Zswap=1 Zswapped=-5']) {
      const { vitals, notes } = vitalsOf(report(`${MEM} ${odd}`));
      expect([vitals.swap.zswap, notes.length], odd).toEqual([undefined, 1]);
    }
  });
});

describe('a whole report', () => {
  it('is read between banners, with carriage returns, and without a last newline', () => {
    const noisy = `\u001b[1mWelcome!\u0000\u001b[0m\r\ncrawlwatch 1\r\nend 7\r\n${WHOLE.replaceAll('\n', '\r\n').trimEnd()}`;
    expect(vitalsOf(noisy).vitals.memory.totalBytes).toBe(1_024_000);
    expect(vitalsOf(`${WHOLE}logout\nend 12\n`).vitals.load1).toBe(0.1);
    expect(vitalsOf(`${WHOLE}----------ERROR-------\n`).vitals.load1).toBe(0.1);
  });

  it('ignores lines that a newer probe may print', () => {
    expect(vitalsOf(report('gpu 1', MEM)).couldFork).toBe(true);
  });

  it('gives null, never 0, for what the host lacks', () => {
    expect(vitalsOf(report(MEM)).vitals).toEqual({
      memory: { totalBytes: 1_024_000, availableBytes: 409_600, freeBytes: 102_400, usedBytes: 614_400 },
      swap: { totalBytes: null, freeBytes: null },
      disks: [],
      oomKills: null,
      memoryPressure: null,
      processes: [],
      worker: null,
      sshd: null,
      uptimeSeconds: null,
      bootId: null,
      load1: null,
      system: null,
    });
  });

  it('says that the host could start no process, by its word or by ending where it needed one', () => {
    expect(vitalsOf(report(MEM, 'mount ro /', 'fork 0'))).toMatchObject({
      couldFork: false,
      notes: ['/ is mounted read-only.'],
    });
    expect(vitalsOf(report(MEM, 'mount ro /data', 'mount rd /snap', 'mount rw /', 'fork 0')).notes).toEqual([
      '/data is mounted read-only.',
    ]);
    expect(vitalsOf(`crawlwatch 1\n${MEM}\npart 60\n`).couldFork).toBe(false);
    expect(parseVitals(`crawlwatch 1\n${MEM}\npart 61\n`, null).kind).toBe('failed');
  });

  it('has the processes with when they began, by whom, and what is their own, as far as the host says', () => {
    const lines = ['proc 7 4000 ruby', 'proc 8 2 sh', 'born 7 1234 1 3000', 'born 8 - 7 9', 'born 9 1 1 1'];
    expect(vitalsOf(report(MEM, ...lines)).vitals.processes).toEqual([
      {
        ...{ pid: 7, name: 'ruby', residentBytes: 4_096_000 },
        startedSeconds: 1234,
        parentPid: 1,
        anonBytes: 3_072_000,
      },
      // Read a moment later, when it held more than it did.
      { pid: 8, name: 'sh', residentBytes: 2048, parentPid: 7, anonBytes: 2048 },
    ]);
  });

  it.each([
    ['no number', ['born 7 x 1 1']],
    ['too long a number', ['born 7 12345678901 1 1']],
    ['a part missing', ['born 7 1 1']],
    ['there twice', ['born 7 1 1 1', 'born 7 2 1 1']],
  ])('knows no more of a process whose origin has %s, and says that it does not', (_, lines) => {
    const { vitals, notes } = vitalsOf(report(MEM, 'proc 7 4000 ruby', ...lines));
    expect(vitals.processes).toEqual([{ pid: 7, name: 'ruby', residentBytes: 4_096_000 }]);
    expect(notes).toEqual([expect.stringMatching(/^Where one of the largest processes comes from is not known/)]);
  });

  it('has shared memory and tmpfs, but not more than there is memory', () => {
    expect(vitalsOf(report(`${MEM} Shmem=30`)).vitals.memory.sharedBytes).toBe(30 * 1024);
    expect(vitalsOf(report(`${MEM} Shmem=1001`)).vitals.memory.sharedBytes).toBeUndefined();
    expect(vitalsOf(report(MEM)).vitals.memory.sharedBytes).toBeUndefined();
  });

  it('has the largest process first', () => {
    const { vitals } = vitalsOf(report(MEM, 'proc 7 1 small one', 'proc 8 2 a) b'));
    expect(vitals.processes).toEqual([
      { pid: 8, name: 'a) b', residentBytes: 2048 },
      { pid: 7, name: 'small one', residentBytes: 1024 },
    ]);
  });

  it('has the totals of memory pressure where they are printed', () => {
    const { vitals } = vitalsOf(report(MEM, 'psi some=1.00 full=0.50 some_total=90000001 full_total=40000002'));
    expect(vitals.memoryPressure).toEqual({
      someAvg10: 1,
      fullAvg10: 0.5,
      someTotalMicros: 90_000_001,
      fullTotalMicros: 40_000_002,
    });
  });

  it.each([
    ['down', ['sshd 22 down'], false],
    ['up, on one of the ports asked', ['sshd 22 down', 'sshd 2222 up'], true],
    ['not known', ['sshd 22 unknown'], null],
  ])('says that sshd is %s', (_, lines, sshd) => {
    expect(vitalsOf(report(MEM, ...lines)).vitals.sshd).toBe(sshd);
  });
});

describe('the worker', () => {
  it.each([
    ['is in the state that systemd gives', ['unit w.service failed 3', 'units systemd'], 'failed', 3, 0],
    ['runs as a process', ['unit w.service running -', 'units unknown'], 'running', null, 0],
    ['is absent where every process was seen and there is no systemd', ['units process'], 'absent', null, 0],
    ['can not be read where systemd knows no such unit', ['unit other active 0', 'units systemd'], null, null, 1],
    ['can not be read where systemd did not answer', ['units unknown'], null, null, 1],
    ['can not be read where nothing was asked', [], null, null, 0],
  ])('%s', (_, lines, state, restarts, notes) => {
    const got = vitalsOf(report(MEM, ...lines), 'w.service');
    expect(got.vitals.worker).toEqual({ unit: 'w.service', state, restarts });
    expect(got.notes).toHaveLength(notes);
  });
});
