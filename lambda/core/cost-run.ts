/** What carries a check on AWS, in one function or many, and what that costs a month. Pure. */
import { isDistributed, keepsSnapshot, type Settings } from '../settings.ts';
import type { CostItem } from './cost.ts';
import { EXPRESS_GB, FILE_BYTES, FILE_DAYS, GIB, HOURS, PRICE, RUN_TRANSITIONS } from './cost-prices.ts';
import { shardSize } from './shards.ts';

export interface Turns {
  readonly step: 'check' | 'plan' | 'shard' | 'join';
  readonly count: number;
  /** Of each, assumed. */
  readonly seconds: number;
}

/**
 * The functions of one check. Over SSM shards share the account's rates, so that each takes as long as the whole fleet
 * would; over SSH each has sockets of its own.
 */
export function functionTurns(instances: number, settings: Settings): Turns[] {
  const whole = checkSeconds(instances, settings);
  if (!isDistributed(settings)) return [{ step: 'check', count: 1, seconds: whole }];
  const transport = isOverSsh(settings) ? 'ssh' : 'ssm';
  const size = shardSize(transport, {}, settings);
  return [
    { step: 'plan', count: 1, seconds: 2 + instances / 2_000 },
    {
      step: 'shard',
      count: Math.ceil(instances / size),
      seconds: transport === 'ssh' ? checkSeconds(Math.min(instances, size), settings) : whole,
    },
    { step: 'join', count: 1, seconds: 2 + instances / 2_000 },
  ];
}

/** What carries a run from function to function, and what is kept in the bucket. */
export function sharedItems(
  instances: number,
  checks: number,
  turns: readonly Turns[],
  settings: Settings,
): CostItem[] {
  const shards = turns.find(({ step }) => step === 'shard');
  const every = 'schedule.everyMinutes';
  const runFiles = shards === undefined ? { puts: 0, gets: 0, gib: 0 } : filesOf(shards.count, instances, checks);
  const snapshot = keepsSnapshot(settings) ? 1 : 0;
  return [
    {
      item: 'Step Functions',
      dollars:
        shards === undefined
          ? 0
          : checks *
            (RUN_TRANSITIONS * PRICE.stateTransition +
              shards.count * (PRICE.expressRequest + shards.seconds * EXPRESS_GB * PRICE.expressGbSecond)),
      why: `${checks} runs of ${RUN_TRANSITIONS} transitions and ${shards?.count ?? 0} Express shards, which bill as long as their function takes`,
      settings: ['scale', every],
    },
    {
      item: 'files in S3',
      dollars:
        checks * ((runFiles.puts + snapshot) * PRICE.filePut + (runFiles.gets + snapshot) * PRICE.fileGet) +
        runFiles.gib * PRICE.fileGibMonth,
      why: `${runFiles.puts + snapshot} written and ${runFiles.gets + snapshot} read a check${shards === undefined ? '' : `; ${FILE_BYTES} bytes an instance and run, kept ${FILE_DAYS} days`}`,
      settings: ['scale', 'metrics.perInstance', every],
    },
  ];
}

/** A shard's list of hosts and its result; the plan, the list of shards, and what hosts have cost. */
const filesOf = (shards: number, instances: number, checks: number) => ({
  puts: 2 * shards + 3,
  gets: 3 * shards + 3,
  gib: ((checks / (HOURS / 24)) * FILE_DAYS * instances * FILE_BYTES) / GIB,
});

/** Assumed: over SSM the slowest host and the calls for each batch, over SSH a second a host in each fork. */
function checkSeconds(instances: number, settings: Settings): number {
  return isOverSsh(settings) ? 5 + instances / settings.forks : 15 + instances / 50;
}

const isOverSsh = ({ transport, vpc }: Settings): boolean =>
  transport === 'ssh' || (transport === 'auto' && vpc.id !== null);
