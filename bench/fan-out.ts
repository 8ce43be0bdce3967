/** Runs the same script on the same hosts with every contender, in turns. */
import { availableParallelism } from 'node:os';
import { ansibleCommand, bareSsh2, type Contender, crawlwatch, pdsh } from './contenders.ts';
import type { Lab } from './lab.ts';
import { type Effort, type Measured, measure, type Say } from './measure.ts';
import { median } from './run.ts';
import { figureOf, fixed, type Section, seconds, type Target, times } from './table.ts';

const FORKS = 50;
const FLOOR = "the server's floor";
/** No host is slow here; the deadline is long so that no contender gives up under load. */
const DEADLINE_SECONDS = 60;
/** How many times less CPU of the client, and how near to the floor. */
const LESS_CPU = { ansible: 40, pdsh: 20 };
const MOST_OF_FLOOR = 1.25;

export async function fanOut(lab: Lab, contenders: readonly Contender[], effort: Effort, say: Say): Promise<Section> {
  const files = lab.files(lab.hosts(effort.hosts), DEADLINE_SECONDS);
  const runs = new Map<Contender, Measured[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < effort.rounds; round += 1) {
    // Each round starts with another contender, so that none always follows the same one.
    const order = contenders.map((_, i) => contenders[(i + round * 3) % contenders.length] as Contender);
    for (const contender of order) {
      const measured = await measure(lab, contender, { files, forks: FORKS, deadlineSeconds: DEADLINE_SECONDS });
      say(
        `round ${round + 1}: ${contender.name} ${seconds(measured.wallMs)}, ${measured.read} of ${effort.hosts} read`,
      );
      runs.get(contender)?.push(measured);
    }
  }
  const complete = (contender: Contender) => runs.get(contender)?.every(({ read }) => read === effort.hosts) === true;
  const of = (contender: Contender, what: (measured: Measured) => number) =>
    median((runs.get(contender) ?? []).map(what));
  // Compares within a round: other load on the machine hits both.
  const ratio = (contender: Contender) =>
    median(
      (runs.get(contender) ?? []).map(({ wallMs }, round) => wallMs / (runs.get(crawlwatch)?.[round]?.wallMs ?? 0)),
    );
  const allCpu = ({ cpuMs, serverCpuMs }: Measured) => cpuMs + serverCpuMs;
  const cpuRatio = (contender: Contender) => of(contender, allCpu) / of(crawlwatch, allCpu);
  const floorMs = of(crawlwatch, ({ serverCpuMs }) => serverCpuMs) / availableParallelism();
  const row = (contender: Contender) => [
    contender.name,
    seconds(of(contender, ({ wallMs }) => wallMs)),
    times(ratio(contender)),
    times(of(contender, ({ wallMs }) => wallMs) / floorMs),
    times(cpuRatio(contender)),
    fixed(of(contender, ({ cpuMs }) => cpuMs) / effort.hosts),
    fixed(of(contender, ({ serverCpuMs }) => serverCpuMs) / effort.hosts),
    complete(contender) ? 'all' : `only ${Math.min(...(runs.get(contender) ?? []).map(({ read }) => read))}`,
  ];
  const against = (what: string, rivals: readonly Contender[], wanted: number, aim: number): Target => {
    const done = rivals.filter(complete);
    const target = `${wanted}× or more, aim ${aim}×`;
    if (done.length === 0 || !complete(crawlwatch)) return { what, got: '-', target, met: null };
    const best = Math.min(...done.map(ratio));
    return { what, got: times(best), target, met: best >= wanted };
  };
  const cpu = new Map(
    contenders.map((contender) => [contender.name, of(contender, ({ cpuMs }) => cpuMs) / effort.hosts]),
  );
  const lessCpu = (rival: Contender, wanted: number): Target => {
    const got = (cpu.get(rival.name) ?? Number.NaN) / (cpu.get(crawlwatch.name) ?? Number.NaN);
    const met = Number.isFinite(got) && complete(rival) && complete(crawlwatch) ? got >= wanted : null;
    return { what: `client CPU, less than ${rival.name}`, got: times(got), target: `${wanted}× or more`, met };
  };
  const walls = new Map(contenders.map((contender) => [contender.name, of(contender, ({ wallMs }) => wallMs) / 1000]));
  walls.set(FLOOR, floorMs / 1000);
  const ofFloor = of(crawlwatch, ({ wallMs }) => wallMs) / floorMs;
  const named = contenders.filter((contender) => contender === ansibleCommand);
  const others = contenders.filter(({ kind }) => kind === 'fan-out');
  const library = contenders.filter((contender) => contender === bareSsh2);
  return {
    title: `${effort.hosts} hosts over SSH, ${FORKS} at a time`,
    columns: [
      '',
      'median',
      'crawlwatch is faster by',
      'of the floor',
      'all CPU, by',
      'client CPU ms/host',
      'server CPU ms/host',
      'read',
    ],
    rows: [
      ...contenders.map(row),
      [FLOOR, seconds(floorMs), times(floorMs / of(crawlwatch, ({ wallMs }) => wallMs)), '1.0×'],
    ],
    notes: [
      `Medians of ${effort.rounds} rounds; each round runs every contender once and starts with another. Ratios are taken within a round.`,
      "The floor is the CPU that sshd and the script take for crawlwatch's run, shared by all cores: a client that costs nothing could be no faster here.",
      'All CPU: client and server together, as a multiple of crawlwatch. Under other load the seconds flatter contenders that start many processes; this column stays comparable.',
    ],
    figures: [
      figureOf(`seconds, ${effort.hosts} hosts, beside the floor`, walls, FLOOR, `at most ${MOST_OF_FLOOR}`),
      figureOf(
        `client CPU a host in ms, ${effort.hosts} hosts, beside ansible`,
        cpu,
        ansibleCommand.name,
        `a ${LESS_CPU.ansible}th`,
      ),
      figureOf(`client CPU a host in ms, ${effort.hosts} hosts, beside pdsh`, cpu, pdsh.name, `a ${LESS_CPU.pdsh}th`),
    ],
    targets: [
      lessCpu(ansibleCommand, LESS_CPU.ansible),
      lessCpu(pdsh, LESS_CPU.pdsh),
      {
        what: 'of the floor',
        got: `${ofFloor.toFixed(2)}×`,
        target: `at most ${MOST_OF_FLOOR}×`,
        met: ofFloor <= MOST_OF_FLOOR,
      },
      against('faster than ansible -m command', named, 20, 25),
      against('faster than the best other SSH fan-out', others, 3, 3.5),
      against('beside a bare loop over ssh2', library, 0.9, 1),
    ],
  };
}
