import { SSMClient } from '@aws-sdk/client-ssm';
import { type Credentials, clientConfig, type Once, once, onceConfig } from './config.ts';

export type Ssm = SSMClient;

export const ssmClient = (region?: string, credentials?: Credentials): SSMClient =>
  new SSMClient(clientConfig(region, credentials));
/** For SendCommand of what changes a host. */
export const ssmOnceClient = (region?: string, timeoutMs?: number): Once<SSMClient> =>
  once(new SSMClient(onceConfig(region, timeoutMs)));
