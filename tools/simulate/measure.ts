/** The figures of a simulated check, to print, plot and compare. */

import { EXPRESS_GB, HOURS, MEMORY_GIB, monthlyBill, PRICE, RUN_TRANSITIONS } from '../../lambda/cost/index.ts';
import type { Simulation } from './run.ts';

export interface Measured {
  readonly instances: number;
  readonly transport: 'ssm' | 'ssh';
  readonly scale: 'single' | 'distributed';
  readonly hungPercent: number;
  /** From the schedule's event to the last metric. */
  readonly seconds: number;
  readonly judged: number;
  readonly notChecked: number;
  /** By command, those that succeeded. */
  readonly calls: Readonly<Record<string, number>>;
  readonly throttled: number;
  readonly lost: number;
  readonly shards: number;
  /** The longest turn of each step. */
  readonly stepSeconds: Readonly<Record<string, number>>;
  /** The most live heap of a turn of each step, in bytes above what was there before; no entry where not measured. */
  readonly stepHeap: Readonly<Record<string, number>>;
  readonly gbSeconds: number;
  /** What the check runs on: Lambda, Step Functions, S3. */
  readonly runDollars: number;
  /** All items of the cost model, with Lambda, Step Functions and S3 as measured. */
  readonly monthlyDollars: number;
  readonly errors: readonly string[];
}

/** @param heaps the same fleet with its shards one by one, for their heap */
export function measured(simulation: Simulation, heaps: Simulation = simulation): Measured {
  const { options, settings, seconds, turns, meter, files, result } = simulation;
  const unknown = result.report.instances.filter(({ reasons }) => reasons.some(({ code }) => code === 'NotChecked'));
  const runs = (HOURS * 60) / settings.schedule.everyMinutes;
  const gbSeconds = turns.reduce((sum, turn) => sum + turn.seconds * MEMORY_GIB, 0);
  const shards = turns.filter(({ step }) => step === 'shard').length;
  const lambda = gbSeconds * PRICE.gibSecond + turns.length * PRICE.invocation;
  const shardSeconds = turns.filter(({ step }) => step === 'shard').reduce((sum, turn) => sum + turn.seconds, 0);
  const orchestration =
    options.scale === 'single'
      ? 0
      : RUN_TRANSITIONS * PRICE.stateTransition +
        shards * PRICE.expressRequest +
        shardSeconds * EXPRESS_GB * PRICE.expressGbSecond +
        files.puts * PRICE.filePut +
        files.gets * PRICE.fileGet;
  const runDollars = runs * (lambda + orchestration);
  const rest = monthlyBill(options.instances, { ...settings, scale: 'single' })
    .items.filter(({ item }) => item !== 'Lambda')
    .reduce((sum, { dollars }) => sum + dollars, 0);
  return {
    instances: options.instances,
    transport: options.transport,
    scale: options.scale,
    hungPercent: options.hungPercent,
    seconds,
    judged: result.report.instances.length - unknown.length,
    notChecked: options.instances - (result.report.instances.length - unknown.length),
    calls: Object.fromEntries(meter.calls),
    throttled: [...meter.throttled.values()].reduce((sum, count) => sum + count, 0),
    lost: meter.lost,
    shards,
    stepSeconds: most(simulation, ({ seconds: took }) => took),
    stepHeap: most(heaps, ({ heapBytes }) => heapBytes),
    gbSeconds,
    runDollars,
    monthlyDollars: runDollars + rest,
    errors: result.errors,
  };
}

function most({ turns }: Simulation, of: (turn: Simulation['turns'][number]) => number | null): Record<string, number> {
  const values: Record<string, number> = {};
  for (const turn of turns) {
    const value = of(turn);
    if (value !== null) values[turn.step] = Math.max(values[turn.step] ?? 0, value);
  }
  return values;
}
