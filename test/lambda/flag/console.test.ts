import { describe, expect, it } from 'vitest';
import { type ConsoleOptions, readConsole, weighConsole } from '../../../lambda/flag/evidence/console.ts';

const NOW = new Date('2026-11-22T08:15:00Z');
const LAST = new Date('2026-11-22T08:00:00Z');
/** The host last answered after it had been up for two hours. */
const BOOTED = new Date('2026-11-22T06:00:00Z');
const OPTIONS: ConsoleOptions = {
  lastAnswer: LAST,
  bootedAt: BOOTED,
  launchedAt: new Date('2026-11-01T00:00:00Z'),
  worker: 'sidekiq.service',
  reached: true,
  now: NOW,
};
const linesOf = (text: string) => readConsole(text).lines;
const weigh = (lines: readonly string[], over: Partial<ConsoleOptions> = {}, at: Date | null = NOW) => {
  const { notes: _, ...weighed } = weighConsole({ text: lines.join('\r\n'), at }, { ...OPTIONS, ...over });
  return weighed;
};
/** Two hours and five minutes after the boot: since the last answer. */
const SINCE = 7_500;
const BEFORE = 7_000;
const global = (seconds: number, victim = 'java', pid = 7) =>
  `[ ${seconds}.123456] Out of memory: Killed process ${pid} (${victim}) total-vm:15211048kB`;
const memcg = (seconds: number, victim = 'ruby') =>
  `[ ${seconds}.123456] Memory cgroup out of memory: Killed process 7 (${victim}) total-vm:1kB`;
const constraint = (what: string, cgroup = '/system.slice/sidekiq.service', pid = 7) =>
  `[ ${SINCE}.1] oom-kill:constraint=${what},nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=${cgroup},task=ruby,pid=${pid},uid=0`;
const old = (what: string, pid = 7) => [
  `[ ${SINCE}.1] ${what}: Kill process ${pid} (sshd) score 912 or sacrifice child`,
  `[ ${SINCE}.2] Killed process 7 (sshd) total-vm:9042312kB, anon-rss:7811204kB`,
];
const BOOT = '[    0.000000] Linux version 6.1.0-18-cloud-amd64';
const cloudInit = (date: string, up: number) =>
  `[   ${up}.5] cloud-init[612]: Cloud-init v. 22.4.2 running 'modules:final' at ${date} +0000. Up ${up}.50 seconds.`;
const rtc = (time: string) => `[    0.5] rtc_cmos 00:00: setting system clock to 2026-11-22T${time} UTC (1795300000)`;

describe('the console', () => {
  it.each([
    ['2.6 to 4.x', '[81234.5] Out of memory: Kill process 2211 (ruby) score 912 or sacrifice child'],
    ['2.6 to 4.x, then', '[81234.5] Killed process 2211 (ruby) total-vm:9042312kB, anon-rss:7811204kB, file-rss:0kB'],
    ['5.x', '[81234.5] Out of memory: Killed process 2211 (ruby) total-vm:9042312kB, anon-rss:7811204kB'],
    ['4.19 and later', '[81234.5] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task=ruby,pid=2211,uid=1000'],
    ['a container', '[81234.5] Memory cgroup out of memory: Killed process 2211 (ruby) total-vm:9042312kB'],
    ['any', '[81234.5] ruby invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0'],
  ])('knows the line of kernel %s', (_kernel, line) => {
    expect(linesOf(`boot\r\n${line}\r\nlogin: `)).toEqual([line]);
  });

  it.each(['[1.0] Out of memory? no', 'cloud-init: process killed', '', 'Kernel panic - not syncing'])(
    'makes nothing of %j',
    (line) => expect(linesOf(line)).toEqual([]),
  );

  it('shows a line that the guest tried to hide in a terminal title', () => {
    expect(linesOf('\x1b]0;\nOut of memory: Killed process 1 (ruby)\n\x07')).toEqual([
      'Out of memory: Killed process 1 (ruby)',
    ]);
  });

  it('keeps the last five', () => {
    const lines = Array.from({ length: 9 }, (_, n) => `Out of memory: Killed process ${n} (ruby)`);
    expect(linesOf(lines.join('\n'))).toEqual(lines.slice(4));
  });

  it('gives printable ASCII of at most 200 characters, whatever the guest wrote', () => {
    const [line = ''] = linesOf(
      `\x1b[31;1m\x1b]0;title\x07Out of memory: Killed process 1 (\x1b[2Jr\xc3\xbcby\x00\x9b\x7f) ${'x'.repeat(999)}`,
    );
    expect(line).toMatch(/^Out of memory: Killed process 1 \(r by \) x+$/);
    expect(line).toHaveLength(200);
  });
});

describe('an OOM kill in the console', () => {
  const ONE = 'an OOM kill in its console since its last answer';
  const WORKER = 'an OOM kill of its worker in its console since its last answer';
  const SSHD = 'an OOM kill of sshd in its console since its last answer';

  it.each<[string, string[], Partial<ConsoleOptions>?]>([
    ['of the worker, by its name', [global(SINCE, 'sidekiq')]],
    ['of the worker, by a name that it gave itself', [global(SINCE, 'sidekiq 7.1.2 a')]],
    ['of a worker that is no unit', [global(SINCE, 'crawler')], { worker: 'crawler' }],
    ['of a worker with a long name', [global(SINCE, 'very-long-crawl')], { worker: 'very-long-crawler.service' }],
    [
      'of a process of its unit, by the cgroup that the kernel names',
      [constraint('CONSTRAINT_NONE'), global(SINCE, 'ruby')],
    ],
  ])('%s is direct evidence', (_, lines, over) => {
    expect(weigh(lines, over)).toEqual({ direct: [WORKER] });
  });

  it.each([
    ['of sshd', [global(SINCE, 'sshd')]],
    ["of a connection's sshd", [global(SINCE, 'sshd-session')]],
    ['of sshd, in the words of old kernels', old('Out of memory')],
  ])('%s is direct evidence', (_, lines) => {
    expect(weigh(lines)).toEqual({ direct: [SSHD] });
  });

  it('of anything is direct evidence the third time, and circumstantial before', () => {
    const kills = [1, 2, 3].map((n) => global(SINCE + n));
    expect(weigh(kills)).toEqual({ direct: ['3 OOM kills in its console since its last answer'] });
    expect(weigh(kills.slice(1))).toEqual({ circumstantial: ['2 OOM kills in its console since its last answer'] });
    expect(weigh(kills.slice(2))).toEqual({ circumstantial: [ONE] });
    expect(weigh([constraint('CONSTRAINT_NONE', '/system.slice/other.service'), global(SINCE, 'ruby')])).toEqual({
      circumstantial: [ONE],
    });
  });

  it.each<[string, string[], Partial<ConsoleOptions>?, (Date | null)?]>([
    ['of a memory cgroup', [1, 2, 3, 4].map((n) => memcg(SINCE + n, 'sshd'))],
    ['of a memory cgroup, by its constraint', [constraint('CONSTRAINT_MEMCG'), global(SINCE, 'sidekiq')]],
    ['of a memory policy', [constraint('CONSTRAINT_MEMORY_POLICY'), global(SINCE, 'sidekiq')]],
    ['of a memory cgroup, in the words of old kernels', old('Memory cgroup out of memory')],
    ['of a cause that was not printed', old('Out of memory', 8)],
    ['from before the last answer', [global(BEFORE, 'sshd')]],
    ['without a time', ['Out of memory: Killed process 7 (sshd) total-vm:1kB']],
    ['that lies ahead, and so in an earlier life', [global(SINCE + 3_600, 'sshd')]],
    ['of a boot that ended', [global(SINCE, 'sshd'), BOOT, '[ 3.1] booted']],
    ['of a boot that ended without a word of the kernel', [global(SINCE, 'sshd'), 'crawler1 login: ']],
    ['of a boot that ended, by the clock', [global(SINCE, 'sshd'), '[ 5.1] eth0: link up']],
    ['of a boot before, by cloud-init', [cloudInit('Sat, 21 Nov 2026 06:00:10', 10), global(SINCE, 'sshd')]],
    [
      'of a boot before, by the kernel',
      ['[ 0.1] start', '[ 0.5] setting system clock to 2026-11-21T06:00:00 UTC (1)', global(SINCE, 'sshd')],
    ],
    ['in a console that EC2 took before the last answer', [global(SINCE, 'sshd')], {}, LAST],
    ['in a console that EC2 took then, whatever time its kernel gives', [global(7_210, 'sshd')], {}, LAST],
    ['in a console of which EC2 does not say when it took it', [global(SINCE, 'sshd')], {}, null],
    ['before EC2 can have taken it', [global(SINCE, 'sshd')], {}, new Date('2026-11-22T08:01:00Z')],
    ['of a boot of which nothing is known', [global(SINCE, 'sshd')], { bootedAt: null, launchedAt: null }],
    ['after the launch, where the boot is not known', [global(SINCE, 'sshd')], { bootedAt: null }],
  ])('%s is none', (_, lines, over, at = NOW) => {
    expect(weigh(lines, over, at)).toEqual({});
  });

  it('counts by the boot that the console shows, and by the launch where that is the boot', () => {
    expect(weigh([rtc('06:30:00'), global(SINCE - 1_800, 'sshd')], { bootedAt: null })).toEqual({ direct: [SSHD] });
    expect(weigh([global(SINCE, 'sshd')], { bootedAt: null, launchedAt: BOOTED })).toEqual({ direct: [SSHD] });
  });

  it('counts though processors print out of order by a little', () => {
    expect(weigh([global(SINCE, 'sshd'), `[ ${SINCE}.000001] pid 7 uid 0`])).toEqual({ direct: [SSHD] });
  });

  it('is shown, whatever it is evidence of', () => {
    expect(weighConsole({ text: memcg(SINCE), at: null }, OPTIONS).notes).toEqual([`Console: ${memcg(SINCE)}`]);
    expect(weighConsole(null, OPTIONS)).toEqual({});
  });
});

describe('a login prompt in the console', () => {
  const booted = cloudInit('Sun, 22 Nov 2026 08:05:10', 10);
  it('of a boot since the last answer is evidence against a hang', () => {
    expect(weigh([BOOT, booted, 'crawler1 login: '])).toEqual({
      against: ['it has booted since its last answer, and its console shows a login prompt'],
    });
  });

  it.each<[string, string[]]>([
    ['of a boot before it', [BOOT, cloudInit('Sun, 22 Nov 2026 06:00:10', 10), 'crawler1 login: ']],
    ['of a boot of which nothing is known', [BOOT, 'crawler1 login: ']],
    ['after which something was killed', [BOOT, booted, 'crawler1 login: ', global(60)]],
    ['that is missing', [BOOT, booted]],
  ])('%s is none', (_, lines) => {
    expect(weigh(lines)).not.toHaveProperty('against');
  });

  it('is not enough for an automatic reboot of a host that was not reached: cut off, one that is well may lose a process', () => {
    const cutOff = { reached: false };
    expect(weigh([global(SINCE, 'sshd')], cutOff)).toMatchObject({ direct: [expect.any(String)], flagsOnly: true });
    expect(weigh(Array(3).fill(global(SINCE, 'cron')), cutOff)).toMatchObject({ flagsOnly: true });
  });

  it('is read in no time, whatever a guest makes up', () => {
    const line = `${'oom-kill:constraint=a,'.repeat(1_500)}${'task_memcg='.repeat(3_000)}`;
    expect(readConsole(line).kills).toEqual([]);
    // No pattern sees more of a line than the kernel prints.
    expect(readConsole(`${'x'.repeat(1_100)}${global(SINCE, 'sshd')}`).kills).toEqual([]);
  });
});
