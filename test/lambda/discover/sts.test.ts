import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memberCredentials } from '../../../lambda/discover/sts.ts';

const ROLE = { id: '210987654321', externalId: 'a-long-secret', roleName: 'crawlwatch-member' };
const HOUR = 3_600_000;

/** An STS that gives an hour each time, numbered, and notes what it was asked. */
const asked: URLSearchParams[] = [];
let refusals = 0;
let isEmpty = false;
const sts = createServer(async (request, response) => {
  asked.push(new URLSearchParams(await text(request)));
  if (asked.length <= refusals) {
    const error = '<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized</Message></Error>';
    response.writeHead(403, { 'content-type': 'text/xml' }).end(`<ErrorResponse>${error}</ErrorResponse>`);
    return;
  }
  const keys = `<AccessKeyId>key-${asked.length}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`;
  const rest = `<SessionToken>t</SessionToken><Expiration>${new Date(Date.now() + HOUR).toISOString()}</Expiration>`;
  const result = isEmpty ? '' : `<Credentials>${keys}${rest}</Credentials>`;
  response
    .writeHead(200, { 'content-type': 'text/xml' })
    .end(`<AssumeRoleResponse><AssumeRoleResult>${result}</AssumeRoleResult></AssumeRoleResponse>`);
});

beforeEach(async () => {
  asked.length = 0;
  refusals = 0;
  isEmpty = false;
  vi.useFakeTimers({ toFake: ['Date'] });
  await new Promise<void>((ready) => sts.listen(0, '127.0.0.1', ready));
  vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://127.0.0.1:${(sts.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'own');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'own');
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  sts.closeAllConnections();
  sts.close();
});

const wait = (ms: number) => vi.setSystemTime(Date.now() + ms);

describe('the credentials of a member account', () => {
  it('are asked for by the external id, in a session whose name says who it is', async () => {
    const credentials = memberCredentials(ROLE, 'eu-central-1');
    expect(await credentials()).toMatchObject({ accessKeyId: 'key-1', secretAccessKey: 's', sessionToken: 't' });
    expect(asked.map((query) => Object.fromEntries(query))).toEqual([
      {
        Action: 'AssumeRole',
        Version: '2011-06-15',
        RoleArn: 'arn:aws:iam::210987654321:role/crawlwatch-member',
        ExternalId: 'a-long-secret',
        RoleSessionName: 'crawlwatch',
      },
    ]);
  });

  it('are asked for once, however many clients want them at once and later', async () => {
    const credentials = memberCredentials(ROLE, 'eu-central-1');
    await Promise.all([credentials(), credentials()]);
    wait(HOUR / 2);
    await credentials();
    expect(asked).toHaveLength(1);
  });

  it('are renewed before the SDK would find them about to expire', async () => {
    const credentials = memberCredentials(ROLE, 'eu-central-1');
    await credentials();
    wait(HOUR - 5 * 60_000);
    expect((await credentials()).accessKeyId).toBe('key-2');
    expect(asked).toHaveLength(2);
  });

  it('are asked for again after a refusal, whose name is the one that STS gives', async () => {
    refusals = 1;
    const credentials = memberCredentials(ROLE, 'eu-central-1');
    await expect(credentials()).rejects.toMatchObject({ name: 'AccessDenied', message: 'not authorized' });
    expect((await credentials()).accessKeyId).toBe('key-2');
  });

  it('are a failure where STS gives none', async () => {
    isEmpty = true;
    await expect(memberCredentials(ROLE, 'eu-central-1')()).rejects.toThrow('210987654321:role/crawlwatch-member');
  });

  it.each([
    ['cn-north-1', 'aws-cn'],
    ['us-gov-west-1', 'aws-us-gov'],
    ['eu-central-1', 'aws'],
  ])('are of a role whose ARN has the partition of %s', async (region, partition) => {
    await memberCredentials(ROLE, region)();
    expect(asked[0]?.get('RoleArn')).toBe(`arn:${partition}:iam::210987654321:role/crawlwatch-member`);
  });
});
