/** The check of EC2 instances, up to where AWS answers: what a person reads when it doesn't, or has nothing. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { crawlwatch } from '../command-line.ts';

let aws: Server;
/** What EC2 answers next. SSM, which speaks JSON, knows no document, and CloudFormation no stack. */
let answer = { status: 200, body: '' };
/** A Region that refuses. */
let refusing = '';
beforeAll(async () => {
  aws = createServer((request, response) => {
    const isSsm = String(request.headers['x-amz-target']).startsWith('AmazonSSM');
    const isRefused = refusing !== '' && String(request.headers.authorization).includes(`/${refusing}/`);
    const ofEc2 = isRefused ? refusal('UnauthorizedOperation', 'Not here.') : answer;
    let asked = '';
    request.on('data', (data: Buffer) => {
      asked += data;
    });
    request.on('end', () => {
      const other = isSsm ? { status: 200, body: '{"DocumentIdentifiers":[]}' } : ofEc2;
      const { status, body } = asked.includes('Action=DescribeStacks') ? NO_STACK : other;
      response.writeHead(status).end(body);
    });
  });
  await once(aws.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => {
  aws.closeAllConnections();
  aws.close();
});

const reservations = (xml: string) => ({
  status: 200,
  body: `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet>${xml}</reservationSet></DescribeInstancesResponse>`,
});
const STOPPED = `<item><ownerId>123456789012</ownerId><instancesSet><item><instanceId>i-0ab</instanceId>
  <instanceState><code>80</code><name>stopped</name></instanceState>
  <tagSet><item><key>Name</key><value>ficrawler7</value></item></tagSet></item></instancesSet></item>`;
const refusal = (code: string, message: string) => ({
  status: 403,
  body: `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>1</RequestID></Response>`,
});
const NO_STACK = {
  status: 400,
  body: '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id S does not exist</Message></Error></ErrorResponse>',
};
const KEYS = { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };
const endpoint = () => `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;
/** Nothing of the account of the person who runs the tests. The SDK reads the environment of the process. */
const NOBODY = { HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' };
const AWS_VARIABLES = Object.keys(process.env).filter((name) => name.startsWith('AWS_'));

afterEach(() => void vi.unstubAllEnvs());

async function checkIn(env: Readonly<Record<string, string>>, ...words: string[]) {
  for (const name of AWS_VARIABLES) vi.stubEnv(name, undefined);
  const given = { ...NOBODY, ...env };
  for (const [name, value] of Object.entries(given)) vi.stubEnv(name, value);
  const { exitCode, stdout, stderr } = await crawlwatch(['check', ...words], { env: given });
  return { exitCode, stdout, stderr };
}
const check = (...words: string[]) =>
  checkIn({ ...KEYS, AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: endpoint() }, ...words);

describe('a check of EC2 instances', () => {
  it.each<[string, Record<string, string>, string]>([
    [
      'credentials',
      {},
      'no AWS credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or run aws sso login; to check without AWS: --local, --host HOST or -i INVENTORY',
    ],
    [
      'Region',
      { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
      'no AWS Region: set AWS_REGION=eu-west-1 (or another), or a region in the AWS profile',
    ],
  ])('says in one line that it has no %s, exit code 3', async (_, env, says) => {
    expect(await checkIn(env)).toEqual({
      exitCode: 3,
      stdout: '',
      stderr: `crawlwatch: ${says}\n`,
    });
  });

  it('says in one line that AWS cannot be reached', async () => {
    const env = {
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    };
    const { exitCode, stderr } = await checkIn(env, '--transport', 'ssh');
    expect(stderr).toMatch(/^crawlwatch: AWS can't be reached \(.*ECONNREFUSED.*\); check the network.*\n$/);
    expect(exitCode).toBe(3);
  });

  it.each([
    [
      refusal(
        'UnauthorizedOperation',
        'You are not authorized to perform this operation. Encoded authorization failure message: AAAA',
      ),
      'AWS denies this identity a call that a check makes (UnauthorizedOperation: You are not authorized to perform this operation.); allow it in IAM',
    ],
    [
      refusal('RequestExpired', 'Request has expired.'),
      'the AWS credentials have expired: renew them (aws sso login); to check without AWS: --local, --host HOST or -i INVENTORY',
    ],
    [
      refusal('AuthFailure', 'AWS was not able to validate the provided access credentials'),
      'AWS does not accept these credentials (AuthFailure: AWS was not able to validate the provided access credentials); check AWS_PROFILE; to check without AWS: --local, --host HOST or -i INVENTORY',
    ],
    [refusal('InvalidFilter', 'The filter is invalid'), 'AWS refused a call (InvalidFilter: The filter is invalid)'],
  ])('says in one line what AWS refused and what to do', async (refused, says) => {
    answer = refused;
    expect(await check('--transport', 'ssh')).toEqual({ exitCode: 3, stdout: '', stderr: `crawlwatch: ${says}\n` });
  });

  it('says how to tag an instance when none is', async () => {
    answer = reservations('');
    const { exitCode, stderr } = await check('--transport', 'ssh');
    expect(stderr).toBe(
      'crawlwatch: no instance is tagged crawlwatch=true in eu-west-1; tag one: aws ec2 create-tags --region eu-west-1 --resources i-... --tags Key=crawlwatch,Value=true\n',
    );
    expect(exitCode).toBe(3);
  });

  it('says that the stack is not there whose past was asked for', async () => {
    answer = reservations('');
    expect((await check('--transport', 'ssh', '--stack', 'Other')).stderr).toMatch(
      /^crawlwatch: state: .*there is no stack Other in this Region; --stack NAME names another\ncrawlwatch: no instance is tagged /,
    );
  });

  it('says why those that are tagged were not checked', async () => {
    answer = reservations(STOPPED);
    expect(await check('--transport', 'ssh')).toEqual({
      exitCode: 3,
      stdout: expect.stringMatching(/^skipped ficrawler7: is stopped, not running\n0 hosts in .*; 1 skipped\n$/),
      stderr: 'crawlwatch: 1 instance tagged crawlwatch=true in eu-west-1, but none that is running Linux\n',
    });
    expect(await check('--list-hosts')).toEqual({ exitCode: 0, stdout: 'ficrawler7\ti-0ab\n', stderr: '' });
  });

  it('says what to do where the stack and its probe document are not deployed', async () => {
    answer = reservations(STOPPED);
    expect(await check()).toEqual({
      exitCode: 3,
      stdout: '',
      stderr:
        'crawlwatch: a check over SSM needs the probe document, which CrawlwatchStack has not made in eu-west-1 yet: crawlwatch deploy; of another stack: --stack NAME; without a stack: --transport ssh\n',
    });
    expect((await check('--stack', 'Crawlers2')).stderr).toMatch(
      /^crawlwatch: a check over SSM needs the probe document, which Crawlers2 has not made in /,
    );
  });

  it('of several Regions names the one that could not be read', async () => {
    answer = reservations(STOPPED);
    refusing = 'us-east-1';
    const settings = { CRAWLWATCH_SETTINGS: '{"regions":["eu-west-1","us-east-1"]}' };
    const problem = "us-east-1 can't be read, and nothing is known of its instances: UnauthorizedOperation: Not here.";
    const env = { ...KEYS, AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: endpoint(), ...settings };
    const run = (...words: string[]) => checkIn(env, ...words);
    expect(await run('--list-hosts')).toEqual({
      exitCode: 0,
      stdout: 'ficrawler7\ti-0ab\n',
      stderr: `crawlwatch: ${problem}\n`,
    });
    const { exitCode, stderr } = await run('--transport', 'ssh');
    expect(stderr).toContain(`crawlwatch: discover: ${problem}\n`);
    expect(stderr).toContain('1 instance tagged crawlwatch=true in eu-west-1, us-east-1, but none that is running');
    expect(exitCode).toBe(3);
    refusing = '';
  });
});
