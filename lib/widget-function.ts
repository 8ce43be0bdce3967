import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { READER_SUFFIX } from '../lambda/model/index.ts';
import { HEARTBEAT, type Settings, toEnvironment } from '../lambda/settings/index.ts';
import { functionCode } from './function-code.ts';
import { acknowledgeWildcards, assumeMembers, readInstances } from './permissions/index.ts';

export interface WidgetFunctionProps {
  readonly settings: Settings;
  /** The topic whose subscriptions the table checks: nobody notices mail that doesn't arrive. */
  readonly topic: ITopic;
  /** The function that the Reboot button calls. @default - no button */
  readonly remedyArn?: string;
  /** The remedy function's table, which says whether acting is paused. @default - it is not shown */
  readonly record?: Pick<ITable, 'tableArn' | 'tableName'>;
}

/**
 * The Lambda behind the dashboard's fleet table. It only reads; a click calls the remedy function, so that a right to
 * look is not a right to reboot.
 */
export class WidgetFunction extends Construct {
  readonly function: LambdaFunction;
  /** ARN of its execution role. */
  readonly roleArn: string;
  readonly logGroup: ILogGroup;

  constructor(scope: Construct, id: string, { settings, topic, remedyArn, record }: WidgetFunctionProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: settings.logs.retentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.roleArn = role.roleArn;
    const readers = assumeMembers(Stack.of(this), settings, READER_SUFFIX);
    for (const statement of [...widgetStatements(topic, this.logGroup), ...readPauses(record), ...readers])
      role.addToPolicy(statement);

    acknowledgeWildcards(role);

    this.function = new LambdaFunction(this, 'Resource', {
      description: 'crawlwatch: draws the fleet table on the dashboard; reads only',
      code: functionCode('widget'),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      // Lambda's CPU grows with its memory, and a person waits for the table.
      memorySize: 512,
      timeout: Duration.seconds(30),
      role,
      logGroup: this.logGroup,
      environment: {
        ...toEnvironment(
          settings,
          {
            topicArn: topic.topicArn,
            ...(remedyArn !== undefined && { remedyFunctionArn: remedyArn }),
            ...(record !== undefined && { leaseTable: record.tableName }),
          },
          [HEARTBEAT],
        ),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
    });
  }
}

/** One small statement per capability, each with why it can't be narrower. None of them writes anything but logs. */
const widgetStatements = (topic: ITopic, logGroup: ILogGroup): PolicyStatement[] => [
  new PolicyStatement({
    sid: 'WriteLogs',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [logGroup.logGroupArn],
  }),
  // EC2's Describe actions have no resource-level permissions.
  readInstances(),
  new PolicyStatement({
    sid: 'ReadSubscriptions',
    actions: ['sns:ListSubscriptionsByTopic'],
    resources: [topic.topicArn],
  }),
];

/** Of the record, what stops acting: no history, which may quote what hosts said. */
const readPauses = (record: WidgetFunctionProps['record']): PolicyStatement[] =>
  record === undefined
    ? []
    : [
        new PolicyStatement({
          sid: 'ReadPauses',
          actions: ['dynamodb:GetItem'],
          resources: [record.tableArn],
          conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['acts', 'pause', 'resumed'] } },
        }),
      ];
