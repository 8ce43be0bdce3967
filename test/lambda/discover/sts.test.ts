import type { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { memberCredentials, partitionOf, type Sts } from '../../../lambda/discover/sts.ts';

const ROLE = { id: '210987654321', externalId: 'a-long-secret', roleName: 'crawlwatch-member' };
const HOUR = 3_600_000;

/** STS, which gives an hour each time, numbered; and what it was asked. */
function sts(failures = 0) {
  const asked: AssumeRoleCommand['input'][] = [];
  let now = 0;
  const client = {
    send: async ({ input }: AssumeRoleCommand) => {
      asked.push(input);
      if (asked.length <= failures) throw Object.assign(new Error('not authorized'), { name: 'AccessDenied' });
      const AccessKeyId = `key-${asked.length}`;
      const Expiration = new Date(now + HOUR);
      return { Credentials: { AccessKeyId, SecretAccessKey: 's', SessionToken: 't', Expiration } };
    },
  } as unknown as Sts;
  const wait = (ms: number) => {
    now += ms;
  };
  return { asked, wait, credentials: memberCredentials(client, ROLE, 'aws', () => now) };
}

describe('the credentials of a member account', () => {
  it('are asked for by the external id, in a session whose name says who it is', async () => {
    const { credentials, asked } = sts();
    expect(await credentials()).toMatchObject({ accessKeyId: 'key-1', secretAccessKey: 's', sessionToken: 't' });
    expect(asked).toEqual([
      {
        RoleArn: 'arn:aws:iam::210987654321:role/crawlwatch-member',
        ExternalId: 'a-long-secret',
        RoleSessionName: 'crawlwatch',
      },
    ]);
  });

  it('are asked for once, however many clients want them at once and later', async () => {
    const { credentials, asked, wait } = sts();
    await Promise.all([credentials(), credentials()]);
    wait(HOUR / 2);
    await credentials();
    expect(asked).toHaveLength(1);
  });

  it('are renewed before the SDK would find them about to expire', async () => {
    const { credentials, asked, wait } = sts();
    await credentials();
    wait(HOUR - 5 * 60_000);
    expect((await credentials()).accessKeyId).toBe('key-2');
    expect(asked).toHaveLength(2);
  });

  it('are asked for anew after a refusal', async () => {
    const { credentials } = sts(1);
    await expect(credentials()).rejects.toThrow('not authorized');
    expect((await credentials()).accessKeyId).toBe('key-2');
  });

  it('are a failure where STS gives none', async () => {
    const empty = { send: async () => ({}) } as unknown as Sts;
    await expect(memberCredentials(empty, ROLE)()).rejects.toThrow('crawlwatch-member in 210987654321');
  });

  it.each([
    ['cn-north-1', 'aws-cn'],
    ['us-gov-west-1', 'aws-us-gov'],
    ['eu-central-1', 'aws'],
  ])('are of a role whose ARN has the partition of %s', (region, partition) => {
    expect(partitionOf(region)).toBe(partition);
  });
});
