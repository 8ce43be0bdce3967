/** The nouns of a run that is carried by many functions: what is shared out, and what comes back. */
import type { Instance, Reply, Transport } from '../model/index.ts';

/** What the first step leaves for the last. */
export interface RunPlan {
  readonly run: string;
  /** When the run began. */
  readonly at: Date;
  readonly shards: number;
  /** Those that were found and are in no shard: stopped ones, and those that are no Linux. */
  readonly rest: readonly Instance[];
  /** What of the fleet could not be found, a sentence each. */
  readonly problems: readonly string[];
}

/** Shards at work at once. Each gets its part of the account's API rates, so that more of them would not be faster. */
export const SHARDS_AT_ONCE = 20;

/** Hosts that one function asks. All of one account, Region and transport. */
export interface Shard {
  /** From 0; the name of its files, and all that travels through the state machine. */
  readonly index: number;
  readonly hosts: readonly Instance[];
}

/** What one host came to in its shard, as it came. */
export interface ShardReply {
  readonly id: string;
  readonly reply: Reply;
  readonly durationMs: number;
}

/** What one shard leaves for the join. Delivered twice, the second takes the first one's place. */
export interface ShardResult {
  readonly run: string;
  readonly index: number;
  readonly replies: readonly ShardReply[];
}

/** What the last run measured, for the size of the next one's shards: mean milliseconds of a host's turn. */
export type HostCost = Readonly<Partial<Record<Transport, number>>>;

/** Where a run keeps what is too large to travel between its steps. */
export interface Store {
  put(key: string, text: string): Promise<void>;
  /** Null where there is nothing under that key. */
  get(key: string): Promise<string | null>;
}
