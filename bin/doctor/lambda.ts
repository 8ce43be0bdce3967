/** The configuration of a deployed function: its settings, and where it connects from. */
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
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
