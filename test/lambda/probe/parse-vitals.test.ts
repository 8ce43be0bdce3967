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
    ['a memory figure given twice', report(`${MEM} MemFree=7`), /figure twice/],
    ['a negative figure', report('mem MemTotal=1000 MemFree=-1 MemAvailable=400'), /`mem` can not be read/],
    ['NaN', report('mem MemTotal=NaN MemFree=1 MemAvailable=400'), /`mem` can not be read/],
    ['an exponent', report('mem MemTotal=1e9 MemFree=1 MemAvailable=400'), /`mem` can not be read/],
    ['no memory in the machine', report('mem MemTotal=0 MemFree=0 MemAvailable=0'), /no machine has/],
    ['more memory than any machine has', report('mem MemTotal=999999999999999 MemFree=0 MemAvailable=0'), /no machine/],
    ['more digits than a number holds', report(`mem MemTotal=${'9'.repeat(400)} MemFree=0`), /can not be read/],
    ['more available than there is', report('mem MemTotal=1000 MemFree=1 MemAvailable=1001'), /more available/],
    ['more free than there is', report('mem MemTotal=1000 MemFree=1001 MemAvailable=1'), /more free memory/],
    ['more free swap than there is', report(`${MEM} SwapTotal=1 SwapFree=2`), /more free swap/],
    ['free swap without swap', report(`${MEM} SwapFree=2`), /more free swap/],
    ['pressure above all time', report(MEM, 'psi some=100.01 full=0.00'), /`psi`/],
    ['half of the pressure', report(MEM, 'psi some=1.00'), /`psi`/],
    ['a load below nothing', report(MEM, 'load -1'), /`load`/],
    ['an uptime given twice', report(MEM, 'up 1.00', 'up 2.00'), /`up` is there twice/],
    ['a boot id that is none', report(MEM, 'boot $(reboot)'), /`boot`/],
    ['a disk without a mount point', report(MEM, 'disk 4096 1 1 1 1 1 rw'), /`disk` can not be read/],
    ['a disk with a negative figure', report(MEM, 'disk 4096 100 -1 1 1 1 rw /'), /`disk` can not be read/],
    [
      'a mount point given twice',
      report(MEM, 'disk 1 9 1 1 1 1 rw /', 'disk 1 9 1 1 1 1 rw /'),
      /`disk` is there twice/,
    ],
    ['a process without a name', report(MEM, 'proc 1 1'), /`proc`/],
    ['a process given twice', report(MEM, 'proc 1 1 a', 'proc 1 1 a'), /`proc` is there twice/],
    ['a unit without a state', report(MEM, 'unit a.service'), /`unit`/],
    ['a unit given twice', report(MEM, 'unit a active 0', 'unit a dead 0'), /`unit` is there twice/],
    ['an sshd that is neither up nor down', report(MEM, 'sshd 22 maybe'), /`sshd`/],
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
    expect(vitalsOf(`crawlwatch 1\n${MEM}\npart 60\n`).couldFork).toBe(false);
    expect(parseVitals(`crawlwatch 1\n${MEM}\npart 61\n`, null).kind).toBe('failed');
  });

  it('has the largest process first', () => {
    const { vitals } = vitalsOf(report(MEM, 'proc 7 1 small one', 'proc 8 2 a) b'));
    expect(vitals.processes).toEqual([
      { pid: 8, name: 'a) b', residentBytes: 2048 },
      { pid: 7, name: 'small one', residentBytes: 1024 },
    ]);
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
