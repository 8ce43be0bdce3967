import { Annotations, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke, StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import type { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct, type IConstruct } from 'constructs';
import { ENV } from '../lambda/model/index.ts';
import { type Settings, toEnvironment, usesSsm } from '../lambda/settings/index.ts';
import { CheckNetwork, placeIn } from './check-network.ts';
import type { FleetRun } from './fleet-run.ts';
import { functionCode } from './function-code.ts';
import { acknowledgeWildcards, checkStatements, invokeRemedy, nagName } from './permissions/index.ts';
import type { RemedyFunction } from './remedy-function.ts';

/** The handler ends its run this long before Lambda would, to publish what is known; discovery may take as long. */
const RESERVE_SECONDS = 30;
/** Enough for the hosts of 100 forks in the worst phase, and for most fleets' whole run. */
const USUAL_TIMEOUT_SECONDS = 300;

const MEMORY_MIB = 512;
/**
 * Lambda's own start of Node gives each half of the young generation 5 % of the memory, 25 MiB, unless NODE_OPTIONS names a
 * size: the join of 10,000 hosts then takes 60 MiB more for garbage, and no less CPU. What is left beside the old space is
 * for Node itself and for buffers.
 */
const HEAP = `--max-semi-space-size=4 --max-old-space-size=${Math.floor(MEMORY_MIB * 0.8)}`;

/**
 * Else glibc gives each thread that compiles, collects garbage or unpacks a heap of its own, which it keeps: 15 to 20 MiB
 * (https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html, `arena_max`). The function has less
 * than one core, so that they wait for each other anyway.
 */
const MALLOC_ARENAS = '1';

export interface CheckFunctionProps {
  readonly settings: Settings;
  readonly topic: ITopic;
  readonly probe: CfnDocument;
}

/** The Lambda that checks the fleet, in one go or one shard at a time. */
export class CheckFunction extends Construct {
  readonly function: LambdaFunction;
  /** ARN of its execution role. */
  readonly roleArn: string;
  readonly logGroup: ILogGroup;
  /** Null where the function is in no VPC. */
  readonly network: CheckNetwork | null;
  /** How long a check may wait for hosts: the timeout less the time to publish. */
  readonly runDeadline: Duration;
  readonly timeout: Duration;
  /** Keeps the events whose check failed, with the error, for two weeks. */
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
    this.roleArn = role.roleArn;
    const resources = { topic, probe, logGroup: this.logGroup };
    for (const statement of checkStatements(Stack.of(this), settings, resources)) role.addToPolicy(statement);

    acknowledgeWildcards(role, settings.regions);

    this.network =
      settings.vpc.id === null ? null : new CheckNetwork(this, 'Network', { vpcId: settings.vpc.id, settings });
    if (this.network === null && settings.transport === 'ssh' && settings.ssh.address === 'private') {
      Annotations.of(this).addWarningV2(
        'crawlwatch:noWayIn',
        'transport is ssh to private addresses, but the check function is in no VPC: set vpc.id and vpc.subnetIds, or ssh.address public.',
      );
    }

    this.timeout = checkTimeout(settings);
    this.runDeadline = Duration.seconds(this.timeout.toSeconds() - RESERVE_SECONDS);
    // No reserved concurrency: it is taken from the account's pool, of which 100 must stay unreserved, so that the
    // deploy would fail in a new account (limit 10). Two checks at once are right, if wasteful; old events are dropped.
    this.function = new LambdaFunction(this, 'Resource', {
      description: 'crawlwatch: finds the watched instances, probes them, publishes, flags and alerts',
      code: functionCode('check'),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: MEMORY_MIB,
      timeout: this.timeout,
      role,
      logGroup: this.logGroup,
      ...(this.network && placeIn(this.network)),
      // A failed or delayed check isn't repeated: the next is due in minutes and sees the fleet as it is then.
      retryAttempts: 0,
      maxEventAge: Duration.minutes(2),
      onFailure: new SqsDestination(this.failed),
      environment: {
        ...toEnvironment(settings, { topicArn: topic.topicArn, probeDocument: probe.ref }),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        NODE_OPTIONS: HEAP,
        MALLOC_ARENA_MAX: MALLOC_ARENAS,
      },
    });
  }

  /** Starts each check at its time: this function or, in a distributed check, the state machine. */
  schedule({ schedule: { everyMinutes } }: Settings, run: FleetRun | null): void {
    const target = {
      input: ScheduleTargetInput.fromObject({ scheduledTime: ContextAttribute.scheduledTime }),
      // For what can't be started at once, as right after a deploy, when IAM doesn't know the role everywhere yet. The
      // Scheduler's default is 185 attempts over a day; the check drops an event of more than ten minutes.
      retryAttempts: 2,
      maxEventAge: Duration.minutes(10),
      deadLetterQueue: this.failed,
    };
    const schedule = new Schedule(this, 'Schedule', {
      description: 'crawlwatch: one check of the fleet',
      schedule: ScheduleExpression.rate(Duration.minutes(everyMinutes)),
      target:
        run === null
          ? new LambdaInvoke(this.function, target)
          : new StepFunctionsStartExecution(run.stateMachine, target),
    });
    // A rate without a start date begins at once, and CloudFormation makes a role's policy beside whatever merely names the
    // role: the first start would be refused (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
    schedule.node.addDependency(...schedulerRoles(Stack.of(this)));
    // Without its endpoints the first check reaches no service.
    if (this.network !== null) schedule.node.addDependency(this.network);
    if (run !== null) {
      // The run's policies must exist before its first start.
      schedule.node.addDependency(run);
      return;
    }
    // On the stack, since CDK makes the schedule's role there.
    Validations.of(Stack.of(this)).acknowledge({
      id: `AwsSolutions::AwsSolutions-IAM5[Resource::<${nagName(this.function)}.Arn>:*]`,
      reason: 'The schedule may invoke this one function; the wildcard is over its versions, of which it has none.',
    });
  }

  /** Lets each check that found something to act on ask the remedy function; the check has no right to act itself. */
  actThrough({ automaticArn }: Pick<RemedyFunction, 'automaticArn'>): void {
    this.function.addToRolePolicy(invokeRemedy(automaticArn));
    this.function.addEnvironment(ENV.remedyFunctionArn, automaticArn);
  }
}

/** The role that CDK makes for a schedule's target, with its policy. It is the stack's child, and no property names it. */
function schedulerRoles(stack: Stack): IConstruct[] {
  return stack.node.children.filter(({ node }) => node.id.startsWith('SchedulerRoleForTarget-'));
}

/**
 * A check normally ends before the next begins. But one slow host always has its whole deadline: otherwise, on a short
 * schedule, every hung host would read NotChecked.
 */
function checkTimeout(settings: Settings): Duration {
  const { sshSeconds, ssmSeconds } = settings.timeouts;
  const oneHost = Math.ceil(usesSsm(settings) ? Math.max(sshSeconds, ssmSeconds) : sshSeconds) + 2 * RESERVE_SECONDS;
  return Duration.seconds(Math.max(oneHost, Math.min(USUAL_TIMEOUT_SECONDS, settings.schedule.everyMinutes * 60)));
}
