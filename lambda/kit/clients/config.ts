/**
 * What the SDK's clients have in common. Each client is in a file of its own, so that a function loads no service that it
 * doesn't call. Region, credentials and endpoint come from the SDK's own chain (`AWS_REGION`, `AWS_PROFILE`,
 * `AWS_ENDPOINT_URL`, ...).
 */
import type { EC2ClientConfig } from '@aws-sdk/client-ec2';

/**
 * A client that sends each call once, for calls of which a second has an effect of its own. Where no answer comes, the
 * caller knows no more than that, and must find out.
 */
export type Once<Client> = Client & { readonly sentOnce: true };

/** As every client takes them. */
export type Credentials = Extract<NonNullable<EC2ClientConfig['credentials']>, () => unknown>;

/**
 * Adaptive retry slows a client down once AWS throttles it: these quotas are shared with every other tool in the
 * account. By default the SDK waits for ever, which in a VPC that lacks an endpoint is the whole run.
 */
export const clientConfig = (region?: string, credentials?: Credentials) => ({
  ...(region !== undefined && { region }),
  ...(credentials !== undefined && { credentials }),
  retryMode: 'adaptive',
  maxAttempts: 5,
  customUserAgent: 'crawlwatch',
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
});

/**
 * One attempt, over a connection of its own: a kept one may have been closed on the other side while Lambda had this
 * process frozen, and its reset would read as a lost answer.
 */
export const onceConfig = (region?: string, timeoutMs = 15_000) => ({
  ...clientConfig(region),
  retryMode: 'standard',
  maxAttempts: 1,
  requestHandler: {
    connectionTimeout: 3_000,
    requestTimeout: timeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: false },
    httpsAgent: { keepAlive: false },
  },
});
export const once = <Client extends object>(client: Client): Once<Client> =>
  Object.assign(client, { sentOnce: true as const });
