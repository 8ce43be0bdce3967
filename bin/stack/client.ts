/** The fleet and the remedy function of a deployed stack, as the commands that act reach them. */
import { setTimeout as wait } from 'node:timers/promises';
import { findFleet } from '../../lambda/discover/index.ts';
import {
  type CloudFormation,
  cloudFormationClient,
  type Ec2,
  ec2Client,
  isAccessDenied,
  type Lambda,
  patientLambdaClient,
} from '../../lambda/kit/index.ts';
import type { Instance } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import { settingsFor } from '../settings/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { explainAwsError, UsageError } from '../terminal/index.ts';
import { type Answer, type Request, readAnswer } from './answer.ts';
import { stackFlag } from './asking.ts';
import { stackOutputs } from './cloudformation.ts';
import { invokeRemedy, RemedyFunctionError } from './lambda.ts';

export interface StackFlags {
  readonly stack: string;
}

/** What acting touches, beyond the terminal. */
export interface World {
  readonly ec2: Ec2;
  readonly cloudFormation: CloudFormation;
  lambda(region: string | undefined): Lambda;
  /** @throws what the SDK throws without credentials or a Region */
  region(): Promise<string>;
  now(): Date;
  /** Ends early, without a word, when the signal does. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export function awsWorld(): World {
  const ec2 = ec2Client();
  return {
    ec2,
    cloudFormation: cloudFormationClient(),
    lambda: patientLambdaClient,
    region: async () => {
      await ec2.config.credentials();
      return ec2.config.region();
    },
    now: () => new Date(),
    sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
  };
}

export interface Fleet {
  readonly settings: Settings;
  readonly region: string;
  /** Every watched instance, whatever its state short of terminated. */
  readonly instances: readonly Instance[];
}

/** @throws UsageError without credentials or a Region, or where AWS refuses. */
export async function openFleet(io: CommandIo, world: World): Promise<Fleet> {
  const settings = await settingsFor({}, io);
  const region = await world.region();
  const instances = await findFleet(world.ec2, region, settings);
  return { settings, region, instances };
}

/** Asks the remedy function; where it is known to refuse, its answer says why. */
export type Ask = (request: Request) => Promise<Answer>;

/** @throws UsageError where there is no such stack; the asking throws one where no answer came. */
export async function openRemedy({ stack }: StackFlags, world: World): Promise<Ask> {
  const outputs = await stackOutputs(world.cloudFormation, stack);
  const name = outputs?.RemedyFunctionName;
  if (outputs === null || name === undefined) {
    throw new UsageError(
      `no stack ${stack} of crawlwatch here: npx cdk deploy, or --stack NAME, or another AWS_REGION`,
    );
  }
  const lambda = world.lambda(outputs.RemedyFunctionArn?.split(':')[3]);
  const invoked = async (request: Request): Promise<unknown> => {
    try {
      return await invokeRemedy(lambda, name, request);
    } catch (error) {
      const said =
        error instanceof RemedyFunctionError
          ? `the remedy function gave no answer: ${error.message}`
          : explainAwsError(error)?.message;
      if (said === undefined || isAccessDenied(error)) throw error;
      const inDoubt =
        'instanceId' in request && request.action !== 'history'
          ? `; whether it was done tells: crawlwatch history ${request.instanceId}${stackFlag(stack)}`
          : '';
      throw new UsageError(`${said}${inDoubt}`, { cause: error });
    }
  };
  return async (request) => readAnswer(await invoked(request));
}
