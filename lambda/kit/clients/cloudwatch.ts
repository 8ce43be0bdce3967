import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { type Credentials, clientConfig } from './config.ts';

export type CloudWatch = CloudWatchClient;

export const cloudWatchClient = (region?: string, credentials?: Credentials): CloudWatchClient =>
  new CloudWatchClient(clientConfig(region, credentials));
