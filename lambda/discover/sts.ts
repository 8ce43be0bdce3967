/** The way into another account: a role there that trusts ours, and an external id that only its owner and we know. */
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { memoize } from '@smithy/core/config';
import { type Credentials, clientConfig } from '../kit/index.ts';
import { partitionOf } from '../model/index.ts';

export interface MemberRole {
  /** The account's twelve digits. */
  readonly id: string;
  readonly externalId: string;
  readonly roleName: string;
}

/** More than the five minutes before the end at which a client asks again: it must not get the old ones then. */
const RENEW_MS = 6 * 60_000;

/**
 * Credentials of a member account, for all clients to it: one AssumeRole an hour, which is the longest that a session may
 * last that a role's session asks for (id_roles_manage-assume.html, role chaining). A failure isn't kept.
 *
 * @param region the caller's: what its own STS gives is good in every Region, an opt-in one too
 */
export function memberCredentials({ id, roleName, externalId }: MemberRole, region: string): Credentials {
  const assumeRole = fromTemporaryCredentials({
    params: {
      RoleArn: `arn:${partitionOf(region).id}:iam::${id}:role/${roleName}`,
      ExternalId: externalId,
      // What CloudTrail in that account shows.
      RoleSessionName: 'crawlwatch',
    },
    clientConfig: clientConfig(region),
  });
  // The provider itself keeps nothing, and each client would keep its own.
  return memoize(
    () => assumeRole(),
    ({ expiration }) => expiration !== undefined && expiration.getTime() - Date.now() < RENEW_MS,
  );
}
