/** The SDK's clients, and the types by which features take them. */
export { type CloudFormation, cloudFormationClient } from './cloudformation.ts';
export { type CloudWatch, cloudWatchClient } from './cloudwatch.ts';
export { type Credentials, clientConfig, type Once } from './config.ts';
export { type DynamoDb, dynamoDbClient } from './dynamodb.ts';
export { type Ec2, ec2Client, ec2OnceClient } from './ec2.ts';
export { type EventBridge, eventBridgeClient } from './events.ts';
export { type InstanceConnect, instanceConnectClient } from './instance-connect.ts';
export { type Lambda, lambdaClient, lambdaOnceClient, patientLambdaClient } from './lambda.ts';
export { late } from './late.ts';
export { type S3, s3Client } from './s3.ts';
export { secretsManagerClient } from './secrets.ts';
export { type Sns, snsClient, snsOnceClient } from './sns.ts';
export { type Ssm, ssmClient, ssmOnceClient } from './ssm.ts';
