/** Whose credentials these are. */
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { clientConfig } from '../../lambda/kit/index.ts';

export interface Identity {
  /** Twelve digits. */
  readonly account: string;
  readonly arn: string;
}

/** Takes no permission. https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
export async function callerIdentity(region: string): Promise<Identity> {
  const { Account = '', Arn = '' } = await new STSClient(clientConfig(region)).send(new GetCallerIdentityCommand({}));
  return { account: Account, arn: Arn };
}
