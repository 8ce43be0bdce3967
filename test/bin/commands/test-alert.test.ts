import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { crawlwatch } from '../command-line.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:CrawlwatchStack-Alerts';
const CONFIRMED = ['a@example.com', `${TOPIC}:1`];
const PENDING = ['b@example.com', 'PendingConfirmation'];

let aws: Server;
let stackExists: boolean;
let subscriptions: readonly (readonly string[])[];
/** What was asked, newest last. */
let asked: URLSearchParams[];

const answerTo = (action: string | null): [number, string] => {
  switch (action) {
    case 'DescribeStacks':
      return stackExists
        ? [
            200,
            `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>CrawlwatchStack</StackName><CreationTime>2026-11-22T08:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs><member><OutputKey>AlertsTopicArn</OutputKey><OutputValue>${TOPIC}</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
          ]
        : [
            400,
            '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id CrawlwatchStack does not exist</Message></Error></ErrorResponse>',
          ];
    case 'ListSubscriptionsByTopic':
      return [
        200,
        `<ListSubscriptionsByTopicResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><ListSubscriptionsByTopicResult><Subscriptions>${subscriptions
          .map(
            ([endpoint, arn]) =>
              `<member><Protocol>email</Protocol><Endpoint>${endpoint}</Endpoint><SubscriptionArn>${arn}</SubscriptionArn></member>`,
          )
          .join('')}</Subscriptions></ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>`,
      ];
    default:
      return [
        200,
        '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>',
      ];
  }
};

beforeAll(async () => {
  aws = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      const form = new URLSearchParams(body);
      asked.push(form);
      const [status, text] = answerTo(form.get('Action'));
      response.writeHead(status, { 'content-type': 'text/xml' }).end(text);
    });
  });
  await once(aws.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => {
  aws.closeAllConnections();
  aws.close();
});
beforeEach(() => {
  stackExists = true;
  subscriptions = [];
  asked = [];
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(aws.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('crawlwatch test-alert', () => {
  it('says in one line that there is no such stack, exit code 3', async () => {
    stackExists = false;
    expect(await crawlwatch(['test-alert'])).toMatchObject({
      exitCode: 3,
      stdout: '',
      stderr:
        'crawlwatch: no stack CrawlwatchStack of crawlwatch here: crawlwatch deploy, or --stack NAME, or another AWS_REGION\n',
    });
  });

  it.each([
    ['nobody', []],
    ['somebody who has not confirmed', [PENDING]],
  ])('says that nobody gets the alerts where the topic has %s, exit code 3', async (_, subscribed) => {
    subscriptions = subscribed;
    const { exitCode, stdout } = await crawlwatch(['test-alert']);
    expect(exitCode).toBe(3);
    expect(stdout).toContain(`NOBODY gets the alerts: no confirmed subscription on ${TOPIC}`);
    const address = subscribed[0]?.[0] ?? 'you@example.com';
    expect(stdout).toContain(
      `aws sns subscribe --region eu-west-1 --topic-arn ${TOPIC} --protocol email --notification-endpoint ${address}\n`,
    );
    expect(stdout).not.toContain('deploy -c');
  });

  it('shows of a web address no more than its host', async () => {
    subscriptions = [['https://hooks.example.com/path/of/its/own', `${TOPIC}:2`]];
    expect((await crawlwatch(['test-alert'])).stdout).toBe(
      `confirmed    email hooks.example.com/...\nSent to 1 subscriber of ${TOPIC}\n`,
    );
  });

  it('publishes a test to the topic of the stack that is named', async () => {
    subscriptions = [CONFIRMED];
    const { exitCode, stdout } = await crawlwatch(['test-alert', '--stack', 'Other']);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `confirmed    email a@example.com\nSent to 1 subscriber of ${TOPIC}\n`,
    });
    expect(asked.map((form) => form.get('Action'))).toEqual(['DescribeStacks', 'ListSubscriptionsByTopic', 'Publish']);
    expect(asked[0]?.get('StackName')).toBe('Other');
    expect(asked[2]?.get('TopicArn')).toBe(TOPIC);
    expect(asked[2]?.get('Subject')).toBe('crawlwatch: test of Other');
  });

  it.each([
    ['in red on a terminal', 100, '\u001b[31mUNCONFIRMED  email b@example.com: gets nothing'],
    ['without escape codes in a pipe', undefined, '\nUNCONFIRMED  email b@example.com: gets nothing'],
  ])('shows a subscription that is not confirmed %s', async (_, columns, expected) => {
    subscriptions = [CONFIRMED, PENDING];
    const { exitCode, stdout } = await crawlwatch(['test-alert'], columns === undefined ? {} : { columns });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(expected);
  });
});
