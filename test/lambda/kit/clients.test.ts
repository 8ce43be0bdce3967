import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { subscriptionState } from '../../../lambda/alert/sns.ts';
import { findFleet } from '../../../lambda/discover/ec2.ts';
import { ec2Client, snsClient } from '../../../lambda/kit/clients/index.ts';
import { errorText, isAccessDenied } from '../../../lambda/kit/errors.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';

const close: (() => void)[] = [];
afterEach(() => {
  for (const each of close.splice(0)) each();
  vi.unstubAllEnvs();
});

/** Answers each request with the next reply; the last one stays. */
async function endpoint(...replies: readonly (readonly [number, string])[]) {
  const requests: { readonly agent: string; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      const [status, text] = replies[Math.min(requests.length, replies.length - 1)] ?? [500, ''];
      requests.push({ agent: request.headers['user-agent'] ?? '', body });
      response.writeHead(status, { 'content-type': 'text/xml' }).end(text);
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  close.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  return requests;
}

const ec2Error = (code: string, message: string) =>
  `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors></Response>`;
const FLEET = `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item>
  <ownerId>123456789012</ownerId><instancesSet><item><instanceId>i-1</instanceId>
  <instanceState><name>running</name></instanceState></item></instancesSet></item></reservationSet>
  </DescribeInstancesResponse>`;
const SETTINGS = parseSettings({ tag: { value: 'tr*e' } });

describe('the SDK clients', () => {
  it('tries a throttled call again, under the name of crawlwatch, at the endpoint of the environment', async () => {
    const requests = await endpoint([503, ec2Error('RequestLimitExceeded', 'Request limit exceeded.')], [200, FLEET]);
    const fleet = await findFleet(ec2Client('eu-central-1'), 'eu-central-1', SETTINGS);
    expect(fleet.map((instance) => [instance.id, instance.account])).toEqual([['i-1', '123456789012']]);
    expect(requests).toHaveLength(2);
    expect(requests[0]?.agent).toContain('crawlwatch');
    expect(new URLSearchParams(requests[0]?.body).get('Filter.1.Value.1')).toBe('tr\\*e');
  });

  it('calls once when IAM refuses, and quotes EC2 without what only AWS can decode', async () => {
    const message = `You are not authorized. Encoded authorization failure message: ${'x'.repeat(900)}`;
    const requests = await endpoint([403, ec2Error('UnauthorizedOperation', message)]);
    const error = await ec2Client('eu-central-1')
      .send(new DescribeInstancesCommand({}))
      .catch((refused: unknown) => refused);
    expect(isAccessDenied(error)).toBe(true);
    expect(errorText(error)).toBe('UnauthorizedOperation: You are not authorized.');
    expect(requests).toHaveLength(1);
  });

  it('reads SNS over the wire', async () => {
    await endpoint([
      200,
      `<ListSubscriptionsByTopicResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><ListSubscriptionsByTopicResult>
      <Subscriptions><member><SubscriptionArn>PendingConfirmation</SubscriptionArn></member></Subscriptions>
      </ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>`,
    ]);
    expect(await subscriptionState(snsClient('eu-central-1'), 'arn:aws:sns:eu-central-1:1:Alerts')).toBe('pending');
  });
});

describe('errorText', () => {
  it.each([
    [new Error('two\nlines  and\ttabs'), 'Error: two lines and tabs'],
    [Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'AggregateError: ECONNREFUSED'],
    ['a string', 'string: a string'],
    [undefined, 'undefined: undefined'],
    [new Error('x'.repeat(400)), `Error: ${'x'.repeat(293)}`],
  ])('makes one short line of %j', (error, text) => expect(errorText(error)).toBe(text));
});
