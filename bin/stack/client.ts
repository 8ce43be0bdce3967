/** What the commands need of the world, and the fleet that a stack watches. */
import { setTimeout as wait } from 'node:timers/promises';
import { findFleet } from '../../lambda/discover/index.ts';
import {
  type CloudFormation,
  cloudFormationClient,
  type Ec2,
  ec2Client,
  type Lambda,
  patientLambdaClient,
} from '../../lambda/kit/index.ts';
import type { Instance } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import { settingsFor } from '../settings/index.ts';
import type { CommandIo } from '../terminal/index.ts';

export interface StackFlags {
  readonly stack: string;
}

/** What the commands need of the world besides the terminal. */
export interface StackPorts {
  readonly ec2: Ec2;
  readonly cloudFormation: CloudFormation;
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
  /** Every watched instance in any state but terminated. */
  readonly instances: readonly Instance[];
}

/** @throws UsageError without credentials or a Region, or where AWS refuses. */
export async function openFleet(io: CommandIo, ports: StackPorts): Promise<Fleet> {
  const settings = await settingsFor({}, io);
  const region = await ports.region();
  const instances = await findFleet(ports.ec2, region, settings);
  return { settings, region, instances };
}
