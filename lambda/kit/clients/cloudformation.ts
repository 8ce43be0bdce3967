import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { clientConfig } from './config.ts';

export type CloudFormation = Pick<CloudFormationClient, 'send'>;

export const cloudFormationClient = (region?: string): CloudFormationClient =>
  new CloudFormationClient(clientConfig(region));
