/** A deployed stack in the sandbox: its outputs, its check function, its document, and AWS's own metrics of them. */
import {
  CloudFormationServiceException,
  DescribeStacksCommand,
  type StackStatus,
} from '@aws-sdk/client-cloudformation';
import {
  CloudWatchClient,
  CloudWatchServiceException,
  GetMetricDataCommand,
  type GetMetricDataCommandOutput,
} from '@aws-sdk/client-cloudwatch';
import { GetFunctionConfigurationCommand, LambdaServiceException } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { ListDocumentsCommand } from '@aws-sdk/client-ssm';
import { DEFAULT_STACK_NAME, ENV } from '../lambda/model/index.ts';
import type { Settings } from '../lambda/settings/index.ts';
import type { SandboxAws } from './aws.ts';
import { Service, serviceFor } from './aws-service.ts';

/** Tests may change anything here between calls. */
export interface SandboxStack {
  /** Null: there is no stack. */
  outputs: Record<string, string> | null;
  /** CloudFormation's word for its state. */
  status: StackStatus;
  /** What the check function runs with. */
  settings: Settings;
  vpc: { readonly VpcId: string; readonly SubnetIds: string[]; readonly SecurityGroupIds: string[] } | null;
  /** By ARN. */
  readonly secrets: Map<string, string>;
  /** Values of metrics in AWS's own namespaces, by name. */
  readonly counted: Map<string, readonly { readonly at: Date; readonly value: number }[]>;
  readonly cloudFormation: Service;
  readonly lambda: Service;
  readonly secretsManager: Service;
  /** The sandbox's CloudWatch, with AWS's own namespaces as well. */
  readonly cloudWatch: Service & CloudWatchClient;
}

/** Deploys the stack into a sandbox. */
export function deployStack(aws: SandboxAws, settings: Settings): SandboxStack {
  const stack: SandboxStack = {
    outputs: {
      AlertsTopicArn: aws.topic.arn,
      CheckFunctionName: `${DEFAULT_STACK_NAME}-Check`,
      LogGroupName: `${DEFAULT_STACK_NAME}-CheckLogs`,
      StateBucketName: aws.bucket.name,
    },
    status: 'CREATE_COMPLETE',
    settings,
    vpc: null,
    secrets: new Map(),
    counted: new Map(),
    cloudFormation: new Service(CloudFormationServiceException),
    lambda: new Service(LambdaServiceException),
    secretsManager: new Service(SecretsManagerServiceException),
    cloudWatch: serviceFor(CloudWatchClient, CloudWatchServiceException),
  };
  stack.cloudFormation.on(DescribeStacksCommand, ({ StackName = '' }) => {
    if (stack.outputs === null || StackName !== DEFAULT_STACK_NAME) {
      throw stack.cloudFormation.error('ValidationError', `Stack with id ${StackName} does not exist`);
    }
    const Outputs = Object.entries(stack.outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
    return { Stacks: [{ StackName, CreationTime: aws.now(), StackStatus: stack.status, Outputs }] };
  });
  stack.lambda.on(GetFunctionConfigurationCommand, () => ({
    Environment: { Variables: { [ENV.settings]: JSON.stringify(stack.settings) } },
    VpcConfig: stack.vpc ?? { VpcId: '', SubnetIds: [], SecurityGroupIds: [] },
  }));
  stack.secretsManager.on(GetSecretValueCommand, ({ SecretId = '' }) => {
    const SecretString = stack.secrets.get(SecretId);
    if (SecretString === undefined) {
      throw stack.secretsManager.error('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return { SecretString };
  });
  stack.cloudWatch.on(GetMetricDataCommand, async (input) => {
    const { MetricDataQueries = [], StartTime, EndTime } = input;
    const isAws = MetricDataQueries.some(({ MetricStat }) => MetricStat?.Metric?.Namespace?.startsWith('AWS/'));
    if (!isAws) return aws.cloudwatch.send<GetMetricDataCommandOutput>(new GetMetricDataCommand(input));
    return {
      MetricDataResults: MetricDataQueries.map(({ Id, MetricStat }) => {
        const values = (stack.counted.get(MetricStat?.Metric?.MetricName ?? '') ?? []).filter(
          ({ at }) => StartTime !== undefined && EndTime !== undefined && at >= StartTime && at < EndTime,
        );
        return { Id, Timestamps: values.map(({ at }) => at), Values: values.map(({ value }) => value) };
      }),
    };
  });
  aws.ssm.on(ListDocumentsCommand, () => ({
    DocumentIdentifiers: stack.outputs === null ? [] : [{ Name: aws.documentName }],
  }));
  return stack;
}
