/** Reports of hosts that are odd by design or by fault, from their text to the verdict on them. */
import { describe, expect, it } from 'vitest';
import { needsHistory } from '../../../lambda/forecast/instance.ts';
import { assess } from '../../../lambda/judge/assess.ts';
import { transition } from '../../../lambda/memory/transition.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { probeFleet } from '../../../lambda/probe/index.ts';
import { metricPoints } from '../../../lambda/report/metrics.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { instance, NOW, SSH } from '../../support/fleet.ts';
import { report } from '../../support/probe-report.ts';

const KIB_PER_GIB = 2 ** 20;
const mem = (total: number, available: number, more = '') =>
  `mem MemTotal=${total * KIB_PER_GIB} MemFree=${KIB_PER_GIB / 2} MemAvailable=${available * KIB_PER_GIB}${more}`;
const MEM = mem(32, 16);
const ROOT = 'disk 4096 1000000 600000 500000 90000 80000 rw /';
const SQUASHFS = 'disk 131072 500 0 0 4000 0 rd /';
/** ZFS's ARC of 20 GiB, which goes down to 1 GiB. */
const ARC = `arc ${20 * 2 ** 30} ${2 ** 30}`;

async function check(lines: readonly string[], limits?: string, settings = SSH) {
  const one = instance(limits === undefined ? {} : { tags: { [TAG.limits]: limits } });
  const transports = {
    ssh: async (_: unknown, { reply }: { reply: (id: string, got: object, ms: number) => void }) =>
      reply(one.id, { kind: 'output', output: report(...lines) }, 1),
  };
  const ports = { transports, log: { info() {}, warn() {}, error() {} } } as never;
  const [probed] = await probeFleet([one], ports, settings, { deadlineMs: 1000 });
  if (probed === undefined) throw new Error('not probed');
  const assessment = assess(one, probed.outcome, settings);
  const t = transition(probed, assessment, NOW, settings);
  const disk = [...metricPoints([t], false, 1, settings)].find(({ name }) => name === 'DiskSpaceUtilization');
  return { ...assessment, disk: disk?.value ?? null, forecast: needsHistory(probed.outcome, settings) };
}
const saidOf = async (lines: readonly string[]) => {
  const { status, reasons } = await check(lines);
  return [status, ...reasons.map(({ code, text }) => `${code} ${/^(\/\S*|The root)/.exec(text)?.[0] ?? ''}`.trim())];
};

describe('a host with', () => {
  it.each<[string, string[], string[]]>([
    // Devices by their writable face.
    [
      'a store that is full behind its read-only mount',
      [ROOT, 'disk 4096 900000 9000 9000 9000 900 rw /gnu/store'],
      ['CRITICAL', 'DiskLow /gnu/store'],
    ],
    [
      'a store that is nearly full behind it',
      [ROOT, 'disk 4096 900000 80000 80000 0 0 rw /nix/store'],
      ['WARNING', 'DiskLow /nix/store'],
    ],
    ['a store with room', [ROOT, 'disk 4096 900000 300000 300000 0 0 rw /nix/store'], ['OK']],
    // Read-only by design.
    ['a squashfs root, always full', [SQUASHFS, 'disk 4096 900000 600000 600000 0 0 rw /writable'], ['OK']],
    ['a squashfs root and a full disk', [SQUASHFS, 'disk 4096 9000 90 90 0 0 rw /var'], ['CRITICAL', 'DiskLow /var']],
    [
      'a read-only root subvolume and a disk without inodes',
      [ROOT.replace(' rw ', ' rd '), 'disk 4096 9000 8000 8000 1000 10 rw /var'],
      ['CRITICAL', 'InodesLow /var'],
    ],
    ['an ISO and a snapshot', [ROOT, 'disk 2048 90000 0 0 0 0 rd /iso', 'disk 512 900 9 9 9 0 rd /snap'], ['OK']],
    ['nothing but read-only disks', [SQUASHFS, 'disk 2048 90000 0 0 0 0 rd /usr'], ['OK']],
    // Read-only against its purpose.
    ['a root with errors', [ROOT.replace(' rw ', ' ro ')], ['CRITICAL', 'ReadOnlyFilesystem The root']],
    [
      'a data disk with errors, which is full as well',
      [ROOT, 'disk 4096 9000 90 90 0 0 ro /srv/data'],
      ['CRITICAL', 'ReadOnlyFilesystem /srv/data'],
    ],
    // Counts below zero.
    [
      'a reserve in use, as coreutils prints it',
      [ROOT, 'disk 4096 5000000 2000 -20000 900 800 rw /srv'],
      ['CRITICAL', 'DiskLow /srv'],
    ],
    [
      'a reserve in use, as busybox prints it',
      [ROOT, `disk 1024 5000000 0 ${2n ** 64n - 1n} 900 800 rw /srv`],
      ['CRITICAL', 'DiskLow /srv'],
    ],
    ['endless inodes', [ROOT, `disk 4096 9000 8000 8000 0 ${2n ** 64n - 1n} rw /srv`], ['OK']],
    // Memory that is given back.
    ['most of its memory in the ARC', [mem(32, 1), ARC, ROOT], ['OK']],
    [
      'most of its memory in an ARC that can not shrink',
      [mem(32, 1), `arc ${20 * 2 ** 30} ${20 * 2 ** 30}`, ROOT],
      ['CRITICAL', 'MemoryLow'],
    ],
    ["another machine's ARC", [mem(8, 0.125), ARC, ROOT], ['CRITICAL', 'MemoryExhaustedResponsive']],
    // One odd figure.
    ['the swap of lxcfs', [mem(32, 16, ` SwapTotal=0 SwapFree=${KIB_PER_GIB}`), ROOT], ['OK']],
    ['the swap of lxcfs, and low on memory', [mem(32, 3, ' SwapTotal=5 SwapFree=6'), ROOT], ['WARNING', 'MemoryLow']],
    ['a load that is none', [MEM, 'load 0,25', ROOT], ['OK']],
  ])('%s', async (_, lines, said) => {
    expect(await saidOf(lines.some((line) => line.startsWith('mem ')) ? lines : [MEM, ...lines])).toEqual(said);
  });

  it('a disk that could not be read says so, whatever else is well', async () => {
    const { status, notes } = await check([MEM, ROOT, 'unread denied /run/user/1000', 'late /mnt/hung']);
    expect([status, ...notes]).toEqual([
      'OK',
      '/run/user/1000 could not be read: permission denied.',
      '/mnt/hung did not answer in time.',
    ]);
  });
});

describe('a full mount that is left out', () => {
  const LINES = [MEM, ROOT, 'disk 4096 9000 0 0 900 0 rw /mnt/scratch'];
  const NOTE = 'Left out by disk.ignore or crawlwatch:limits: /mnt/scratch.';

  it.each([
    ['by nothing', undefined, null, 'CRITICAL', [], 100, true],
    ['by its tag', 'ignore=/mnt/*', null, 'OK', [NOTE], 44.4, false],
    ['by the settings', undefined, ['/mnt/scratc?'], 'OK', [NOTE], 44.4, false],
    ['by both', 'ignore=/mnt/scratch', ['*scratch'], 'OK', [NOTE], 44.4, false],
    ['by neither, which name others', 'ignore=/scratch', ['/mnt'], 'CRITICAL', [], 100, true],
  ])('%s', async (_, limits, ignore, status, notes, disk, forecast) => {
    const settings = parseSettings({ transport: 'ssh', disk: { ignore } });
    const got = await check(LINES, limits, settings);
    expect([got.status, got.notes, got.disk, got.forecast]).toEqual([status, notes, disk, forecast]);
  });
});
