/** What the stack's checks have kept of the instances: what `check --aws` looks back on. */
import type { Ports } from '../../lambda/check/index.ts';
import type { CloudFormation, S3 } from '../../lambda/kit/index.ts';
import { errorText, isAccessDenied } from '../../lambda/kit/index.ts';
import { NOTHING_KNOWN, type PastFigures, pastSamples } from '../../lambda/memory/index.ts';
import type { Clock } from '../../lambda/model/index.ts';
import { stackOutputs } from '../stack/index.ts';
import { QUIET } from '../terminal/index.ts';

export interface StackSamplesOptions {
  readonly s3: S3;
  readonly cloudFormation: CloudFormation;
  /** The bucket, where the environment names it; null: the stack's outputs do. */
  readonly bucket: string | null;
  readonly stack: string;
  readonly clock: Clock;
}

/**
 * Nothing is known where there is no such stack, or one without a bucket. Rejects with the right that is missing: the
 * check then reports it and goes on without forecasts.
 */
export function stackHistory(options: StackSamplesOptions): Ports['history'] {
  let past: Promise<PastFigures> | undefined;
  return async (instances) => {
    past ??= openSamples(options);
    return (await past).history(instances);
  };
}

async function openSamples({ s3, cloudFormation, stack, clock, ...given }: StackSamplesOptions): Promise<PastFigures> {
  const bucket = given.bucket ?? (await bucketOf(cloudFormation, stack));
  return bucket === null ? NOTHING_KNOWN : pastSamples({ s3, bucket, clock, log: QUIET });
}

async function bucketOf(cloudFormation: CloudFormation, stack: string): Promise<string | null> {
  try {
    return (await stackOutputs(cloudFormation, stack))?.StateBucketName ?? null;
  } catch (error) {
    if (!isAccessDenied(error)) throw error;
    throw new Error(
      `the past of the instances takes the right cloudformation:DescribeStacks on ${stack}, whose outputs name the bucket (${errorText(error)})`,
      { cause: error },
    );
  }
}
