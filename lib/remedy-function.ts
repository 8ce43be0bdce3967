import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Alias, Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { AUTOMATIC_ALIAS } from '../lambda/model/index.ts';
import { NOT_FOR_ACTING, type Settings, toEnvironment } from '../lambda/settings/index.ts';
import type { CheckNetwork } from './check-network.ts';
import { placeIn } from './check-network.ts';
import { functionCode } from './function-code.ts';
import { acknowledgeWildcards, remedyStatements } from './permissions/index.ts';
import type { RestartDocuments } from './probe-documents.ts';

export interface RemedyFunctionProps {
  readonly settings: Settings;
  readonly topic: ITopic;
  /** For the fresh check right before an act. */
  readonly probe: CfnDocument;
  readonly restart: RestartDocuments;
  /** The check's network, from which hosts accept logins. Null: in no VPC. */
  readonly network: CheckNetwork | null;
}

/** No retries: the next check asks again, or a person who has looked. */
const ONCE = { retryAttempts: 0, maxEventAge: Duration.minutes(1) };

/** The only function that may restart or reboot, and the table whose conditional writes keep two from acting at once. */
export class RemedyFunction extends Construct {
  readonly function: LambdaFunction;
  readonly table: Table;
  /** By this the check asks it, and can ask for nothing that a person may. */
  readonly automaticArn: string;
  readonly logGroup: ILogGroup;

  constructor(scope: Construct, id: string, { settings, topic, probe, restart, network }: RemedyFunctionProps) {
    super(scope, id);
    const table = new Table(this, 'Lease', {
      partitionKey: { name: 'key', type: AttributeType.STRING },
      sortKey: { name: 'at', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.table = table;
    Validations.of(table).acknowledge({
      id: 'AwsSolutions::AwsSolutions-DDB3',
      reason: 'It holds recent acts; restoring an older record would forget that an act was made.',
    });
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: settings.logs.retentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const resources = { topic, probe, restart, table, logGroup: this.logGroup };
    for (const statement of remedyStatements(Stack.of(this), settings, resources)) role.addToPolicy(statement);

    acknowledgeWildcards(role);

    this.function = new LambdaFunction(this, 'Resource', {
      description: 'crawlwatch: restarts or reboots what is in trouble, gentlest first, where no guard objects',
      code: functionCode('remedy'),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      // For several restarts, each with a fresh check and the time that systemd takes; and for the plan of a whole fleet.
      timeout: Duration.minutes(5),
      role,
      logGroup: this.logGroup,
      ...(network && placeIn(network)),
      ...ONCE,
      environment: {
        ...toEnvironment(
          settings,
          {
            topicArn: topic.topicArn,
            probeDocument: probe.ref,
            restartWorkerDocument: restart.worker.ref,
            restartSshdDocument: restart.sshd.ref,
            leaseTable: table.tableName,
          },
          NOT_FOR_ACTING,
        ),
        ...(network?.dynamoDbUrl && { AWS_ENDPOINT_URL_DYNAMODB: network.dynamoDbUrl }),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
    });
    // Of $LATEST: a version for each deploy would pile up. What is invoked by an alias has a configuration of its own.
    new Alias(this, 'Automatic', {
      aliasName: AUTOMATIC_ALIAS,
      description: 'For the check: what comes this way is no request of a person',
      version: this.function.latestVersion,
      ...ONCE,
    });
    // Put together, since not every emulator of CloudFormation knows aliases.
    this.automaticArn = `${this.function.functionArn}:${AUTOMATIC_ALIAS}`;
  }
}
