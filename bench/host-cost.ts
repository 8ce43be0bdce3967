/** What one look at a host costs the host. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { ansibleCommand, type Contender, crawlwatch } from './contenders.ts';
import type { Lab } from './lab.ts';
import { type Effort, measure, type Say } from './measure.ts';
import { run } from './run.ts';
import { fixed, type Section } from './table.ts';

const STARTS = 'trace=clone,clone3,fork,vfork';
const DEADLINE_SECONDS = 60;

/** The commands that people type by hand, in a file on the "host". */
const FREE_DF = 'free; df -h';
const fileOf = ({ directory }: Lab) => join(directory, 'free-df.sh');

const byHand = (name: string, command: (lab: Lab) => string): Contender => ({
  ...{ name, kind: 'fan-out', program: '/usr/bin/ssh', package: null, env: {}, countRead: () => 1 },
  command: ({ files }, lab) => ['ssh', '-F', files.sshConfig, '127.0.0.1', command(lab)],
});

/** Ways to look at one host. */
export const LOOKERS: readonly Contender[] = [
  byHand('ssh true: a login alone', () => 'true'),
  { ...crawlwatch, name: 'crawlwatch check' },
  byHand(`ssh '${FREE_DF}'`, () => FREE_DF),
  {
    ...ansibleCommand,
    name: `ansible -m command, ${FREE_DF}`,
    command: (fan, lab) => ansibleCommand.command(fan, { ...lab, script: fileOf(lab) }),
  },
];

export async function hostCost(lab: Lab, lookers: readonly Contender[], effort: Effort, say: Say): Promise<Section> {
  writeFileSync(fileOf(lab), `${FREE_DF}\n`);
  const files = [
    ['the probe, by itself', lab.script],
    [`${FREE_DF}, by itself`, fileOf(lab)],
  ] as const;
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
  const rows: string[][] = [];
  for (const [name, file] of files) {
    rows.push([name, ...(await costAlone(lab, file))]);
    say(name);
  }
  const wire = await startWire(lab.sshd.port);
  for (const looker of lookers) {
    rows.push([looker.name, ...(await costOverSsh(lab, looker, wire, effort.costRuns))]);
    say(looker.name);
  }
  await wire.close();
  return {
    title: 'What one look costs the host',
    columns: ['', 'processes started', 'CPU ms', 'bytes to the host', 'bytes from it'],
    rows,
    notes: [
      'By itself: processes and CPU of the script, and the bytes it prints. The others: everything that sshd did for it, the login and its shell included; bytes are those on the wire.',
      `The probe looks at each process: ${processes} ran, and a hundred more cost it about a millisecond.`,
    ],
    targets: [],
  };
}

async function costAlone({ directory, surroundings }: Lab, file: string): Promise<string[]> {
  const trace = join(directory, 'strace');
  const { stdout } = await run(['strace', '-f', '-qq', '-e', STARTS, '-o', trace, 'sh', file], surroundings);
  // Twenty runs: one is too short for the clock.
  const loop = 'i=0; while [ $i -lt 20 ]; do sh "$1" >/dev/null; i=$((i + 1)); done';
  const { cpuMs } = await run(['sh', '-c', loop, 'sh', file], surroundings);
  return [`${processesIn(trace)}`, fixed(cpuMs / 20), '-', `${Buffer.byteLength(stdout)}`];
}

async function costOverSsh(lab: Lab, looker: Contender, wire: Wire, runs: number): Promise<string[]> {
  const files = lab.files([{ address: '127.0.0.1', port: wire.port }], DEADLINE_SECONDS);
  const look = () => measure(lab, looker, { files, forks: 1, deadlineSeconds: DEADLINE_SECONDS });
  await look(); // The first run makes directories and the like.
  const before = { ...wire.bytes };
  let cpuMs = 0;
  for (let i = 0; i < runs; i += 1) cpuMs += (await look()).serverCpuMs;
  const { toHost, fromHost } = wire.bytes;
  const trace = join(lab.directory, 'strace');
  const strace = spawn('strace', ['-f', '-e', STARTS, '-o', trace, '-p', `${lab.sshd.process.pid}`]);
  await once(strace.stderr, 'data'); // Its first line says that it is attached.
  await look();
  strace.kill('SIGINT');
  await once(strace, 'close');
  return [
    ...[`${processesIn(trace)}`, fixed(cpuMs / runs)],
    ...[((toHost - before.toHost) / runs).toFixed(0), ((fromHost - before.fromHost) / runs).toFixed(0)],
  ];
}

/** Counts the processes started, from strace's output: calls that returned an id. */
function processesIn(trace: string): number {
  return readFileSync(trace, 'utf8').match(/^\d+ .*(?:clone3?|v?fork)(?:\(| resumed).* = [1-9]\d*$/gm)?.length ?? 0;
}

interface Wire {
  readonly bytes: Readonly<{ toHost: number; fromHost: number }>;
  readonly port: number;
  close(): Promise<unknown>;
}

/** Passes bytes on to sshd and counts them. */
async function startWire(port: number): Promise<Wire> {
  const bytes = { toHost: 0, fromHost: 0 };
  const server = createServer((client) => {
    const host = connect(port, '127.0.0.1');
    const close = () => {
      client.destroy();
      host.destroy();
    };
    const pass = (from: Socket, to: Socket, count: (length: number) => void) => {
      from.on('data', (chunk: Buffer) => {
        count(chunk.length);
        to.write(chunk);
      });
      from
        .on('end', () => to.end())
        .on('error', close)
        .on('close', close);
      from.setNoDelay(true);
    };
    pass(client, host, (length) => {
      bytes.toHost += length;
    });
    pass(host, client, (length) => {
      bytes.fromHost += length;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    bytes,
    port: (server.address() as AddressInfo).port,
    close: () => once(server.close(), 'close'),
  };
}
