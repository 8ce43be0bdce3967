/** Divides a fleet into shards, one for each function. Pure; the same fleet is always divided the same way. */
import type { Instance, Transport } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import type { HostCost, Shard } from './schema.ts';

/** Shards at work at once. Each gets its part of the account's API rates, so that more of them would not be faster. */
export const SHARDS_AT_ONCE = 20;
/**
 * Over SSH Lambda's 1,024 file descriptors are the limit; the transport opens 500 sockets at most. Over SSM a function
 * waits for the account's API rates, as all the others do: more functions would only mean more that wait.
 */
const MOST_HOSTS = { ssh: 500, ssm: 1_000 } as const;
/** One SendCommand takes 50: a shard over SSM is a multiple of that. */
const IDS_PER_COMMAND = 50;
/** What a shard should take, so that its cold start is a small part of it and its loss a small loss. */
const TARGET_MS = 30_000;
/** What it may take if all of its hosts hang: an Express child ends after five minutes, the run after one schedule. */
const WORST_MS = 120_000;

interface Place {
  readonly transport: Transport;
  readonly hosts: Instance[];
}

/**
 * Shards of one account, Region and transport each; within them hosts by unit, then by id, since hosts of one command
 * are all probed for the command's units.
 *
 * @param instances those to probe
 */
export function shardFleet(instances: readonly Instance[], cost: HostCost, settings: Settings): Shard[] {
  const places = new Map<string, Place>();
  for (const instance of instances) {
    const { account, region, transport } = instance;
    const key = JSON.stringify([account, region, transport]);
    const place = places.get(key) ?? { transport, hosts: [] };
    places.set(key, place);
    place.hosts.push(instance);
  }
  const cut = [...places.entries()].sort(byKey).flatMap(([, { transport, hosts }]) => {
    const sorted = hosts.toSorted((a, b) => compare(a.worker ?? '', b.worker ?? '') || compare(a.id, b.id));
    return evenly(sorted, shardSize(transport, cost, settings), transport === 'ssm' ? IDS_PER_COMMAND : 1);
  });
  return cut.map((hosts, index) => ({ index, hosts }));
}

/** Hosts in one shard: by what each took in the last run, and never more than would end in time if all of them hung. */
export function shardSize(transport: Transport, cost: HostCost, settings: Settings): number {
  // Over SSM hosts don't wait for each other: the commands do, and they are few.
  if (transport === 'ssm') return MOST_HOSTS.ssm;
  const deadlineMs = settings.timeouts.sshSeconds * 1000;
  const measuredMs = Math.min(Math.max(cost[transport] ?? deadlineMs / 5, 1), deadlineMs);
  const usual = Math.floor((settings.forks * TARGET_MS) / measuredMs);
  const worst = settings.forks * Math.max(1, Math.floor(WORST_MS / deadlineMs));
  return Math.max(1, Math.min(usual, worst, MOST_HOSTS.ssh));
}

/** As few slices as `size` allows, of nearly the same length: no function starts for a last slice of three hosts. */
function evenly<T>(items: readonly T[], size: number, multiple: number): T[][] {
  const count = Math.ceil(items.length / size);
  const length = Math.ceil(Math.ceil(items.length / count) / multiple) * multiple;
  return Array.from({ length: count }, (_, n) => items.slice(n * length, (n + 1) * length)).filter(
    (slice) => slice.length > 0,
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => compare(a, b);
