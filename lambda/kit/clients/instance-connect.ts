import { EC2InstanceConnectClient } from '@aws-sdk/client-ec2-instance-connect';
import { type Credentials, clientConfig } from './config.ts';

export type InstanceConnect = Pick<EC2InstanceConnectClient, 'send'>;

export const instanceConnectClient = (region?: string, credentials?: Credentials): EC2InstanceConnectClient =>
  new EC2InstanceConnectClient(clientConfig(region, credentials));
