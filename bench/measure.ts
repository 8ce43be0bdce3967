/** Runs one contender over one set of hosts, once. */
import type { Contender, Fan } from './contenders.ts';
import type { Lab } from './lab.ts';
import { type Ran, run } from './run.ts';

export interface Measured extends Ran {
  /** Hosts that were read completely. */
  readonly read: number;
  /** The server's CPU time for it, logins and script included. */
  readonly serverCpuMs: number;
}

export async function measure(lab: Lab, contender: Contender, fan: Fan): Promise<Measured> {
  await lab.settle();
  const before = lab.serverCpuMs();
  const { cwd, env } = lab.surroundings;
  const ran = await run(contender.command(fan, lab), { cwd, env: { ...env, ...contender.env } });
  await lab.settle();
  return { ...ran, read: contender.countRead(ran.stdout), serverCpuMs: lab.serverCpuMs() - before };
}

/** How much each part of the benchmark does. */
export interface Effort {
  readonly rounds: number;
  readonly hosts: number;
  readonly manyHosts: number;
  readonly hung: number;
  readonly hungSeconds: number;
  readonly costRuns: number;
  readonly startRounds: number;
  /** Sizes of the fleets whose bill is simulated. */
  readonly fleets: readonly number[];
}

export const FULL: Effort = {
  ...{ rounds: 3, hosts: 100, manyHosts: 1000, hung: 10, hungSeconds: 15, costRuns: 20, startRounds: 7 },
  fleets: [100, 1_000, 10_000],
};
/** A smoke run: its figures say little. */
export const QUICK: Effort = {
  ...{ rounds: 1, hosts: 10, manyHosts: 50, hung: 2, hungSeconds: 3, costRuns: 2, startRounds: 1 },
  fleets: [100],
};

export type Say = (text: string) => void;
