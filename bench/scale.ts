/** Many hosts: what a client costs the machine it runs on. */
import { type Contender, crawlwatch, pdsh } from './contenders.ts';
import type { Lab } from './lab.ts';
import { type Effort, measure, type Say } from './measure.ts';
import { figureOf, fixed, type Section, seconds } from './table.ts';

const FORKS = 100;
const DEADLINE_SECONDS = 120;
const MAX_CPU_MS = 4.5;
const MAX_MIB = 150;

export async function scale(lab: Lab, contenders: readonly Contender[], effort: Effort, say: Say): Promise<Section> {
  const files = lab.files(lab.hosts(effort.manyHosts), DEADLINE_SECONDS);
  const rows = [];
  const targets = [];
  const cpu = new Map<string, number>();
  for (const contender of contenders) {
    const { wallMs, cpuMs, peakMib, read } = await measure(lab, contender, {
      ...{ files, forks: FORKS, deadlineSeconds: DEADLINE_SECONDS },
    });
    say(`${contender.name}: ${seconds(wallMs)}, ${read} of ${effort.manyHosts} read`);
    const perHost = cpuMs / effort.manyHosts;
    cpu.set(contender.name, perHost);
    rows.push([contender.name, seconds(wallMs), fixed(perHost), fixed(peakMib), `${read}`]);
    if (contender !== crawlwatch) continue;
    targets.push(
      {
        what: 'client CPU a host',
        got: `${fixed(perHost)} ms`,
        target: `at most ${MAX_CPU_MS} ms`,
        met: perHost <= MAX_CPU_MS,
      },
      { what: 'peak memory', got: `${fixed(peakMib)} MiB`, target: `at most ${MAX_MIB} MiB`, met: peakMib <= MAX_MIB },
    );
  }
  return {
    title: `${effort.manyHosts} hosts over SSH, ${FORKS} at a time`,
    columns: ['', 'took', 'client CPU ms/host', 'peak MiB', 'read'],
    rows,
    notes: [
      'Memory is that of the largest process; contenders that start an ssh for each host have many more beside it.',
    ],
    figures: [
      figureOf(`client CPU a host in ms, ${effort.manyHosts} hosts, beside pdsh`, cpu, pdsh.name, `${MAX_CPU_MS} ms`),
    ],
    targets,
  };
}
