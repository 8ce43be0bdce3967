/**
 * A host that gets little CPU: a T instance out of credits, a container with a quota. The probe is slow there, but it
 * ends, leaves no process behind and blames nothing on a lack of processes.
 *
 * `STARVED_RUNS=200` repeats each cell of the table that often.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { assess } from '../../lambda/judge/assess.ts';
import { parseVitals } from '../../lambda/probe/parse-vitals.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { cpuCgroupMissing, newCpuCgroup } from '../support/cpu-cgroup.ts';
import { hostMissing, SHELLS } from '../support/probe-host.ts';
import { manyMounts, replay } from '../support/probe-replay.ts';
import { sshInstance } from '../support/probe-run.ts';
import { runProbe } from '../support/probe-shell.ts';
import { signalIfThere } from '../support/signals.ts';

const missing = hostMissing ?? (await cpuCgroupMissing());
if (missing !== null) process.stderr.write(`\nSKIPPED, no host is starved of CPU: ${missing}\n\n`);

const RUNS = Number(process.env.STARVED_RUNS ?? 8);
/** As many at once as a login and its neighbours would be; each gets a part of the quota. */
const AT_ONCE = 4;

const cells = [3, 10, 30].flatMap((percent) =>
  Object.entries(SHELLS)
    .filter(([name]) => name !== 'bash as sh')
    .map(([name, shell]) => [percent, name, shell] as const),
);

describe.skipIf(missing !== null)('a host short of CPU', { timeout: 3_600_000 }, () => {
  const { script, done } = replay(manyMounts(12, 60));
  const counted: string[] = [];
  afterAll(() => {
    done();
    process.stderr.write(`\n${RUNS} probes a cell\n${counted.join('\n')}\n`);
  });

  it.each(cells)('is probed to the end with %d percent of a CPU under %s', async (percent, name, shell) => {
    const cgroup = newCpuCgroup(percent);
    const enter = ['sh', '-c', `echo $$ >${cgroup.procs} && exec "$@"`, 'sh'];
    const began = performance.now();
    const results = [];
    for (let left = RUNS; left > 0; left -= AT_ONCE) {
      const batch = Array.from({ length: Math.min(left, AT_ONCE) }, () =>
        runProbe({ shell: [...enter, ...shell], script }),
      );
      results.push(...(await Promise.all(batch)));
    }
    // What ends together with the probe is reaped within a second even here.
    for (let tries = 30; tries > 0 && cgroup.members().length > 0; tries--) await sleep(100);
    const left = cgroup.members();
    for (const pid of left) signalIfThere(pid, 'SIGKILL');
    await cgroup.remove();

    const wrong = results.flatMap(({ output, code }) => {
      const outcome = parseVitals(output, null);
      const { status, reasons } = assess(sshInstance('127.0.0.1', 22), outcome, parseSettings());
      return code === 0 && status === 'OK' ? [] : [`${code} ${reasons.map(({ text }) => text).join(' ')}\n${output}`];
    });
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    const unanswered = results.filter(({ output }) => /^(late|unread|unasked) /m.test(output)).length;
    const figures = `${left.length} processes left, ${wrong.length} false reasons, ${unanswered} with disks unread`;
    counted.push(`  ${name}, ${percent} %: ${results.length} probes, ${figures}, ${seconds} s`);
    expect({ left, wrong }).toEqual({ left: [], wrong: [] });
    expect(results.map(({ output }) => /^fork 0$/m.test(output))).not.toContain(true);
  });
});
