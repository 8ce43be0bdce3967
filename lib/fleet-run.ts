import { ArnFormat, type Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { SHARDS_AT_ONCE } from '../lambda/scale/index.ts';
import type { Settings } from '../lambda/settings/index.ts';
import { fleetRunDefinition } from './fleet-run-definition.ts';
import { nagName } from './permissions/index.ts';

const SHARD_LISTS = 'runs/*/shards.json';
/** ARN endings of the state machine's executions and of its map's, by the map's label in the definition. */
const EXECUTIONS = [':*', '/Shard:*'];

export interface FleetRunProps {
  readonly settings: Settings;
  readonly check: IFunction;
  readonly bucket: Bucket;
  /** The check function's timeout. */
  readonly timeout: Duration;
}

/** The state machine that checks a fleet too large for one function. */
export class FleetRun extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, { settings, check, bucket, timeout }: FleetRunProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({ sid: 'RunCheck', actions: ['lambda:InvokeFunction'], resources: [check.functionArn] }),
    );
    role.addToPolicy(
      new PolicyStatement({
        sid: 'ReadShards',
        actions: ['s3:GetObject'],
        resources: [bucket.arnForObjects(SHARD_LISTS)],
      }),
    );
    const definition = fleetRunDefinition({
      functionArn: check.functionArn,
      bucketName: bucket.bucketName,
      concurrency: SHARDS_AT_ONCE,
      stepSeconds: timeout.toSeconds(),
      partition: stack.partition,
    });
    this.stateMachine = new StateMachine(this, 'Run', {
      definitionBody: DefinitionBody.fromString(stack.toJsonString(definition)),
      role,
      tracingEnabled: false,
      logs: {
        level: LogLevel.ERROR,
        // Step Functions adds each group to a resource policy of the account, which holds 5,120 characters; for names that
        // begin so it needs one entry for all (https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html).
        destination: new LogGroup(this, 'Logs', {
          logGroupName: `/aws/vendedlogs/states/${stack.stackName}-run`,
          retention: settings.logs.retentionDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      },
    });
    Validations.of(this.stateMachine).acknowledge(
      {
        id: 'AwsSolutions::AwsSolutions-SF1',
        reason: 'Errors are logged; every event of every run would be a thousand lines a day that say "went well".',
      },
      {
        id: 'AwsSolutions::AwsSolutions-SF2',
        reason: "The run has three steps, whose times are in the check function's own log.",
      },
    );
    this.#allowMap(role, stack);
    const executions = `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<${nagName(this.stateMachine)}.Name>`;
    Validations.of(this).acknowledge(
      {
        id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
        reason:
          'Deliveries of logs to CloudWatch have no resource-level permissions (cw-logs.html, Step Functions guide).',
      },
      {
        id: `AwsSolutions::AwsSolutions-IAM5[Resource::<${nagName(bucket)}.Arn>/${SHARD_LISTS}]`,
        reason: 'The names of runs are not known at deploy; only the list of each run is read.',
      },
      ...EXECUTIONS.map((which) => ({
        id: `AwsSolutions::AwsSolutions-IAM5[Resource::${executions}${which}]`,
        reason: "Ids of executions are made at run time; they are this state machine's own.",
      })),
    );
  }

  /**
   * A distributed map starts its children as executions of the same state machine. A policy apart from the role's own,
   * since the state machine waits for that one (https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html).
   */
  #allowMap(role: Role, stack: Stack): void {
    const { stateMachineArn, stateMachineName } = this.stateMachine;
    new Policy(this, 'Map', {
      roles: [role],
      statements: [
        new PolicyStatement({ sid: 'StartShards', actions: ['states:StartExecution'], resources: [stateMachineArn] }),
        new PolicyStatement({
          sid: 'FollowShards',
          actions: ['states:DescribeExecution', 'states:StopExecution'],
          resources: EXECUTIONS.map((which) =>
            stack.formatArn({
              service: 'states',
              resource: 'execution',
              resourceName: `${stateMachineName}${which}`,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          ),
        }),
      ],
    });
  }
}
