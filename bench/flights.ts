/** Round trips to one host: what decides how long a far one takes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ansibleCommand, ansibleRaw, type Contender, CRAWLWATCH, crawlwatch, isThere, pdsh } from './contenders.ts';
import { type Road, startFar } from './far.ts';
import type { Lab } from './lab.ts';
import { type Effort, measure, type Say } from './measure.ts';
import { median } from './run.ts';
import { type Figure, type Section, seconds, type Target } from './table.ts';

const DEADLINE_SECONDS = 60;
/** Longer than a busy machine needs to answer. */
const COUNTED_AT_MS = 400;
const FAR_MS = [100, 300] as const;

const MOST_OF_SSH = { known: 0.75, new: 0.85, time: 0.75 };

/** A host that is seen for the first time: nothing is known of its key, which is accepted. */
const atNewHost = (name: string, command: Contender['command']): Contender => ({ ...crawlwatch, name, command });
const emptyFile = ({ directory }: Lab) => {
  const path = join(directory, 'known_hosts-none');
  writeFileSync(path, '');
  return path;
};

const ssh = (name: string, options: (lab: Lab) => readonly string[]): Contender => ({
  ...pdsh,
  name,
  program: '/usr/bin/ssh',
  command: ({ files }, lab) => [
    ...['sh', '-c', 'script=$1; shift; exec "$@" sh -s <"$script"', 'sh', lab.script],
    ...['ssh', '-F', files.sshConfig, ...options(lab), '127.0.0.1'],
  ],
});

const sshKnown = ssh('ssh host sh -s <script', () => []);
const sshNew = ssh('ssh host sh -s <script, new host', (lab) => [
  ...['-o', 'StrictHostKeyChecking=accept-new', '-o', `UserKnownHostsFile=${emptyFile(lab)}`],
]);
const crawlwatchNew = atNewHost('crawlwatch, new host', ({ files, deadlineSeconds }, lab) => [
  ...[process.execPath, CRAWLWATCH, 'check', '-i', files.inventory, '--known-hosts', emptyFile(lab)],
  ...['--accept-new-host-keys', '--timeout', `${deadlineSeconds}`, '-o', 'line'],
]);

export async function flights(lab: Lab, effort: Effort, say: Say): Promise<Section> {
  const contenders = [crawlwatch, crawlwatchNew, sshKnown, sshNew, ansibleRaw, ansibleCommand, pdsh].filter(isThere);
  const counted = new Map<Contender, number>();
  const took = new Map<Contender, readonly number[]>();
  for (const contender of contenders) {
    const count = await once(lab, contender, COUNTED_AT_MS, 'convoy');
    counted.set(contender, count.read ? count.flights : Number.NaN);
    const times: number[] = [];
    for (const far of FAR_MS) {
      const walls: number[] = [];
      for (let round = 0; round < effort.rounds; round += 1) {
        walls.push((await once(lab, contender, far, 'exact')).wallMs);
      }
      times.push(median(walls));
    }
    took.set(contender, times);
    say(`${contender.name}: ${counted.get(contender)} flights, ${times.map(seconds).join(' and ')}`);
  }
  const flightsOf = (contender: Contender) => counted.get(contender) ?? Number.NaN;
  const timeOf = (contender: Contender, far: number) => took.get(contender)?.[far] ?? Number.NaN;
  const rivals = (of: (contender: Contender) => number) =>
    Object.fromEntries(contenders.slice(2).map((contender) => [contender.name, of(contender)]));
  const figure = (
    what: string,
    of: (contender: Contender) => number,
    pair: readonly [Contender, Contender],
    most: number,
  ) => ({
    ...{ what, ours: of(pair[0]), rivals: rivals(of), ratio: of(pair[0]) / of(pair[1]), target: `at most ${most}` },
    met: of(pair[0]) / of(pair[1]) <= most,
  });
  const figures = [
    figure('flights to a known host, beside ssh', flightsOf, [crawlwatch, sshKnown], MOST_OF_SSH.known),
    figure('flights to a new host, beside ssh', flightsOf, [crawlwatchNew, sshNew], MOST_OF_SSH.new),
    ...FAR_MS.map((ms, n) =>
      figure(
        `time at a round trip of ${ms} ms, beside ssh`,
        (contender) => timeOf(contender, n),
        [crawlwatch, sshKnown],
        MOST_OF_SSH.time,
      ),
    ),
  ];
  return {
    title: 'One far host',
    columns: ['', 'flights', 'of ssh', ...FAR_MS.flatMap((ms) => [`at ${ms} ms`, 'of ssh'])],
    rows: contenders.map((contender) => [
      contender.name,
      `${flightsOf(contender)}`,
      share(flightsOf(contender) / flightsOf(sshKnown)),
      ...FAR_MS.flatMap((_, n) => [seconds(timeOf(contender, n)), share(timeOf(contender, n) / timeOf(sshKnown, n))]),
    ]),
    notes: [
      'A flight is what one side sends without waiting for the other: two of them take a round trip. Counted on the wire, over all connections, and the same every time.',
      `Times are whole runs, the start of the program included, as medians of ${effort.rounds}; the delay is in a proxy, half of it in each direction.`,
    ],
    figures: figures.map(({ met: _met, ...rest }): Figure => rest),
    targets: figures.map(({ what, ratio, target, met }): Target => ({ what, got: share(ratio), target, met })),
  };
}

const share = (ratio: number) => (Number.isFinite(ratio) ? ratio.toFixed(2) : '-');

async function once(lab: Lab, contender: Contender, roundTripMs: number, road: Road) {
  const far = await startFar(lab.sshd.port, roundTripMs, road);
  const files = lab.files([{ address: '127.0.0.1', port: far.port }], DEADLINE_SECONDS);
  const { wallMs, read } = await measure(lab, contender, { files, forks: 1, deadlineSeconds: DEADLINE_SECONDS });
  await far.close();
  return { wallMs, read: read === 1, flights: far.flights };
}
