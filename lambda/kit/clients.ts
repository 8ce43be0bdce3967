/**
 * The SDK's clients, and the narrow types under which the rest of io/ takes them. Region, credentials and endpoint
 * come from the SDK's own chain (`AWS_REGION`, `AWS_PROFILE`, `AWS_ENDPOINT_URL`, ...).
 */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EC2InstanceConnectClient } from '@aws-sdk/client-ec2-instance-connect';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';

/** What io/ needs of a client: `send`, typed by the command it is given. */
export type CloudFormation = Pick<CloudFormationClient, 'send'>;
export type CloudWatch = Pick<CloudWatchClient, 'send'>;
export type DynamoDb = Pick<DynamoDBClient, 'send'>;
export type Ec2 = Pick<EC2Client, 'send'>;
export type InstanceConnect = Pick<EC2InstanceConnectClient, 'send'>;
export type Lambda = Pick<LambdaClient, 'send'>;
export type Sns = Pick<SNSClient, 'send'>;
export type Ssm = Pick<SSMClient, 'send'>;

/** Asked anew when what it gave last is about to expire. */
export type Credentials = () => Promise<MemberCredentials>;

/**
 * Adaptive retry slows a client down once AWS throttles it: these quotas are shared with every other tool in the
 * account. The SDK waits for ever by default; in a VPC that lacks an endpoint that would be the whole run.
 */
const common = (region?: string, credentials?: Credentials) => ({
  ...(region !== undefined && { region }),
  ...(credentials !== undefined && { credentials }),
  retryMode: 'adaptive',
  maxAttempts: 5,
  customUserAgent: 'crawlwatch',
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
});

export const ec2Client = (region?: string, credentials?: Credentials): EC2Client =>
  new EC2Client(common(region, credentials));
export const instanceConnectClient = (region?: string, credentials?: Credentials): EC2InstanceConnectClient =>
  new EC2InstanceConnectClient(common(region, credentials));
export const ssmClient = (region?: string, credentials?: Credentials): SSMClient =>
  new SSMClient(common(region, credentials));
/** Of a Region: what its own STS gives is good in every Region, an opt-in one too. */
export const stsClient = (region: string): STSClient => new STSClient(common(region));
export const cloudWatchClient = (region?: string): CloudWatchClient => new CloudWatchClient(common(region));
export const s3Client = (region?: string): S3Client => new S3Client(common(region));
export const snsClient = (region?: string): SNSClient => new SNSClient(common(region));
export const secretsManagerClient = (region?: string): SecretsManagerClient => new SecretsManagerClient(common(region));
export const cloudFormationClient = (region?: string): CloudFormationClient => new CloudFormationClient(common(region));
export const dynamoDbClient = (region?: string): DynamoDBClient => new DynamoDBClient(common(region));
export const lambdaClient = (region?: string): LambdaClient => new LambdaClient(common(region));
/**
 * For somebody who waits until a function has done its work, five minutes at most. Asked once only: a call whose answer
 * got lost may have acted.
 */
export const patientLambdaClient = (region?: string): LambdaClient =>
  new LambdaClient({
    ...common(region),
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 330_000, throwOnRequestTimeout: true },
  });

export type S3 = Pick<S3Client, 'send'>;

/** As the SDK's clients take them; `expiration` has them ask again in time. */
export interface MemberCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}
