import { Annotations, type CfnResource, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type IFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import type { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type Settings, toEnvironment } from '../lambda/settings.ts';
import { CheckNetwork } from './check-network.ts';
import { LAMBDA_BUNDLING } from './lambda-bundling.ts';
import { checkStatements, usesSsm } from './permissions.ts';
import { acknowledgeWildcards } from './wildcards.ts';

/** The handler ends its run this long before Lambda would, to publish what is known; finding the fleet takes as much. */
const RESERVE_SECONDS = 30;
/** Enough for the hosts of 100 forks in the worst phase, and for most fleets' whole run. */
const USUAL_TIMEOUT_SECONDS = 300;

export interface CheckFunctionProps {
  readonly settings: Settings;
  readonly topic: ITopic;
  readonly probe: CfnDocument;
}

/** The scheduled Lambda that checks the fleet. */
export class CheckFunction extends Construct {
  readonly function: IFunction;
  readonly logGroup: ILogGroup;
  /** In which a check may ask its hosts. */
  readonly runDeadline: Duration;
  /** Events whose check failed, with the error, for two weeks. */
  readonly failed: IQueue;

  constructor(scope: Construct, id: string, { settings, topic, probe }: CheckFunctionProps) {
    super(scope, id);
    this.failed = new Queue(this, 'Failed', { enforceSSL: true, retentionPeriod: Duration.days(14) });
    Validations.of(this.failed).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SQS3',
      reason: 'It is the dead-letter queue, of the schedule and of the function; only people take from it.',
    });
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: settings.logs.retentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });

    // A role without managed policies: AWSLambdaBasicExecutionRole may write every log group of the account.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const resources = { topic, probe, logGroup: this.logGroup };
    for (const statement of checkStatements(Stack.of(this), settings, resources)) role.addToPolicy(statement);

    acknowledgeWildcards(role);

    const network =
      settings.vpc.id === null ? null : new CheckNetwork(this, 'Network', { vpcId: settings.vpc.id, settings });
    if (network === null && settings.transport === 'ssh' && settings.ssh.address === 'private') {
      Annotations.of(this).addWarningV2(
        'crawlwatch:noWayIn',
        'transport is ssh to private addresses, but the check function is in no VPC: set vpc.id and vpc.subnetIds, or ssh.address public.',
      );
    }

    const timeout = checkTimeout(settings);
    this.runDeadline = Duration.seconds(timeout.toSeconds() - RESERVE_SECONDS);
    // No reserved concurrency: it is taken from the account's pool, of which 100 must stay unreserved, so that the
    // deploy would fail in a new account (limit 10). Two checks at once are right, if wasteful; old events are dropped.
    this.function = new NodejsFunction(this, 'Resource', {
      description: 'crawlwatch: finds the watched instances, probes them, publishes, flags and alerts',
      entry: 'lambda/check-handler.ts',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout,
      role,
      logGroup: this.logGroup,
      ...(network && {
        vpc: network.vpc,
        vpcSubnets: { subnets: network.subnets },
        securityGroups: network.securityGroups,
      }),
      // A check that failed isn't made again, nor one that waited: the next is due in minutes and sees today's fleet.
      retryAttempts: 0,
      maxEventAge: Duration.minutes(2),
      onFailure: new SqsDestination(this.failed),
      environment: {
        ...toEnvironment(settings, { topicArn: topic.topicArn, probeDocument: probe.ref }),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
      bundling: LAMBDA_BUNDLING,
    });

    const { logicalId } = this.function.node.defaultChild as CfnResource;
    // On the stack, since CDK makes the schedule's role there.
    Validations.of(Stack.of(this)).acknowledge({
      id: `AwsSolutions::AwsSolutions-IAM5[Resource::<${Stack.of(this).resolve(logicalId)}.Arn>:*]`,
      reason: 'The schedule may invoke this one function; the wildcard is over its versions, of which it has none.',
    });
    new Schedule(this, 'Schedule', {
      description: 'crawlwatch: one check of the fleet',
      schedule: ScheduleExpression.rate(Duration.minutes(settings.schedule.everyMinutes)),
      // By default the Scheduler would go on for a day with 185 attempts.
      target: new LambdaInvoke(this.function, {
        input: ScheduleTargetInput.fromObject({ scheduledTime: ContextAttribute.scheduledTime }),
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
        deadLetterQueue: this.failed,
      }),
    });
  }
}

/**
 * A check ends before the next begins, as a rule; but one slow host always has its whole deadline, or a short schedule
 * would read every hung host as not checked.
 */
function checkTimeout(settings: Settings): Duration {
  const { sshSeconds, ssmSeconds } = settings.timeouts;
  const oneHost = Math.ceil(usesSsm(settings) ? Math.max(sshSeconds, ssmSeconds) : sshSeconds) + 2 * RESERVE_SECONDS;
  return Duration.seconds(Math.max(oneHost, Math.min(USUAL_TIMEOUT_SECONDS, settings.schedule.everyMinutes * 60)));
}
