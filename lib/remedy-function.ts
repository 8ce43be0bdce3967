import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type IFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type Settings, toEnvironment } from '../lambda/settings.ts';
import { LAMBDA_BUNDLING } from './lambda-bundling.ts';
import { remedyStatements } from './remedy-permissions.ts';
import { acknowledgeWildcards } from './wildcards.ts';

export interface RemedyFunctionProps {
  readonly settings: Settings;
}

/** The only function that may reboot, and the table by which no two do at once. It runs when a person asks. */
export class RemedyFunction extends Construct {
  readonly function: IFunction;
  readonly logGroup: ILogGroup;

  constructor(scope: Construct, id: string, { settings }: RemedyFunctionProps) {
    super(scope, id);
    const lease = new Table(this, 'Lease', {
      partitionKey: { name: 'key', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(lease).acknowledge({
      id: 'AwsSolutions::AwsSolutions-DDB3',
      reason: 'It holds the acts of one day; to go back to an older record would be to forget that one was made.',
    });
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: settings.logs.retentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const resources = { lease, logGroup: this.logGroup };
    for (const statement of remedyStatements(Stack.of(this), settings, resources)) role.addToPolicy(statement);

    acknowledgeWildcards(role);

    this.function = new NodejsFunction(this, 'Resource', {
      description: 'crawlwatch: reboots an instance that is flagged, when a person asks and nothing stands against it',
      entry: 'lambda/remedy-handler.ts',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout: Duration.seconds(60),
      role,
      logGroup: this.logGroup,
      // A reboot that was asked for in vain is asked for again by a person, who has looked.
      retryAttempts: 0,
      maxEventAge: Duration.minutes(1),
      environment: {
        ...toEnvironment(settings, { leaseTable: lease.tableName }),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
      bundling: LAMBDA_BUNDLING,
    });
  }
}
