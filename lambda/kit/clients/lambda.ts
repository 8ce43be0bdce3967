import { LambdaClient } from '@aws-sdk/client-lambda';
import { clientConfig, type Once, once, onceConfig } from './config.ts';

export type Lambda = Pick<LambdaClient, 'send'>;

/** For Invoke of the remedy function, which takes five minutes at most: an answer that is lost may be that of an act. */
export const lambdaOnceClient = (region?: string, timeoutMs = 330_000): Once<LambdaClient> =>
  once(new LambdaClient(onceConfig(region, timeoutMs)));
/** For the looks of doctor. */
export const lambdaClient = (region?: string): LambdaClient => new LambdaClient(clientConfig(region));
/**
 * For callers that wait until a function has done its work, five minutes at most. Calls once only: a call whose answer
 * got lost may have acted.
 */
export const patientLambdaClient = (region?: string): LambdaClient =>
  new LambdaClient({
    ...clientConfig(region),
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 330_000, throwOnRequestTimeout: true },
  });
