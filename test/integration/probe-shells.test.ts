import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Vitals } from '../../lambda/model/index.ts';
import { parseVitals } from '../../lambda/probe/parse-vitals.ts';
import { directory, hostMissing, mountDisk, SHELLS, TOOLS, toolbox, withPath } from '../support/probe-host.ts';
import { type ProbeRunOptions, runProbe } from '../support/probe-shell.ts';

if (hostMissing !== null) throw new Error(hostMissing);

/** Run as nobody, and in a mount namespace of its own whose /tmp, /dev/shm and /run are full or read-only. */
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const WITHOUT_ROOM = (options: string) => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  `for at in /tmp /dev/shm /run /var/tmp; do mount -t tmpfs -o size=4k,${options} none $at
   [ ${options} = ro ] || while echo full >>$at/fill; do :; done 2>/dev/null; done
   TMPDIR=/tmp; export TMPDIR; exec "$@"`,
  'sh',
];

async function vitalsOf(options: ProbeRunOptions): Promise<Vitals> {
  const result = await runProbe(options);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  const outcome = parseVitals(result.output, null);
  if (outcome.kind !== 'vitals') throw new Error(`${outcome.text}\n${result.output}`);
  expect(outcome.couldFork).toBe(true);
  return outcome.vitals;
}

/** What doesn't move between two looks; what moves, within how much. */
function expectAlike(a: Vitals, b: Vitals): void {
  expect(a.memory.totalBytes).toBe(b.memory.totalBytes);
  expect(Math.abs(a.memory.availableBytes - b.memory.availableBytes)).toBeLessThan(0.05 * a.memory.totalBytes);
  expect([a.bootId, a.system, a.swap.totalBytes]).toEqual([b.bootId, b.system, b.swap.totalBytes]);
  expect(a.disks.map(({ mount, totalBytes, readOnly }) => [mount, totalBytes, readOnly])).toEqual(
    b.disks.map(({ mount, totalBytes, readOnly }) => [mount, totalBytes, readOnly]),
  );
  for (const [i, disk] of a.disks.entries()) {
    expect(Math.abs(disk.availableBytes - (b.disks[i]?.availableBytes ?? 0))).toBeLessThan(0.02 * disk.totalBytes);
  }
  // Some of the largest may have ended between the two looks that the script takes.
  expect(a.processes.length).toBeGreaterThan(1);
}

describe('the same machine', () => {
  const own = directory();
  let unmount = () => {};
  let plain: Vitals;

  beforeAll(async () => {
    unmount = mountDisk(`${own.path}/image`, `${own.path}/été 100%`);
    plain = await vitalsOf({});
  });
  afterAll(() => {
    unmount();
    own.done();
  });

  it('is read at all, with a mount point of spaces, letters and a percent sign', () => {
    expect(plain.disks.map(({ mount }) => mount)).toEqual(expect.arrayContaining(['/', `${own.path}/été 100%`]));
    expect(plain.memory.totalBytes).toBeGreaterThan(0);
  });

  const pairs = Object.keys(SHELLS).flatMap((shell) => Object.keys(TOOLS).map((tools) => [shell, tools] as const));
  it.each(pairs)('gives the same figures under %s with the tools of %s', async (shell, tools) => {
    const path = toolbox(`${own.path}/${shell.replaceAll(' ', '-')}-${tools}`, TOOLS[tools]!);
    expectAlike(await vitalsOf({ shell: SHELLS[shell]!, script: withPath(path) }), plain);
  });

  it.each(Object.entries(SHELLS))('gives the same figures under %s', async (_, shell) => {
    expectAlike(await vitalsOf({ shell, env: {} }), plain);
    expectAlike(await vitalsOf({ shell: [...NOBODY, ...shell] }), plain);
    // What hides /tmp hides the disk that is mounted in it.
    const root = { ...plain, disks: plain.disks.filter(({ mount }) => mount === '/') };
    expectAlike(await vitalsOf({ shell: [...WITHOUT_ROOM('rw'), ...shell] }), root);
    expectAlike(await vitalsOf({ shell: [...WITHOUT_ROOM('ro'), ...shell] }), root);
  });

  it('prints what builtins can where no tool is found', async () => {
    for (const shell of Object.values(SHELLS)) {
      const got = await vitalsOf({ shell, script: withPath('/nonexistent') });
      expectAlike({ ...got, disks: [] }, { ...plain, disks: [] });
    }
  });

  it('says where /proc can be read only in part', async () => {
    const hide = 'mount -t tmpfs none /proc/pressure && mount --bind /dev/null /proc/self/mountinfo && exec "$@"';
    const got = await vitalsOf({ shell: ['unshare', '--mount', 'sh', '-c', hide, 'sh', 'dash'] });
    expect(got).toMatchObject({ memoryPressure: null, memory: { totalBytes: plain.memory.totalBytes } });
  });

  it('runs from a file and without arguments', () => {
    const output = execFileSync('sh', ['-c', 'sh <lambda/probe/probe.sh'], { encoding: 'utf8' });
    expect(parseVitals(output, null).kind).toBe('vitals');
  });
});
