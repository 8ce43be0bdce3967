import { SNSClient } from '@aws-sdk/client-sns';
import { clientConfig, type Once, once, onceConfig } from './config.ts';

export type Sns = SNSClient;

export const snsClient = (region?: string): SNSClient => new SNSClient(clientConfig(region));
/** For Publish: a second one is a second mail. */
export const snsOnceClient = (region?: string, timeoutMs?: number): Once<SNSClient> =>
  once(new SNSClient(onceConfig(region, timeoutMs)));
