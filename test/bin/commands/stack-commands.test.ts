/** The commands that need a deployed stack: from a typed line over HTTP to AWS and back. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeState } from '../../../lambda/memory/schema.ts';
import { EMPTY_STATE, NOTHING_REMEMBERED, STATE_KEY } from '../../../lambda/model/index.ts';
import { crawlwatch } from '../command-line.ts';

const ID = 'i-00000000000000001';
const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:Remedy';
const COMMANDS = [
  ...['flagged', 'plan', 'reboot', 'restart-worker', 'restart-sshd', 'unflag', 'mute', 'ack', 'pause', 'resume'],
  ...['history', 'why', 'forget'],
];
const STACK = `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>CrawlwatchStack</StackName><CreationTime>2026-11-22T08:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs><member><OutputKey>RemedyFunctionName</OutputKey><OutputValue>Remedy</OutputValue></member><member><OutputKey>RemedyFunctionArn</OutputKey><OutputValue>${ARN}</OutputValue></member><member><OutputKey>StateBucketName</OutputKey><OutputValue>crawlwatch-state</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
const FLEET = `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item><ownerId>123456789012</ownerId><instancesSet><item><instanceId>${ID}</instanceId><instanceState><name>running</name></instanceState><tagSet><item><key>Name</key><value>ficrawler9</value></item></tagSet></item></instancesSet></item></reservationSet></DescribeInstancesResponse>`;

const REMEMBERED = new Map([[ID, { ...NOTHING_REMEMBERED, letters: '..' }]]);
const STATE = gzipSync(encodeState({ ...EMPTY_STATE, at: new Date(), instances: REMEMBERED }));

let aws: Server;
/** What the function received. */
let invoked: string[];
beforeAll(async () => {
  aws = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      if (request.url?.startsWith('/2015-03-31/functions/') === true) {
        invoked.push(body);
        response.end(
          JSON.stringify({ done: true, instanceId: ID, why: 'as was asked for', history: [], decisions: [] }),
        );
        return;
      }
      if (request.url?.includes(STATE_KEY) === true) {
        response.writeHead(200, { etag: '"1"' }).end(STATE);
        return;
      }
      const action = new URLSearchParams(body).get('Action');
      response.writeHead(200, { 'content-type': 'text/xml' }).end(action === 'DescribeStacks' ? STACK : FLEET);
    });
  });
  await once(aws.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => {
  aws.closeAllConnections();
  aws.close();
});
beforeEach(() => {
  invoked = [];
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(aws.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a wrong command line of a command on the stack', () => {
  it.each([
    ['reboto', "unknown command 'reboto' (Did you mean reboot?)"],
    ['reboot', 'reboot: name the instances, by id or Name, or give --flagged'],
    ['reboot --flaged', "unknown option '--flaged' (Did you mean --flagged?)"],
    [
      'reboot a --override sap',
      "option '--override <guard>' argument 'sap' is invalid. Allowed choices are asg, spot, event.",
    ],
    ['restart-worker', "missing required argument 'instance'"],
    ['restart-sshd a --flagged', "unknown option '--flagged'"],
    ['unflag', "missing required argument 'instance'"],
    [
      'mute a',
      "mute: say for how long, --for 2h, --until TIME or --window 'Sat 02:00-06:00 Europe/Berlin'; or end it, --off",
    ],
    ['mute --for 2h', "mute: say which: instances by id, Name or pattern ('ficrawler*'), --tag KEY=VALUE or --all"],
    ['mute a --all --for 2h', 'mute: give either instances, --tag or --all'],
    ['ack', "missing required argument 'instance'"],
    ['pause --for soon', '--for: got "soon"; allowed: a time like 30m, 2h or 1d, at most 365d'],
    ['history', "missing required argument 'instance'"],
    ['why', "missing required argument 'instance'"],
    ['why a -o xml', "option '-o, --output <format>' argument 'xml' is invalid. Allowed choices are table, json."],
    ['history a b', "too many arguments for 'history'. Expected 1 argument but got 2."],
    ['flagged -o xml', "option '-o, --output <format>' argument 'xml' is invalid. Allowed choices are table, json."],
  ])('%s: one line on stderr, exit code 3, and no request', async (words, says) => {
    expect(await crawlwatch(words.split(' '))).toMatchObject({
      exitCode: 3,
      stdout: '',
      stderr: `crawlwatch: ${says}\n`,
    });
    expect(invoked).toEqual([]);
  });

  it.each(COMMANDS)('has help with examples for %s', async (command) => {
    const { exitCode, stdout } = await crawlwatch([command, '--help']);
    expect(stdout).toMatch(new RegExp(`Examples:\\n {2}crawlwatch ${command}`));
    expect(stdout).toContain('--stack <name>');
    expect(exitCode).toBe(0);
  });
});

describe('a command on the stack', () => {
  it.each<[string, object | null, object?]>([
    ['reboot ficrawler9 --yes --no-wait', { action: 'reboot', instanceId: ID }],
    [
      `reboot --override asg ${ID} --override event --dry-run`,
      { action: 'reboot', instanceId: ID, dryRun: true, overrides: ['asg', 'event'] },
    ],
    ['restart-worker ficrawler9 -y', { action: 'restart-worker', instanceId: ID }],
    ['restart-sshd ficrawler9 --yes', { action: 'restart-sshd', instanceId: ID }],
    ['unflag ficrawler9 --yes', { action: 'unflag', instanceId: ID }],
    ['pause --why moving --yes', { action: 'pause', why: 'moving', until: null }],
    ['resume', { action: 'resume' }],
    ['plan', { action: 'plan' }],
    [`history ${ID}`, { action: 'history', instanceId: ID }],
    ['why ficrawler9', { action: 'history', instanceId: ID }, { action: 'plan' }],
    ['flagged', null],
    ['mute ficrawler9 --for 2h --dry-run', null],
    ['mute fi* --for 2h --dry-run', null],
    ['mute --list', null],
    ['ack ficrawler9 --why disk', { action: 'ack', instanceId: ID, why: 'disk' }],
    ['ack ficrawler9 --off --dry-run', { action: 'ack', instanceId: ID, off: true, dryRun: true }],
    ['forget --dry-run', null],
  ])('sends what was typed: %s', async (words, request, another) => {
    const { stdout, stderr } = await crawlwatch(words.split(' '));
    // Two requests may go out at once, in any order.
    expect(
      invoked
        .toSorted((a, b) => Number(b.includes('history')) - Number(a.includes('history')))
        .map((body) => JSON.parse(body)),
    ).toEqual(
      request === null ? [] : [request, ...(another ? [another] : [])].map((one) => expect.objectContaining(one)),
    );
    expect(
      stderr.replace(
        'crawlwatch: CrawlwatchStack is deployed: its next check writes them again; to be rid of them: crawlwatch deploy --destroy && crawlwatch forget\n',
        '',
      ),
    ).toBe('');
    expect(stdout).not.toBe('');
  });

  it('says in one line that it has no credentials, and names no check, which was not asked for', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('HOME', '/nonexistent');
    const { exitCode, stderr } = await crawlwatch(['reboot', ID, '--yes']);
    expect(stderr).toMatch(/^crawlwatch: no (usable )?AWS credentials[^\n]*\n$/);
    expect(stderr).not.toContain('--local');
    expect(exitCode).toBe(3);
  });
});
