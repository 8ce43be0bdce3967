/** Warns before a fleet grows too large for one function. Pure. */

import { plural } from '../kit/index.ts';
import type { Transport } from '../model/index.ts';
import { isDistributed, type Settings } from '../settings/index.ts';
import { shardSize } from './shards.ts';

export interface Load {
  readonly durationMs: number;
  /** The time there was for probing. */
  readonly deadlineMs: number;
  readonly instances: readonly { readonly transport: Transport }[];
}

/** Share of the deadline from which the alarm on slow checks is near. */
const NEAR = 0.7;
/** The same where `forks` can't be raised any more, and a larger fleet only takes longer. */
const NEAR_WITH_ALL_FORKS = 0.5;
/** As many sockets as one function opens; settings allow no more. */
const MOST_FORKS = 500;

/** @returns one sentence, or null where there is room or where shards would not be faster */
export function nearLimits({ durationMs, deadlineMs, instances }: Load, settings: Settings): string | null {
  if (isDistributed(settings)) return null;
  const counted = (['ssh', 'ssm'] as const).map((transport) => ({
    transport,
    hosts: instances.filter((one) => one.transport === transport).length,
  }));
  const large = counted.filter(({ transport, hosts }) => hosts > shardSize(transport, {}, settings));
  const isSsh = large.some(({ transport }) => transport === 'ssh');
  const near = isSsh && settings.forks >= MOST_FORKS ? NEAR_WITH_ALL_FORKS : NEAR;
  if (large.length === 0 || durationMs <= near * deadlineMs) return null;
  const seconds = (ms: number) => Math.round(ms / 1000);
  const hosts = large.map((one) => `${plural(one.hosts, 'host')} over ${one.transport.toUpperCase()}`).join(' and ');
  const raise =
    isSsh && settings.forks < MOST_FORKS ? `raise forks (${settings.forks}, at most ${MOST_FORKS}), or ` : '';
  return `this check took ${seconds(durationMs)} of the ${seconds(deadlineMs)} seconds that one function has, for ${hosts}: ${raise}set scale: distributed, which shares them out`;
}
