/** The past of an instance, as the checks that saw it would have kept it. */
import { fleetSamples } from '../lambda/memory/index.ts';
import type { Log, Sample } from '../lambda/model/index.ts';
import { INSTANCE_METRIC } from '../lambda/model/index.ts';
import type { SandboxAws } from './aws.ts';

const QUIET: Log = { info() {}, warn() {}, error() {} };

/** @param memory oldest first */
export async function rememberMemory(aws: SandboxAws, id: string, memory: readonly Sample[]): Promise<void> {
  const samples = fleetSamples({ s3: aws.s3, bucket: aws.bucket.name, clock: { now: aws.now }, log: QUIET });
  const dimensions = { InstanceId: id, Name: id };
  for (const { at, available } of memory) {
    const value = 100 * (1 - available);
    await samples.add([{ name: INSTANCE_METRIC.memory, value, unit: 'Percent', dimensions }], at);
  }
}
