/** One check of a simulated fleet: the real pipeline and the real sharding, over a pretend AWS and in virtual time. */

import { type CheckResult, checkFleet } from '../../lambda/check/index.ts';
import { apiBudget } from '../../lambda/kit/index.ts';
import { saveState } from '../../lambda/memory/index.ts';
import { joinRun, planRun, probeShard, type RunPorts, SHARDS_AT_ONCE } from '../../lambda/scale/index.ts';
import { parseSettings, type Settings } from '../../lambda/settings/index.ts';
import { ssmTransport } from '../../lambda/ssm/index.ts';
import { awsOutlets, awsPorts } from '../../lambda/wiring/index.ts';
import { SandboxAws } from '../../sandbox/aws.ts';
import { ObjectFiles } from '../../sandbox/object-files.ts';
import { seeded } from '../random.ts';
import { SimulatedFleet } from './fleet.ts';
import { Account, type Meter } from './metered.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface SimulationOptions {
  readonly instances: number;
  readonly transport: 'ssm' | 'ssh';
  readonly scale: 'single' | 'distributed';
  readonly hungPercent: number;
  readonly seed: number;
}

/** One start of a Lambda function. */
export interface FunctionTurn {
  readonly step: 'check' | 'plan' | 'shard' | 'join';
  readonly seconds: number;
  /** Bytes of live heap above what was there before; null where turns shared the process. */
  readonly heapBytes: number | null;
}

export interface Simulation {
  readonly options: SimulationOptions;
  readonly settings: Settings;
  /** From the schedule's event to the last metric. */
  readonly seconds: number;
  readonly turns: readonly FunctionTurn[];
  readonly meter: Meter;
  readonly files: { readonly puts: number; readonly gets: number; readonly bytes: number };
  readonly result: CheckResult;
}

/** The function's time-out in lib/; the last 30 s are kept for publishing. */
const FUNCTION_SECONDS = 300;
const DEADLINE_MS = (FUNCTION_SECONDS - 30) * 1000;
const START = new Date('2026-11-22T08:00:00Z');
const QUIET = { info: () => {}, warn: () => {}, error: () => {} };

/** @param oneByOne shards in turn rather than side by side, so that each one's heap can be measured */
export async function simulate(options: SimulationOptions, oneByOne = false): Promise<Simulation> {
  const clock = new VirtualClock(START);
  try {
    return await simulateIn(clock, options, oneByOne);
  } finally {
    clock.uninstall();
  }
}

async function simulateIn(clock: VirtualClock, options: SimulationOptions, oneByOne: boolean): Promise<Simulation> {
  const { instances, hungPercent, transport, scale } = options;
  const settings = parseSettings({ transport, scale, metrics: { perInstance: 'none' } });
  const random = seeded(options.seed);
  const account = new Account(clock, random);
  const aws = new SandboxAws({ now: clock.now });
  const fleet = new SimulatedFleet(aws, clock, account, { instances, hungPercent });
  const files = { puts: 0, gets: 0, bytes: 0 };
  const texts = new Map<string, string>();
  const remembered = new ObjectFiles();
  await saveState(remembered, fleet.state, null);
  remembered.fault = async (_, effect) => {
    await clock.sleep(account.latencyMs(80));
    return effect();
  };
  const turns: FunctionTurn[] = [];
  const { result, seconds } = await clock.run(whole());
  return { options, settings, seconds, turns, meter: account.meter, files, result };

  async function whole(): Promise<{ result: CheckResult; seconds: number }> {
    const result = await (scale === 'single' ? single() : distributed());
    return { result, seconds: (clock.nowMs - START.getTime()) / 1000 };
  }

  async function single(): Promise<CheckResult> {
    return turn('check', () => checkFleet(settings, ports(1), { deadlineMs: DEADLINE_MS }), true);
  }

  async function distributed(): Promise<CheckResult> {
    const { shards } = await turn('plan', () => planRun('run', settings, ports(1)), true);
    let next = 0;
    const work = async () => {
      while (next < shards) {
        const index = next;
        next += 1;
        const limits = { deadlineMs: DEADLINE_MS };
        const isAlone = oneByOne && (instances <= USUAL_HOSTS || index < WATCHED_SHARDS);
        const sharers = Math.min(SHARDS_AT_ONCE, shards);
        await turn('shard', () => probeShard('run', index, settings, ports(sharers), limits), isAlone);
      }
    };
    await Promise.all(Array.from({ length: oneByOne ? 1 : Math.min(SHARDS_AT_ONCE, shards) }, work));
    // As the function has it, where its heap is measured; the other run counts the hosts in its report.
    const streams = oneByOne ? { streamsFrom: 0 } : {};
    return turn('join', () => joinRun('run', settings, ports(1), { deadlineMs: DEADLINE_MS, ...streams }), true);
  }

  async function turn<T>(step: FunctionTurn['step'], work: () => Promise<T>, isAlone: boolean): Promise<T> {
    const begun = clock.nowMs;
    const everyMs = SAMPLE_MS[step] * Math.max(1, Math.ceil(instances / USUAL_HOSTS));
    const heap = isAlone ? watchHeap(clock, everyMs) : null;
    const value = await work();
    turns.push({ step, seconds: (clock.nowMs - begun) / 1000, heapBytes: heap?.() ?? null });
    return value;
  }

  function ports(sharers: number): RunPorts {
    // Each function has its own clients, and its part of the account's API rates.
    const budget = apiBudget(sharers, { now: () => clock.nowMs, sleep: (ms) => clock.sleep(ms), random });
    const ec2 = account.client(aws.ec2, budget);
    const ssm = account.client(aws.ssm, budget);
    const cloudWatch = account.client(aws.cloudwatch, budget);
    const sns = account.client(aws.sns, budget);
    const clients = {
      ...{ settings, region: aws.region, clock, log: QUIET, ec2, ssm, cloudWatch },
      ...{ probeDocument: null, privateKey: async () => null, files: remembered },
    };
    const time = { now: () => clock.nowMs, sleep: (ms: number, signal: AbortSignal) => clock.sleep(ms, signal) };
    return {
      ...awsPorts(clients),
      transports: {
        ssh: fleet.ssh,
        ssm: ssmTransport(ssm, { documentName: aws.documentName, sshdPort: () => null, time }),
      },
      outlets: awsOutlets(clients, sns, aws.topic.arn),
      store: {
        put: async (key, text) => {
          await clock.sleep(account.latencyMs(80));
          files.puts += 1;
          files.bytes += text.length;
          texts.set(key, text);
        },
        get: async (key) => {
          await clock.sleep(account.latencyMs(40));
          files.gets += 1;
          return texts.get(key) ?? null;
        },
      },
    };
  }
}

/**
 * Between looks at the heap, of the virtual clock. What the join holds is gone when it ends, half a second after it began:
 * it is looked at more often.
 */
const SAMPLE_MS = { check: 1000, plan: 1000, shard: 1000, join: 20 };
/**
 * Each look collects the garbage of the whole pretend account, which grows with the fleet, as the turns do: of larger fleets
 * than this each turn is looked at less often, and no more shards than these, which are alike. Else the time that
 * 100,000 hosts take would be two hundred times that of 10,000.
 */
const USUAL_HOSTS = 10_000;
const WATCHED_SHARDS = 3;

/** Follows the live heap, which needs `--expose-gc`. @returns what ends it and gives the most, in bytes above the start */
function watchHeap(clock: VirtualClock, everyMs: number): () => number | null {
  const { gc } = globalThis;
  if (gc === undefined) return () => null;
  const live = () => {
    gc();
    return process.memoryUsage().heapUsed;
  };
  const before = live();
  let most = before;
  let isOver = false;
  const look = () => {
    if (!isOver) most = Math.max(most, live());
  };
  const follow = async () => {
    while (!isOver) {
      await clock.sleep(everyMs);
      look();
    }
  };
  void follow();
  return () => {
    look();
    isOver = true;
    return most - before;
  };
}
