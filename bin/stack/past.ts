/** What the stack's checks remember of its instances, read with the rights of the person at the terminal. */
import type { Ports, StatePort } from '../../lambda/check/index.ts';
import type { CloudFormation, S3 } from '../../lambda/kit/index.ts';
import { errorText, isAccessDenied, packedReader } from '../../lambda/kit/index.ts';
import {
  fromTags,
  loadState,
  NOTHING_KNOWN,
  type PastFigures,
  pastSamples,
  withState,
} from '../../lambda/memory/index.ts';
import { type Clock, EMPTY_STATE, type Instance } from '../../lambda/model/index.ts';
import { QUIET } from '../terminal/index.ts';
import { stackOutputs } from './cloudformation.ts';

export interface StackPastOptions {
  readonly s3: S3;
  readonly cloudFormation: CloudFormation;
  /** The bucket, where the environment names it; null: the stack's outputs do. */
  readonly bucket: string | null;
  readonly stack: string;
  /** A person named the stack, or asks for what only a stack has: that there is none is worth a word. */
  readonly isExpected: boolean;
  readonly clock: Clock;
}

/**
 * Nothing is known where there is no such stack and none is expected, or one without a bucket. Rejects with the right that is missing: the
 * check then reports it and goes on without.
 */
export function stackPast(options: StackPastOptions): {
  readonly history: Ports['history'];
  readonly state: StatePort;
} {
  const { s3, clock } = options;
  let bucket: Promise<string | null> | undefined;
  const findBucket = () => {
    bucket ??= options.bucket === null ? bucketOf(options) : Promise.resolve(options.bucket);
    return bucket;
  };
  let past: PastFigures | undefined;
  return {
    history: async (instances) => {
      const name = await findBucket();
      past ??= name === null ? NOTHING_KNOWN : pastSamples({ s3, bucket: name, clock, log: QUIET });
      return past.history(instances);
    },
    state: {
      load: async () => {
        const name = await findBucket();
        return name === null
          ? { state: EMPTY_STATE, etag: null, beginsEmpty: null }
          : loadState(packedReader(s3, name));
      },
      save: async () => null,
    },
  };
}

/**
 * The instances with what is remembered of them; where that can't be read, with what their tags show.
 * @param unread called with the error where it can't be read, an Error that names the right if one is missing
 */
export async function withStackState(
  found: readonly Instance[],
  options: StackPastOptions,
  unread: (error: unknown) => void = () => {},
): Promise<Instance[]> {
  const loaded = await stackPast(options)
    .state.load()
    .catch((error: unknown) => {
      unread(error);
      return null;
    });
  const isKnown = loaded !== null && loaded.state.at !== null;
  return found.map((one) => (isKnown ? withState(one, loaded.state) : fromTags(one)));
}

async function bucketOf({ cloudFormation, stack, isExpected }: StackPastOptions): Promise<string | null> {
  let outputs: Awaited<ReturnType<typeof stackOutputs>>;
  try {
    outputs = await stackOutputs(cloudFormation, stack);
  } catch (error) {
    if (!isAccessDenied(error)) throw error;
    throw new Error(
      `the past of the instances takes the right cloudformation:DescribeStacks on ${stack}, whose outputs name the bucket (${errorText(error)})`,
      { cause: error },
    );
  }
  if (outputs === null && isExpected)
    throw new Error(`there is no stack ${stack} in this Region; --stack NAME names another`);
  return outputs?.StateBucketName ?? null;
}
