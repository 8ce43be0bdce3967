import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { clientConfig } from './config.ts';

export type EventBridge = Pick<EventBridgeClient, 'send'>;

/** Waits less than the others: what it sends goes out before the mail, which it must not keep back for long. */
export const eventBridgeClient = (region?: string): EventBridgeClient =>
  new EventBridgeClient({
    ...clientConfig(region),
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
