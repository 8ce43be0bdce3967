/**
 * The SDK's clients, and the types by which features take them. Region, credentials and endpoint
 * come from the SDK's own chain (`AWS_REGION`, `AWS_PROFILE`, `AWS_ENDPOINT_URL`, ...).
 */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { EC2InstanceConnectClient } from '@aws-sdk/client-ec2-instance-connect';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';

/** What features need of a client: `send`, or the whole of it where they read lists, which the SDK's paginators ask for. */
export type CloudFormation = Pick<CloudFormationClient, 'send'>;
export type CloudWatch = CloudWatchClient;
export type DynamoDb = Pick<DynamoDBClient, 'send'>;
export type Ec2 = EC2Client;
export type EventBridge = Pick<EventBridgeClient, 'send'>;
export type InstanceConnect = Pick<EC2InstanceConnectClient, 'send'>;
export type Lambda = Pick<LambdaClient, 'send'>;
export type Sns = SNSClient;
export type Ssm = SSMClient;

/**
 * A client that sends each call once, for calls of which a second has an effect of its own. Where no answer comes, the
 * caller knows no more than that, and must find out.
 */
export type Once<Client> = Client & { readonly sentOnce: true };

/** As every client takes them. */
export type Credentials = Extract<NonNullable<EC2ClientConfig['credentials']>, () => unknown>;

/**
 * Adaptive retry slows a client down once AWS throttles it: these quotas are shared with every other tool in the
 * account. By default the SDK waits for ever, which in a VPC that lacks an endpoint is the whole run.
 */
export const clientConfig = (region?: string, credentials?: Credentials) => ({
  ...(region !== undefined && { region }),
  ...(credentials !== undefined && { credentials }),
  retryMode: 'adaptive',
  maxAttempts: 5,
  customUserAgent: 'crawlwatch',
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
});

/**
 * One attempt, over a connection of its own: a kept one may have been closed on the other side while Lambda had this
 * process frozen, and its reset would read as a lost answer.
 */
const onceConfig = (region?: string, timeoutMs = 15_000) => ({
  ...clientConfig(region),
  retryMode: 'standard',
  maxAttempts: 1,
  requestHandler: {
    connectionTimeout: 3_000,
    requestTimeout: timeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: false },
    httpsAgent: { keepAlive: false },
  },
});
const once = <Client extends object>(client: Client): Once<Client> =>
  Object.assign(client, { sentOnce: true as const });

/** For RebootInstances. @param timeoutMs how long to wait for an answer */
export const ec2OnceClient = (region?: string, timeoutMs?: number): Once<EC2Client> =>
  once(new EC2Client(onceConfig(region, timeoutMs)));
/** For SendCommand of what changes a host. */
export const ssmOnceClient = (region?: string, timeoutMs?: number): Once<SSMClient> =>
  once(new SSMClient(onceConfig(region, timeoutMs)));
/** For Publish: a second one is a second mail. */
export const snsOnceClient = (region?: string, timeoutMs?: number): Once<SNSClient> =>
  once(new SNSClient(onceConfig(region, timeoutMs)));

/** Waits less than the others: what it sends goes out before the mail, which it must not keep back for long. */
export const eventBridgeClient = (region?: string): EventBridgeClient =>
  new EventBridgeClient({
    ...clientConfig(region),
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });

export const ec2Client = (region?: string, credentials?: Credentials): EC2Client =>
  new EC2Client(clientConfig(region, credentials));
export const instanceConnectClient = (region?: string, credentials?: Credentials): EC2InstanceConnectClient =>
  new EC2InstanceConnectClient(clientConfig(region, credentials));
export const ssmClient = (region?: string, credentials?: Credentials): SSMClient =>
  new SSMClient(clientConfig(region, credentials));
export const cloudWatchClient = (region?: string, credentials?: Credentials): CloudWatchClient =>
  new CloudWatchClient(clientConfig(region, credentials));
/** @param forcePathStyle the bucket goes into the path, not into the host's name */
export const s3Client = (forcePathStyle = false): S3Client => new S3Client({ ...clientConfig(), forcePathStyle });
export const snsClient = (region?: string): SNSClient => new SNSClient(clientConfig(region));
export const secretsManagerClient = (region?: string): SecretsManagerClient =>
  new SecretsManagerClient(clientConfig(region));
export const cloudFormationClient = (region?: string): CloudFormationClient =>
  new CloudFormationClient(clientConfig(region));
export const dynamoDbClient = (region?: string): DynamoDBClient => new DynamoDBClient(clientConfig(region));
/** For Invoke of the remedy function, which takes five minutes at most: an answer that is lost may be that of an act. */
export const lambdaOnceClient = (region?: string, timeoutMs = 330_000): Once<LambdaClient> =>
  once(new LambdaClient(onceConfig(region, timeoutMs)));
/** For the looks of doctor. */
export const lambdaClient = (region?: string): LambdaClient => new LambdaClient(clientConfig(region));
/**
 * For callers that wait until a function has done its work, five minutes at most. Calls once only: a call whose answer
 * got lost may have acted.
 */
export const patientLambdaClient = (region?: string): LambdaClient =>
  new LambdaClient({
    ...clientConfig(region),
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 330_000, throwOnRequestTimeout: true },
  });

export type S3 = Pick<S3Client, 'send'>;
