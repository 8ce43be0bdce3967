/** What the commands need of the world, and the fleet that a stack watches. */
import { setTimeout as wait } from 'node:timers/promises';
import { findFleet } from '../../lambda/discover/index.ts';
import {
  type CloudFormation,
  cloudFormationClient,
  type Ec2,
  ec2Client,
  errorText,
  forTerminal,
  type Lambda,
  messageOf,
  patientLambdaClient,
  type S3,
} from '../../lambda/kit/index.ts';
import type { FleetState, Instance } from '../../lambda/model/index.ts';
import { fromEnvironment, type Settings } from '../../lambda/settings/index.ts';
import { settingsFor } from '../settings/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { stackPast, withStackState } from './past.ts';
import { stackS3Client } from './s3.ts';

export interface StackFlags {
  readonly stack: string;
}

/** What the commands need of the world besides the terminal. */
export interface StackPorts {
  readonly ec2: Ec2;
  readonly cloudFormation: CloudFormation;
  readonly s3: S3;
  lambda(region: string | undefined): Lambda;
  /** @throws what the SDK throws without credentials or a Region */
  region(): Promise<string>;
  now(): Date;
  /** Resolves early when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export function stackPorts(): StackPorts {
  const ec2 = ec2Client();
  return {
    ec2,
    cloudFormation: cloudFormationClient(),
    s3: stackS3Client(process.env),
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
  /** Whose checks remember what is remembered of the instances. */
  readonly stack: string;
  /** Every watched instance in any state but terminated, with what is remembered of it. */
  readonly instances: readonly Instance[];
}

/**
 * The instances with what the stack's checks remember of them, as far as this person may read it.
 * @param unread called with the error where it can't be read, and tags are all there is
 */
export function remembered(
  found: readonly Instance[],
  stack: string,
  io: CommandIo,
  { s3, cloudFormation, now }: StackPorts,
  unread?: (error: unknown) => void,
): Promise<Instance[]> {
  const { bucket } = fromEnvironment(io.env);
  return withStackState(found, { s3, cloudFormation, bucket, stack, isExpected: true, clock: { now } }, unread);
}

/**
 * The fleet as its tags show it: for what needs nothing that checks remember.
 * @throws UsageError without credentials or a Region, or where AWS refuses.
 */
export async function openTags({ stack }: StackFlags, io: CommandIo, ports: StackPorts): Promise<Fleet> {
  const settings = await settingsFor({}, io);
  const region = await ports.region();
  return { settings, region, stack, instances: await findFleet(ports.ec2, region, settings) };
}

/** @throws UsageError without credentials or a Region, or where AWS refuses. */
export async function openFleet(flags: StackFlags, io: CommandIo, ports: StackPorts): Promise<Fleet> {
  const { stack } = flags;
  const fleet = await openTags(flags, io, ports);
  const instances = await remembered(fleet.instances, stack, io, ports, (error) =>
    io.stderr.write(
      `crawlwatch: what checks remember can't be read, so this goes by the tags: ${forTerminal(errorText(error).replace(/^Error: /, ''))}\n`,
    ),
  );
  return { ...fleet, instances };
}

/**
 * The watched instances as they are now, and all that the stack's checks remember, of instances that are gone as well.
 * @throws UsageError where nothing is remembered, or it can't be read, with the right that is missing
 */
export async function openState(
  { stack }: StackFlags,
  io: CommandIo,
  { ec2, s3, cloudFormation, region: regionOf, now }: StackPorts,
): Promise<Fleet & { readonly state: FleetState }> {
  const settings = await settingsFor({}, io);
  const region = await regionOf();
  const { bucket } = fromEnvironment(io.env);
  const [instances, { state, beginsEmpty }] = await Promise.all([
    findFleet(ec2, region, settings),
    stackPast({ s3, cloudFormation, bucket, stack, isExpected: true, clock: { now } })
      .state.load()
      .catch((error: unknown) => {
        throw new UsageError(`what checks remember can't be read: ${forTerminal(messageOf(error))}`, { cause: error });
      }),
  ]);
  if (state.at === null) {
    throw new UsageError(
      `no check of ${stack} in ${region} has left anything to read${beginsEmpty === null ? '' : ` (${beginsEmpty})`}; deploy it (crawlwatch deploy), or give --stack NAME or another AWS_REGION`,
    );
  }
  return { settings, region, stack, instances, state };
}
