/** The account into which the stack is deployed: its clients, its fleet, and what it tells afterwards. */
import { CloudWatchClient, GetMetricDataCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PUBLISHED_TEXTS } from '../support/moto.ts';

export interface Host {
  readonly name: string;
  readonly address: string;
  readonly sshPort: number;
}

export interface Fleet {
  readonly vpcId: string;
  readonly subnetId: string;
  /** By name. */
  readonly ids: ReadonlyMap<string, string>;
}

export interface Message {
  readonly subject: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, { readonly Value: string }>>;
}

export type Account = ReturnType<typeof accountAt>;

export function accountAt(endpoint: string) {
  const common = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const ec2 = new EC2Client(common);
  const cloudWatch = new CloudWatchClient(common);
  const secrets = new SecretsManagerClient(common);
  const sns = new SNSClient(common);
  const sqs = new SQSClient(common);
  const s3 = new S3Client({ ...common, forcePathStyle: true });

  return {
    /** Tagged instances whose private addresses are on this machine's loopback. */
    async launch(hosts: readonly Host[]): Promise<Fleet> {
      const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '127.0.0.0/16' }));
      const vpcId = Vpc!.VpcId!;
      const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: '127.0.1.0/24' }));
      const subnetId = Subnet!.SubnetId!;
      const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
      const ImageId = Images!.find((image) => image.Platform?.toLowerCase() !== 'windows')!.ImageId!;
      const ids = new Map<string, string>();
      for (const { name, address, sshPort } of hosts) {
        const { Instances } = await ec2.send(
          new RunInstancesCommand({
            ImageId,
            MinCount: 1,
            MaxCount: 1,
            SubnetId: subnetId,
            PrivateIpAddress: address,
            TagSpecifications: [
              {
                ResourceType: 'instance',
                Tags: [
                  { Key: 'Name', Value: name },
                  { Key: 'crawlwatch', Value: 'true' },
                  { Key: 'crawlwatch:ssh', Value: `port=${sshPort}` },
                ],
              },
            ],
          }),
        );
        ids.set(name, Instances![0]!.InstanceId!);
      }
      return { vpcId, subnetId, ids };
    },

    /** Returns the secret's ARN. */
    async keep(name: string, text: string): Promise<string> {
      return (await secrets.send(new CreateSecretCommand({ Name: name, SecretString: text }))).ARN!;
    },

    async putFile(bucket: string, key: string): Promise<void> {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'kept' }));
    },

    /** Null: there is no such bucket. */
    async filesIn(bucket: string): Promise<string[] | null> {
      const isThere = await s3.send(new HeadBucketCommand({ Bucket: bucket })).then(
        () => true,
        () => false,
      );
      if (!isThere) return null;
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key }) => Key ?? '').toSorted();
    },

    async tagsOf(id: string): Promise<Record<string, string>> {
      const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
      return Object.fromEntries(Reservations![0]!.Instances![0]!.Tags!.map(({ Key, Value }) => [Key, Value]));
    },

    /** Names of the namespace's metrics, those of an instance with its id, sorted. */
    async metrics(): Promise<string[]> {
      const { Metrics = [] } = await cloudWatch.send(new ListMetricsCommand({ Namespace: 'Crawlwatch' }));
      const idOf = (metric: (typeof Metrics)[number]) =>
        metric.Dimensions?.find(({ Name }) => Name === 'InstanceId')?.Value;
      return [
        ...new Set(Metrics.map((metric) => [metric.MetricName, idOf(metric)].filter(Boolean).join(' '))),
      ].toSorted();
    },

    /** Values of one metric, newest first. */
    async values(name: string, dimensions: Record<string, string> = {}): Promise<number[]> {
      const { MetricDataResults } = await cloudWatch.send(
        new GetMetricDataCommand({
          // One period, now in its middle: at its edge the values of a test would fall on both sides.
          StartTime: new Date(Date.now() - 1_800_000),
          EndTime: new Date(Date.now() + 1_800_000),
          MetricDataQueries: [
            {
              Id: 'm',
              MetricStat: {
                Metric: {
                  Namespace: 'Crawlwatch',
                  MetricName: name,
                  Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
                },
                Period: 3600,
                Stat: 'Minimum',
              },
            },
          ],
        }),
      );
      return MetricDataResults?.[0]?.Values ?? [];
    },

    /** Returns a function that gives the messages published since it was last asked, as a subscriber by e-mail gets them. */
    async listen(topicArn: string): Promise<() => Promise<Message[]>> {
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'listener' }));
      const queueArn = `arn:aws:sqs:us-east-1:123456789012:listener`;
      await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint: queueArn }));
      return async () => {
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
        // Received only, they come again after half a minute.
        for (const { ReceiptHandle } of Messages) {
          await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
        return Messages.map(({ Body }) => {
          const { MessageId, Subject, MessageAttributes } = JSON.parse(Body!);
          return { subject: Subject, body: PUBLISHED_TEXTS.get(MessageId) ?? '', attributes: MessageAttributes };
        });
      };
    },

    /** What there is of a kind that a stack may make, as `service name`, sorted. */
    async everything(): Promise<string[]> {
      const signedFor = (service: string) => ({
        authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request`,
      });
      const raw = async (service: string, names: RegExp, init: RequestInit & { path?: string } = {}) => {
        const { path = '/', headers, ...rest } = init;
        const response = await fetch(`${endpoint}${path}`, { ...rest, headers: { ...headers, ...signedFor(service) } });
        if (!response.ok) throw new Error(`${service}: ${response.status} ${await response.text()}`);
        return [...(await response.text()).matchAll(names)].map(([, name]) => `${service} ${name}`);
      };
      const json = (target: string, body: object = {}) => ({
        method: 'POST',
        headers: { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' },
        body: JSON.stringify(body),
      });
      const query = (action: string, version: string) => ({
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `Action=${action}&Version=${version}`,
      });
      const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
      const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
      const found = await Promise.all([
        raw('iam', /<RoleName>([^<]+)/g, query('ListRoles', '2010-05-08')),
        raw('sns', /<TopicArn>([^<]+)/g, query('ListTopics', '2010-03-31')),
        raw('sns', /<SubscriptionArn>([^<]+)/g, query('ListSubscriptions', '2010-03-31')),
        raw('sqs', /"(https?:[^"]+)"/g, { ...json('AmazonSQS.ListQueues') }),
        raw('cloudformation', /<StackName>([^<]+)/g, query('DescribeStacks', '2010-05-15')),
        raw('monitoring', /<AlarmName>([^<]+)/g, query('DescribeAlarms', '2010-08-01')),
        raw('monitoring', /<DashboardName>([^<]+)/g, query('ListDashboards', '2010-08-01')),
        raw('logs', /"logGroupName": ?"([^"]+)/g, json('Logs_20140328.DescribeLogGroups')),
        raw(
          'ssm',
          /"Name": ?"([^"]+)/g,
          json('AmazonSSM.ListDocuments', { Filters: [{ Key: 'Owner', Values: ['Self'] }] }),
        ),
        raw('ssm', /"Name": ?"([^"]+)/g, json('AmazonSSM.DescribeParameters')),
        raw('dynamodb', /"([^"]+)"(?=[,\]])/g, json('DynamoDB_20120810.ListTables')),
        raw('lambda', /"FunctionName": ?"([^"]+)/g, { path: '/2015-03-31/functions/' }),
        raw('scheduler', /"Name": ?"([^"]+)/g, { path: '/schedules' }),
        raw('kms', /"KeyId": ?"([^"]+)/g, json('TrentService.ListKeys')),
        raw('states', /"name": ?"([^"]+)/g, json('AWSStepFunctions.ListStateMachines')),
      ]);
      return [
        ...found.flat(),
        ...SecurityGroups.map(({ GroupName }) => `ec2 ${GroupName}`),
        ...Buckets.map(({ Name }) => `s3 ${Name}`),
      ].toSorted();
    },

    /** The environment and the time-out that the function was deployed with. */
    async functionNamed(name: string) {
      // The Lambda client would be a dependency for this one line; the server reads the service from the signature.
      const authorization = 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request';
      const url = `${endpoint}/2015-03-31/functions/${name}/configuration`;
      const response = await fetch(url, { headers: { authorization } });
      return (await response.json()) as {
        readonly Runtime: string;
        readonly Handler: string;
        readonly Timeout: number;
        readonly Environment: { readonly Variables: Record<string, string> };
      };
    },
  };
}
