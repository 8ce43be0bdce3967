/** A way into another account: a role there that trusts ours, and an external id that only its owner and we know. */

import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import type { MemberCredentials } from '../kit/index.ts';

export type Sts = Pick<STSClient, 'send'>;

export interface MemberRole {
  /** The account's twelve digits. */
  readonly id: string;
  readonly externalId: string;
  readonly roleName: string;
}

/** Before the end: the SDK asks anew five minutes ahead, and must not get the old ones then. */
const RENEW_MS = 6 * 60_000;

/**
 * Credentials of a member account, for all clients to it: one AssumeRole an hour, which is the longest that a session may
 * last that a role's session asks for (id_roles_manage-assume.html, role chaining). A failure isn't kept.
 *
 * @param partition `aws`, or what stands in its place in ARNs of the Region that the caller is in
 */
export function memberCredentials(
  sts: Sts,
  role: MemberRole,
  partition = 'aws',
  now: () => number = Date.now,
): () => Promise<MemberCredentials> {
  let kept: { readonly until: number; readonly credentials: MemberCredentials } | undefined;
  let asking: Promise<MemberCredentials> | undefined;
  return async () => {
    if (kept !== undefined && now() < kept.until) return kept.credentials;
    asking ??= assume(sts, role, partition).finally(() => {
      asking = undefined;
    });
    const credentials = await asking;
    kept = { until: credentials.expiration.getTime() - RENEW_MS, credentials };
    return credentials;
  };
}

async function assume(sts: Sts, { id, roleName, externalId }: MemberRole, partition: string) {
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({
      RoleArn: `arn:${partition}:iam::${id}:role/${roleName}`,
      ExternalId: externalId,
      // What CloudTrail in that account shows.
      RoleSessionName: 'crawlwatch',
    }),
  );
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
    throw new Error(`AssumeRole of ${roleName} in ${id} gave no credentials`);
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiration: Expiration,
  };
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
export const partitionOf = (region: string): string =>
  region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
