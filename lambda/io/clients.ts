/**
 * The SDK's clients, and the narrow types under which the rest of io/ takes them. Region, credentials and endpoint
 * come from the SDK's own chain (`AWS_REGION`, `AWS_PROFILE`, `AWS_ENDPOINT_URL`, ...).
 */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EC2InstanceConnectClient } from '@aws-sdk/client-ec2-instance-connect';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';

/** What io/ needs of a client: `send`, typed by the command it is given. */
export type CloudFormation = Pick<CloudFormationClient, 'send'>;
export type CloudWatch = Pick<CloudWatchClient, 'send'>;
export type DynamoDb = Pick<DynamoDBClient, 'send'>;
export type Ec2 = Pick<EC2Client, 'send'>;
export type InstanceConnect = Pick<EC2InstanceConnectClient, 'send'>;
export type Sns = Pick<SNSClient, 'send'>;
export type Ssm = Pick<SSMClient, 'send'>;

/**
 * Adaptive retry slows a client down once AWS throttles it: these quotas are shared with every other tool in the
 * account. The SDK waits for ever by default; in a VPC that lacks an endpoint that would be the whole run.
 */
const common = (region?: string) => ({
  ...(region !== undefined && { region }),
  retryMode: 'adaptive',
  maxAttempts: 5,
  customUserAgent: 'crawlwatch',
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
});

export const ec2Client = (region?: string): EC2Client => new EC2Client(common(region));
export const instanceConnectClient = (region?: string): EC2InstanceConnectClient =>
  new EC2InstanceConnectClient(common(region));
export const ssmClient = (region?: string): SSMClient => new SSMClient(common(region));
export const cloudWatchClient = (region?: string): CloudWatchClient => new CloudWatchClient(common(region));
export const snsClient = (region?: string): SNSClient => new SNSClient(common(region));
export const secretsManagerClient = (region?: string): SecretsManagerClient => new SecretsManagerClient(common(region));
export const cloudFormationClient = (region?: string): CloudFormationClient => new CloudFormationClient(common(region));
export const dynamoDbClient = (region?: string): DynamoDBClient => new DynamoDBClient(common(region));
