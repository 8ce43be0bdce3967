import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientConfig } from './config.ts';

export type DynamoDb = Pick<DynamoDBClient, 'send'>;

export const dynamoDbClient = (region?: string): DynamoDBClient => new DynamoDBClient(clientConfig(region));
