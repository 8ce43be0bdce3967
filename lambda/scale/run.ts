/**
 * One check by many functions, in three steps: the plan divides the fleet into shards, each shard probes its hosts and
 * keeps their replies, and the join runs the pipeline over all of them. Nothing that needs the whole fleet is decided in a
 * shard.
 */
import pLimit from 'p-limit';
import { type CheckOptions, type CheckResult, checkFleet, type Ports } from '../check/index.ts';
import { plural } from '../kit/index.ts';
import { withState } from '../memory/index.ts';
import type { Instance, ProbeTransport, Reply, Transport, Transports } from '../model/index.ts';
import { EMPTY_STATE } from '../model/index.ts';
import { type ProbeLimits, probeFleet } from '../probe/index.ts';
import type { Settings } from '../settings/index.ts';
import {
  decodeCost,
  decodePlan,
  decodeResult,
  decodeShard,
  encodeCost,
  encodePlan,
  encodeResult,
  encodeShard,
  type HostCost,
  type Shard,
  type ShardReply,
} from './schema.ts';
import { shardFleet } from './shards.ts';

/** Where a run keeps what is too large to travel between its steps. */
export interface Store {
  put(key: string, text: string): Promise<void>;
  /** Null where there is nothing under that key. */
  get(key: string): Promise<string | null>;
}

/** The ports of a step: those of a check, and the store of the run's files. */
export interface RunPorts extends Ports {
  readonly store: Store;
}

/** What the plan passes to the state machine's map; the rest is in files. */
export interface PlannedRun {
  readonly run: string;
  /** Of the file that lists the shards. */
  readonly key: string;
  readonly shards: number;
  readonly hosts: number;
}

const FILES_AT_ONCE = 20;
/** Each is some 600 kB, and several times that while it is read. */
const READ_AT_ONCE = 4;
const COST_KEY = 'runs/cost.json';
const listKey = (run: string) => `runs/${run}/shards.json`;
const planKey = (run: string) => `runs/${run}/plan.json`;
const shardKey = (run: string, index: number) => `runs/${run}/shards/${index}.json`;
const resultKey = (run: string, index: number) => `runs/${run}/results/${index}.json`;

/**
 * The first step: finds the fleet and divides it into shards.
 * @throws what `ports.discover` or the store throws: without a fleet there is no run
 */
export async function planRun(run: string, settings: Settings, ports: RunPorts): Promise<PlannedRun> {
  const at = ports.clock.now();
  const problems: string[] = [];
  const found = await ports.discover((problem) => problems.push(problem));
  // Shards need the pins of the host keys; where they can't be read, the join flags nothing.
  const remembered = (await orNull(ports, ports.state?.load() ?? Promise.resolve(null)))?.state ?? EMPTY_STATE;
  const instances = found.filter(({ skipped }) => skipped === null).map((one) => withState(one, remembered));
  const cost = decodeCost(await orNull(ports, ports.store.get(COST_KEY)));
  const shards = shardFleet(instances, cost, settings);
  const rest = found.filter(({ skipped }) => skipped !== null);
  const limit = pLimit(FILES_AT_ONCE);
  await Promise.all(
    shards.map((shard) => limit(() => ports.store.put(shardKey(run, shard.index), encodeShard(run, shard)))),
  );
  await ports.store.put(planKey(run), encodePlan({ run, at, shards: shards.length, rest, problems }));
  const key = listKey(run);
  await ports.store.put(key, JSON.stringify(shards.map(({ index, hosts }) => ({ index, hosts: hosts.length }))));
  return { run, key, shards: shards.length, hosts: instances.length };
}

/**
 * The second step, once for each shard: probes its hosts and keeps their replies as they came. Done twice, the later
 * result replaces the earlier.
 * @throws where the shard can't be read or the result not be kept
 */
export async function probeShard(
  run: string,
  index: number,
  settings: Settings,
  ports: RunPorts,
  limits: ProbeLimits,
): Promise<{ readonly index: number; readonly replies: number }> {
  const shard = decodeShard(await ports.store.get(shardKey(run, index)), run, index);
  if (shard === null) throw new Error(`shard ${index} of run ${run} can't be read`);
  const replies = new Map<string, ShardReply>();
  const keep = (id: string, reply: Reply, durationMs: number) => {
    if (!replies.has(id)) replies.set(id, { id, reply, durationMs });
  };
  const transports = mapTransports(ports.transports, (_, real) => (some, turn) => {
    const reply: typeof turn.reply = (id, got, durationMs) => {
      keep(id, got, durationMs);
      turn.reply(id, got, durationMs);
    };
    return real(some, { ...turn, reply });
  });
  await probeFleet(shard.hosts, { transports, log: ports.log }, settings, limits);
  await ports.store.put(resultKey(run, index), encodeResult({ run, index, replies: [...replies.values()] }));
  return { index, replies: replies.size };
}

/**
 * The last step: the pipeline, as if it had probed every host itself. Hosts of a shard that left no readable result count
 * as not checked, and nothing is concluded about them.
 * @throws where the plan can't be read, and what {@link checkFleet} throws
 */
export async function joinRun(
  run: string,
  settings: Settings,
  ports: RunPorts,
  options: CheckOptions,
): Promise<CheckResult> {
  const plan = decodePlan(await ports.store.get(planKey(run)), run);
  if (plan === null) throw new Error(`the plan of run ${run} can't be read`);
  const limit = pLimit(READ_AT_ONCE);
  const problems = [...plan.problems];
  let hosts: Instance[] = [...plan.rest];
  const shards: ProbedShard[] = [];
  await Promise.all(Array.from({ length: plan.shards }, (_, index) => limit(collect, index)));
  const cost = new Map<Transport, { ms: number; hosts: number }>();
  let report = (text: string) => void problems.push(text);

  const result = await checkFleet(settings, replayed(), { ...options, begunAt: plan.at });
  await orNull(ports, ports.store.put(COST_KEY, encodeCost(meansOf(cost))));
  return result;

  async function collect(index: number): Promise<void> {
    const shard = decodeShard(await orNull(ports, ports.store.get(shardKey(run, index))), run, index);
    if (shard === null) {
      problems.push(`shard ${index} can't be read: nothing is known of its hosts`);
      return;
    }
    hosts.push(...shard.hosts);
    shards.push({ index, hosts: shard.hosts.map(({ id, transport }) => ({ id, transport })) });
  }

  function replayed(): Ports {
    let found = false;
    const planned = new Map(hosts.map(({ id, transport }) => [id, transport]));
    const take = () => {
      const all = hosts;
      // The check makes its own of them.
      hosts = [];
      return all;
    };
    const results = pLimit(READ_AT_ONCE);
    return {
      ...ports,
      discover: async (problem) => {
        // A later call is for the fleet as it is by then.
        if (found) return ports.discover(problem);
        found = true;
        report = (text) => {
          problem?.(text);
        };
        for (const text of problems) report(text);
        return take();
      },
      transports: mapTransports(ports.transports, (name, real) => async (instances, turn) => {
        // The first probe is the shards'; a second opinion is taken now.
        const first = new Set(instances.filter(({ id }) => planned.get(id) === name).map(({ id }) => id));
        const others = instances.filter(({ id }) => !first.has(id));
        for (const id of first) planned.delete(id);
        const of = shards.filter((shard) => shard.hosts.some(({ id }) => first.has(id)));
        await Promise.all(of.map((shard) => results(replay, shard, first, turn)));
        for (const id of first) turn.reply(id, NO_RESULT, 0);
        if (others.length > 0) await real(others, turn);
      }),
    };
  }

  /** Passes on what a shard's hosts answered, and keeps none of it. @param waiting those of which no reply is known yet */
  async function replay(shard: ProbedShard, waiting: Set<string>, turn: Parameters<ProbeTransport>[1]): Promise<void> {
    const { index, hosts: own } = shard;
    const replies = decodeResult(await orNull(ports, ports.store.get(resultKey(run, index))), run, shard);
    if (replies === null) {
      report(`shard ${index} left no result: ${plural(own.length, 'host')} not checked`);
      return;
    }
    const transports = new Map(own.map(({ id, transport }) => [id, transport]));
    // Each is let go once it is judged: what a shard left is most of what V8 would keep as old.
    replies.reverse();
    for (let one = replies.pop(); one !== undefined; one = replies.pop()) {
      const { id, reply, durationMs } = one;
      if (!waiting.delete(id)) continue;
      turn.reply(id, reply, durationMs);
      const transport = transports.get(id);
      if (transport === undefined) continue;
      const sum = cost.get(transport) ?? { ms: 0, hosts: 0 };
      cost.set(transport, { ms: sum.ms + durationMs, hosts: sum.hosts + 1 });
    }
  }
}

/** What the join keeps of a shard. */
type ProbedShard = Omit<Shard, 'hosts'> & { readonly hosts: readonly Pick<Instance, 'id' | 'transport'>[] };

const NO_RESULT: Reply = { kind: 'failed', reason: 'NotChecked', text: 'Its shard left no result for it.' };

function mapTransports(
  transports: Transports,
  change: (name: Transport, real: ProbeTransport) => ProbeTransport,
): Transports {
  return Object.fromEntries(
    (Object.entries(transports) as [Transport, ProbeTransport][]).map(([name, real]) => [name, change(name, real)]),
  );
}

/** Mean milliseconds that a host took, by transport. */
const meansOf = (cost: ReadonlyMap<Transport, { readonly ms: number; readonly hosts: number }>): HostCost =>
  Object.fromEntries([...cost].map(([transport, { ms, hosts }]) => [transport, Math.max(1, ms / hosts)]));

/** Null where it fails: the callers treat what can't be read as absent. */
async function orNull<T>(ports: Pick<Ports, 'log'>, work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    ports.log.error('store.failed', { text: error instanceof Error ? error.message : String(error) });
    return null;
  }
}
