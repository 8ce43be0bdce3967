/** The version of CDK's bootstrap, which its stack leaves in a parameter. */
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import type { Ssm } from '../../lambda/kit/index.ts';
import { errorCode } from '../../lambda/kit/index.ts';

/** Null: this account and Region are not bootstrapped. @param qualifier CDK's: `hnb659fds` unless cdk.json has another */
export async function bootstrapVersion(ssm: Ssm, qualifier: string): Promise<number | null> {
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: `/cdk-bootstrap/${qualifier}/version` }));
    return Number(Parameter?.Value ?? 0);
  } catch (error) {
    if (errorCode(error) === 'ParameterNotFound') return null;
    throw error;
  }
}
