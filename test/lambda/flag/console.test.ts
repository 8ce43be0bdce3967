import { describe, expect, it } from 'vitest';
import { readConsole } from '../../../lambda/flag/console.ts';

const NOW = new Date('2026-11-22T08:15:00Z');
const LAUNCHED = new Date('2026-11-22T06:00:00Z');
const read = (...lines: string[]) => readConsole(lines.join('\r\n'), LAUNCHED, NOW);
const linesOf = (text: string) => readConsole(text, null, NOW).lines;
const BOOT = '[    0.000000] Linux version 6.1.0-18-cloud-amd64';
const kill = (seconds: number) => `[ ${seconds}.123456] Out of memory: Killed process 2213 (ruby) total-vm:15211048kB`;
const cloudInit = (date: string, up: number) =>
  `[   ${up}.5] cloud-init[612]: Cloud-init v. 22.4.2 running 'modules:final' at ${date} +0000. Up ${up}.50 seconds.`;

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

  it('can not tell when a kill fell without a time stamp, without a launch, or where that would lie ahead', () => {
    expect(read('Out of memory: Killed process 1 (ruby)').lastKillNotBefore).toBeNull();
    expect(readConsole(kill(60), null, NOW).lastKillNotBefore).toBeNull();
    expect(read(kill(3 * 3600)).lastKillNotBefore).toBeNull();
    expect(read(BOOT, 'login:').lastKillNotBefore).toBeNull();
  });

  it('takes a kill for no older than its uptime after the launch', () => {
    expect(read(BOOT, kill(3600)).lastKillNotBefore).toEqual(new Date('2026-11-22T07:00:00Z'));
  });

  it('knows the time of a kill after a reboot by what cloud-init printed in that boot', () => {
    const reading = read(kill(900), BOOT, cloudInit('Sun, 22 Nov 2026 08:00:10', 10), kill(600));
    expect(reading).toMatchObject({ kills: 1, lastKillNotBefore: new Date('2026-11-22T08:09:59.500Z') });
    expect(read(cloudInit('Sun, 22 Nov 2026 07:00:10', 10), kill(600), BOOT, kill(61)).lastKillNotBefore).toEqual(
      new Date('2026-11-22T06:01:01Z'),
    );
  });

  it('counts each victim of the latest boot once, whatever the kernel', () => {
    const old = ['[ 5.1] Out of memory: Kill process 1 (ruby) score 9', '[ 5.2] Killed process 1 (ruby) total-vm:1kB'];
    expect(read(kill(5000), '[ 1.0] booting', ...old, kill(6)).kills).toBe(2);
  });
});
