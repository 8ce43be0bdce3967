import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, ListTargetsByRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { originOf, publishAlert, putEvents } from '../../lambda/alert/index.ts';
import type { Once } from '../../lambda/kit/index.ts';
import type { Alert } from '../../lambda/model/index.ts';
import { acted, acts, alertOf, entry } from '../support/alerts.ts';
import { type Moto, startMoto, whyNoMoto } from '../support/moto.ts';

const noCli = spawnSync('aws', ['--version'], { stdio: 'ignore' }).status === 0 ? null : 'aws can not be run';
const missing = whyNoMoto() ?? noCli;
if (missing !== null)
  process.stderr.write(`\nSKIPPED, the commands of docs/channels.md were not tried: ${missing}\n\n`);

const DOCS = join(import.meta.dirname, '../../docs');
const STACK = 'CrawlwatchStack';
const ACCOUNT = '123456789012';
/** By heading: the blocks of shell, those of Chatbot apart. */
const SECTIONS = new Map(
  readFileSync(join(DOCS, 'channels.md'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((text) => {
      const [title = ''] = text.split('\n');
      const blocks = [...text.matchAll(/^```sh( chatbot)?\n(.*?)^```/gms)];
      const of = (isChatbot: boolean) =>
        blocks.filter(([, mark]) => (mark !== undefined) === isChatbot).map(([, , block = '']) => block);
      return [title, { shell: of(false).join('\n'), chatbot: of(true) }] as const;
    }),
);
/** The emulator answers when it gets to it, on a busy machine after longer than a mail would wait. */
const PATIENCE_MS = 600_000;
const TEMPLATE = {
  Resources: { Alerts: { Type: 'AWS::SNS::Topic' } },
  Outputs: { AlertsTopicArn: { Value: { Ref: 'Alerts' } } },
};
const ALERT = alertOf([entry({ name: 'say "hi" \\ there' })], acts({ acted: [acted()] }));

/** Those whose commands are run below. */
const TRIED = [
  ...['Before you begin', 'Slack and Microsoft Teams', 'A queue for your own code', 'Any webhook', 'PagerDuty'],
  ...['Opsgenie', 'Jira', 'Only some of it'],
];

it('has no section of docs/channels.md with commands that are not tried', () => {
  const withCommands = [...SECTIONS].filter(([, { shell, chatbot }]) => shell !== '' || chatbot.length > 0);
  expect(withCommands.map(([title]) => title)).toEqual(TRIED);
});

// moto_server and the AWS CLI; where one is missing, the reason is printed.
describe.runIf(missing === null)('the channels, by the commands of docs/channels.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-channels-'));
  let moto: Moto;
  let topicArn: string;
  let events: EventBridgeClient;
  let sns: Once<SNSClient>;
  let sqs: SQSClient;

  const run = (script: string) => {
    const env = { ...process.env, ...moto.env };
    // Version 1 of the CLI takes SQS's endpoint of us-east-1 from elsewhere than the environment.
    const aws = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }';
    // What bash takes for a remote shell by its standard input, a socket, would read /etc/bash.bashrc.
    const words = ['--norc', '-euc', `${aws}\n${script}`];
    const { status, stderr } = spawnSync('bash', words, { cwd: folder, env, encoding: 'utf8' });
    return { status, stderr };
  };
  /** After that with the variables. */
  const section = (title: string) =>
    [...new Set(['Before you begin', title])].map((one) => SECTIONS.get(one)?.shell ?? 'false').join('\n');

  /** As Outlets.notify does it. */
  const notify = async (alert: Alert) => {
    const unsent = await putEvents(events, alert, originOf(topicArn, STACK), PATIENCE_MS);
    await publishAlert(sns, topicArn, alert, STACK);
    return unsent;
  };
  async function received(queue: string): Promise<Record<string, unknown>[]> {
    const QueueUrl = `${moto.endpoint}/${ACCOUNT}/${queue}`;
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    return Messages.map(({ Body = '' }) => JSON.parse(Body));
  }
  const errorsOf = (schema: string, value: unknown) => {
    const text = readFileSync(join(DOCS, 'events', `${schema}.schema.json`), 'utf8');
    const validate = new Ajv2020({ formats: { 'date-time': true } }).compile(JSON.parse(text));
    validate(value);
    return validate.errors ?? [];
  };

  beforeAll(async () => {
    moto = await startMoto();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const common = { endpoint: moto.endpoint, region: 'us-east-1', credentials };
    events = new EventBridgeClient(common);
    sns = Object.assign(new SNSClient(common), { sentOnce: true as const });
    sqs = new SQSClient(common);
    const cloudFormation = new CloudFormationClient(common);
    await cloudFormation.send(new CreateStackCommand({ StackName: STACK, TemplateBody: JSON.stringify(TEMPLATE) }));
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: STACK }));
    topicArn = Stacks![0]!.Outputs![0]!.OutputValue!;
    await sqs.send(new CreateQueueCommand({ QueueName: 'probe' }));
  });
  afterAll(async () => {
    await moto?.stop();
    rmSync(folder, { recursive: true });
  });

  it('reach a queue twice, by SNS and by EventBridge, both valid by their published schemas', async () => {
    expect(run(section('A queue for your own code'))).toEqual({ status: 0, stderr: '' });
    expect(await notify(ALERT)).toEqual([]);
    const got = await received('crawlwatch');
    const byType = (type: string) => got.filter((one) => one['detail-type'] === type);
    expect(got).toHaveLength(3);
    const [message] = got.filter((one) => 'subject' in one);
    expect(errorsOf('alert-message', message)).toEqual([]);
    expect(message).toMatchObject({ subject: ALERT.subject, omitted: { entries: 0, acts: 0 } });
    // moto leaves the account out of what it delivers.
    const [opened] = byType('Crawlwatch Incident Opened').map((one) => ({ account: ACCOUNT, ...one }));
    const [act] = byType('Crawlwatch Act').map((one) => ({ account: ACCOUNT, ...one }));
    expect(errorsOf('incident-opened', opened)).toEqual([]);
    expect(errorsOf('act', act)).toEqual([]);
  });

  it('filter a subscription by its attributes', async () => {
    expect(run(section('Only some of it'))).toEqual({ status: 0, stderr: '' });
    await received('crawlwatch');
    await publishAlert(sns, topicArn, alertOf([entry({ status: 'WARNING', reasons: ['MemoryLow'] })]), STACK);
    expect(await received('crawlwatch')).toEqual([]);
    await publishAlert(sns, topicArn, alertOf([entry({ status: 'WARNING', reasons: ['DiskLow'] })]), STACK);
    expect(await received('crawlwatch')).toHaveLength(1);
  });

  // moto takes connections and API destinations, and calls none: what they would post is read from a queue in their place.
  it.each([
    [
      'Any webhook',
      'crawlwatch-webhook',
      'opened',
      { text: "say 'hi' / there: CRIT fiweb1 disk 96 % of / used", detail: { version: 1 } },
    ],
    [
      'PagerDuty',
      'crawlwatch-pagerduty-trigger',
      'flagged',
      {
        event_action: 'trigger',
        dedup_key: 'crawlwatch:CrawlwatchStack:i-0123456789abcdef0:2026-11-22T08:05:00Z',
        payload: { severity: 'critical', source: "say 'hi' / there", custom_details: { version: 1 } },
      },
    ],
    [
      'PagerDuty',
      'crawlwatch-pagerduty-resolve',
      'ended',
      {
        event_action: 'resolve',
        dedup_key: 'crawlwatch:CrawlwatchStack:i-0123456789abcdef0:2026-11-22T08:05:00Z',
      },
    ],
    ['Opsgenie', 'crawlwatch-opsgenie', 'escalated', { message: "crawlwatch: say 'hi' / there" }],
    ['Opsgenie', 'crawlwatch-opsgenie-close', 'ended', { source: 'crawlwatch' }],
    ['Jira', 'crawlwatch-jira', 'opened', { fields: { project: { key: 'OPS' }, issuetype: { name: 'Task' } } }],
  ] as const)(
    'post what %s takes, by the rule %s, of an incident that is %s',
    async (title, rule, change, expected) => {
      // Each section once: nothing can be created twice.
      if (!made.has(title)) {
        const script = made.size === 0 ? section('Any webhook') : '';
        expect(run(script)).toEqual({ status: 0, stderr: '' });
        const own = title === 'Any webhook' ? '' : `${section(title)}`;
        expect(run(`ROLE=arn:aws:iam::${ACCOUNT}:role/crawlwatch-events\n${own}`)).toEqual({ status: 0, stderr: '' });
        made.add(title);
      }
      const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: rule }));
      expect(Targets[0]).toMatchObject({
        Arn: expect.stringMatching(/:api-destination\/crawlwatch-/),
        RoleArn: `arn:aws:iam::${ACCOUNT}:role/crawlwatch-events`,
      });
      const { InputTransformer } = Targets[0]!;
      const probe = { Id: 'probe', Arn: `arn:aws:sqs:us-east-1:${ACCOUNT}:probe`, InputTransformer };
      await events.send(new PutTargetsCommand({ Rule: rule, Targets: [probe] }));
      await received('probe');
      const alert = alertOf([{ ...ALERT.entries[0]!, change }]);
      expect(await putEvents(events, alert, originOf(topicArn, STACK), PATIENCE_MS)).toEqual([]);
      expect(await received('probe')).toContainEqual(expect.objectContaining(objectLike(expected)));
    },
  );

  // moto has no Chatbot: the CLI checks the parameters by AWS's model of that API, and finds nobody to send them to.
  it("name Chatbot's parameters as its API does", () => {
    const { shell = '', chatbot = [] } = SECTIONS.get('Slack and Microsoft Teams') ?? {};
    expect(run(shell)).toEqual({ status: 0, stderr: '' });
    const checked = (block: string) =>
      run(`${section('Before you begin')}\n${block.trimEnd()} --endpoint-url http://localhost:1`).stderr;
    expect(chatbot.map(checked)).toEqual(
      Array(2).fill(expect.stringContaining('Could not connect to the endpoint URL')),
    );
    expect(checked(chatbot[0]!.replace('--slack-team-id', '--slack-workspace'))).toMatch(/slack-team-id/);
    expect(checked(chatbot[1]!.replace(/--tenant-id \S+/, '--tenant-id x'))).toMatch(/Invalid length|TenantId/);
  });
});

/** Sections whose commands were run. */
const made = new Set<string>();

const objectLike = (expected: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(expected).map(([key, value]) => [
      key,
      typeof value === 'object' && value !== null ? expect.objectContaining(objectLike(value)) : value,
    ]),
  );
