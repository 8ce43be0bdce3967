import { EC2Client } from '@aws-sdk/client-ec2';
import { type Credentials, clientConfig, type Once, once, onceConfig } from './config.ts';

/** The whole of it where features read lists, which the SDK's paginators ask for. */
export type Ec2 = EC2Client;

export const ec2Client = (region?: string, credentials?: Credentials): EC2Client =>
  new EC2Client(clientConfig(region, credentials));
/** For RebootInstances. @param timeoutMs how long to wait for an answer */
export const ec2OnceClient = (region?: string, timeoutMs?: number): Once<EC2Client> =>
  once(new EC2Client(onceConfig(region, timeoutMs)));
