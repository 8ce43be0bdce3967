/** The configuration of a deployed function: its settings, and where it connects from; and the account's limit. */
import { GetAccountSettingsCommand, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import type { Lambda } from '../../lambda/kit/index.ts';

export interface FunctionConfiguration {
  readonly environment: Readonly<Record<string, string>>;
  /** Null: in no VPC. */
  readonly vpcId: string | null;
  readonly subnetIds: readonly string[];
  readonly groupIds: readonly string[];
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html */
export async function functionConfiguration(lambda: Lambda, name: string): Promise<FunctionConfiguration> {
  const { Environment, VpcConfig } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
  return {
    environment: Environment?.Variables ?? {},
    // For a function that was taken out of its VPC Lambda returns an empty id.
    vpcId: VpcConfig?.VpcId || null,
    subnetIds: VpcConfig?.SubnetIds ?? [],
    groupIds: VpcConfig?.SecurityGroupIds ?? [],
  };
}

/** How many functions may run at once. */
export interface Concurrency {
  /** Of the account in this Region. */
  readonly all: number;
  /** What no function has reserved. */
  readonly unreserved: number;
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html */
export async function accountConcurrency(lambda: Lambda): Promise<Concurrency> {
  const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
  const { ConcurrentExecutions: all, UnreservedConcurrentExecutions: unreserved } = AccountLimit ?? {};
  if (all === undefined) throw new Error('Lambda gave no limit of concurrent executions');
  return { all, unreserved: unreserved ?? all };
}
