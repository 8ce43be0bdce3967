/** A sandbox fleet whose checks go through the state machine's own definition, in shards of two. */
import type { CheckResult } from '../../lambda/check/pipeline.ts';
import { joinRun, planRun, probeShard, type Store } from '../../lambda/scale/run.ts';
import { fleetRunDefinition } from '../../lib/fleet-run-definition.ts';
import { runStateMachine } from './asl.ts';
import { SandboxFleet } from './sandbox-fleet.ts';

/** One host at a time, each up to a minute: two of them end in time if both hang. */
export const SHARDS_OF_TWO = { forks: 1, timeouts: { sshSeconds: 60 } };

const DEFINITION = fleetRunDefinition({
  functionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:Check',
  bucketName: 'bucket',
  concurrency: 20,
  stepSeconds: 300,
});

/** Replaces a shard's function, or wraps the real one. */
export type ShardFault = (index: number, real: () => Promise<unknown>) => Promise<unknown>;

export class DistributedFleet extends SandboxFleet {
  readonly runFiles = new Map<string, string>();
  runs = 0;
  shardFault: ShardFault = (_, real) => real();
  /** As the join's function has it: 0. */
  streamsFrom: number | undefined;
  /** Called between the map and the join. */
  beforeJoin: (run: string) => void = () => {};

  constructor(count: number, given: object = {}) {
    super(count, { ...SHARDS_OF_TWO, ...given });
  }

  readonly store: Store = {
    put: async (key, text) => void this.runFiles.set(key, text),
    get: async (key) => this.runFiles.get(key) ?? null,
  };

  override async check(minutes = 5, deadlineMs = 60_000): Promise<CheckResult> {
    this.now = new Date(this.now.getTime() + minutes * 60_000);
    this.runs += 1;
    let result: CheckResult | undefined;
    const ports = () => ({ ...this.ports(), store: this.store });
    await runStateMachine(
      DEFINITION,
      { scheduledTime: this.now.toISOString() },
      {
        executionName: `run-${this.runs}`,
        read: async (_, key) => this.runFiles.get(key) ?? '',
        invoke: async (_, payload) => {
          const { step, run, index } = payload as { step: string; run: string; index: number };
          if (step === 'plan') return planRun(run, this.settings, ports());
          if (step === 'shard') {
            return this.shardFault(index, () => probeShard(run, index, this.settings, ports(), { deadlineMs }));
          }
          this.beforeJoin(run);
          const { streamsFrom } = this;
          const streams = streamsFrom === undefined ? {} : { streamsFrom };
          result = await joinRun(run, this.settings, ports(), { deadlineMs, ...streams });
          return result.report.summary;
        },
      },
    );
    if (result === undefined) throw new Error('the run had no join');
    return result;
  }
}
