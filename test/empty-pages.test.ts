/** A filtered List or Describe may answer with an empty page and a token: what there is, is on the next one. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTotals } from '../bin/doctor/cloudwatch.ts';
import {
  describeAcl,
  describeEndpoints,
  describeGroups,
  describeRouteTables,
  describeSubnets,
} from '../bin/doctor/ec2.ts';
import { describeStack } from '../bin/stack/cloudformation.ts';
import { describeMarked } from '../bin/stack/ec2.ts';
import { listSubscriptions } from '../lambda/alert/sns.ts';
import { stackChecks } from '../lambda/check/cloudwatch.ts';
import { findFleet } from '../lambda/discover/ec2.ts';
import { readHypervisors } from '../lambda/flag/cloudwatch.ts';
import { gatherEvidence } from '../lambda/flag/ec2.ts';
import { NOTHING_REMEMBERED } from '../lambda/model/index.ts';
import { readHistory } from '../lambda/remedy/dynamodb.ts';
import { scheduledEvents } from '../lambda/remedy/ec2.ts';
import { parseSettings } from '../lambda/settings/index.ts';
import { findProbeDocument } from '../lambda/ssm/document.ts';
import { describeNodes } from '../lambda/ssm/nodes.ts';
import { type AnsweringAws, type AwsAnswer, type AwsCall, startAnsweringAws } from './support/aws-answers.ts';
import { NOW } from './support/fleet.ts';

const ROOT = join(import.meta.dirname, '..');
const ID = 'i-00000000000000001';
const set = (name: string, item: string, tag = 'item') => `<${name}><${tag}>${item}</${tag}></${name}>`;

/** The first page is empty and has a token; so is the second; the third has what there is. */
const pages =
  (token: (next: string) => string, empty: string, last: string, given = 'NextToken') =>
  ({ params }: AwsCall): AwsAnswer =>
    params[given] === undefined ? empty + token('2') : params[given] === '2' ? empty + token('3') : last;
const ec2Pages = (name: string, item: string) =>
  pages((next) => `<nextToken>${next}</nextToken>`, `<${name}/>`, set(name, item));
const queryPages = (name: string, item: string) =>
  pages((next) => `<NextToken>${next}</NextToken>`, `<${name}/>`, set(name, item, 'member'));
const jsonPages =
  (name: string, items: readonly object[], given = 'NextToken', next: (n: string) => unknown = (n) => n) =>
  ({ params }: AwsCall): AwsAnswer => {
    const token = params[given];
    if (token === undefined)
      return { [name]: [], [given === 'ExclusiveStartKey' ? 'LastEvaluatedKey' : given]: next('2') };
    if (JSON.stringify(token) === JSON.stringify(next('2'))) {
      return { [name]: [], [given === 'ExclusiveStartKey' ? 'LastEvaluatedKey' : given]: next('3') };
    }
    return { [name]: items };
  };
const instance = `<instancesSet><item><instanceId>${ID}</instanceId><instanceState><code>16</code><name>running</name></instanceState><tagSet><item><key>crawlwatch</key><value>true</value></item><item><key>crawlwatch:status</key><value>OK</value></item></tagSet></item></instancesSet>`;
const metric = (Id: string) => ({ Id, Timestamps: [NOW.getTime() / 1000 - 300], Values: [7], StatusCode: 'Complete' });

describe('an empty first page with a token', () => {
  let aws: AnsweringAws;
  let config: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  beforeAll(async () => {
    aws = await startAnsweringAws();
    config = { endpoint: aws.url, region: 'eu-west-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  });
  afterAll(() => aws.close());

  const ec2 = () => new EC2Client(config);
  const ssm = () => new SSMClient(config);
  const cloudWatch = () => new CloudWatchClient(config);
  const settings = parseSettings({});
  const signal = new AbortController().signal;
  type Row = readonly [
    action: string,
    answer: (call: AwsCall) => AwsAnswer,
    read: () => Promise<unknown>,
    found: unknown,
  ];

  it.each<Row>([
    [
      'DescribeInstances',
      ec2Pages('reservationSet', instance),
      () => findFleet(ec2(), 'eu-west-1', settings),
      [expect.objectContaining({ id: ID })],
    ],
    [
      'DescribeInstances',
      ec2Pages('reservationSet', instance),
      () => describeMarked(ec2()),
      [{ id: ID, tags: { 'crawlwatch:status': 'OK' } }],
    ],
    [
      'DescribeInstanceStatus',
      ec2Pages('instanceStatusSet', `<instanceId>${ID}</instanceId>${set('eventsSet', '<code>system-reboot</code>')}`),
      () => scheduledEvents(ec2(), ID),
      ['AWS has scheduled system-reboot for it'],
    ],
    [
      'DescribeInstanceStatus',
      ec2Pages(
        'instanceStatusSet',
        `<instanceId>${ID}</instanceId><instanceStatus><status>impaired</status></instanceStatus>`,
      ),
      async () => {
        const one = [{ id: ID, remembered: NOTHING_REMEMBERED }];
        const all = await gatherEvidence(one, { ec2: ec2(), now: NOW, lastGood: Promise.resolve(new Map()) });
        return all.get(ID)?.impaired;
      },
      [{ what: 'instance', since: null }],
    ],
    [
      'DescribeSubnets',
      ec2Pages('subnetSet', '<subnetId>subnet-a</subnetId>'),
      () => describeSubnets(ec2(), ['subnet-a']),
      [{ SubnetId: 'subnet-a' }],
    ],
    [
      'DescribeSecurityGroups',
      ec2Pages('securityGroupInfo', '<groupId>sg-a</groupId>'),
      () => describeGroups(ec2(), ['sg-a']),
      [{ GroupId: 'sg-a' }],
    ],
    [
      'DescribeRouteTables',
      ec2Pages('routeTableSet', '<routeTableId>rtb-a</routeTableId>'),
      () => describeRouteTables(ec2(), 'vpc-1'),
      [{ RouteTableId: 'rtb-a' }],
    ],
    [
      'DescribeNetworkAcls',
      ec2Pages('networkAclSet', set('entrySet', '<ruleNumber>100</ruleNumber>')),
      () => describeAcl(ec2(), 'subnet-a'),
      [{ RuleNumber: 100 }],
    ],
    [
      'DescribeVpcEndpoints',
      ec2Pages('vpcEndpointSet', '<vpcEndpointId>vpce-a</vpcEndpointId>'),
      () => describeEndpoints(ec2(), 'vpc-1'),
      [{ VpcEndpointId: 'vpce-a' }],
    ],
    [
      'ListSubscriptionsByTopic',
      queryPages(
        'Subscriptions',
        '<Protocol>email</Protocol><Endpoint>a@example.com</Endpoint><SubscriptionArn>arn:x</SubscriptionArn>',
      ),
      () => listSubscriptions(new SNSClient(config), 'arn:aws:sns:eu-west-1:1:t'),
      [{ protocol: 'email', endpoint: 'a@example.com', confirmed: true }],
    ],
    [
      'DescribeStacks',
      queryPages(
        'Stacks',
        '<StackName>S</StackName><CreationTime>2026-11-22T08:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>',
      ),
      () => describeStack(new CloudFormationClient(config), 'S'),
      { status: 'CREATE_COMPLETE', outputs: {} },
    ],
    [
      'ListDocuments',
      jsonPages('DocumentIdentifiers', [{ Name: 'S-Probe-1' }]),
      () => findProbeDocument(ssm(), 'S'),
      'S-Probe-1',
    ],
    [
      'DescribeInstanceInformation',
      jsonPages('InstanceInformationList', [{ InstanceId: ID, PingStatus: 'Online' }]),
      async () => [...(await describeNodes(ssm(), [ID], signal)).nodes.keys()],
      [ID],
    ],
    [
      'GetMetricData',
      jsonPages('MetricDataResults', [metric('q0')]),
      () => readTotals(cloudWatch(), [{ namespace: 'x', name: 'y', dimensions: {} }], new Date(0), NOW, 60),
      [expect.objectContaining({ sum: 7 })],
    ],
    [
      'GetMetricData',
      jsonPages('MetricDataResults', [metric('heartbeat')]),
      () => stackChecks(cloudWatch(), 'Other', NOW),
      true,
    ],
    [
      'GetMetricData',
      jsonPages('MetricDataResults', [metric('i0_networkOut')]),
      async () =>
        (await readHypervisors(cloudWatch(), [{ id: ID, remembered: { failingSince: null } }] as never, NOW)).get(ID),
      [expect.objectContaining({ networkOut: 7 })],
    ],
    [
      'Query',
      jsonPages(
        'Items',
        [
          {
            entry: {
              S: JSON.stringify({
                at: NOW,
                remedy: 'reboot',
                outcome: 'held',
                heldBy: 'paused',
                requester: 'schedule',
                evidence: [],
                instanceId: ID,
                why: 'x',
              }),
            },
          },
        ],
        'ExclusiveStartKey',
        (n) => ({ key: { S: n } }),
      ),
      async () => (await readHistory(new DynamoDBClient(config), 'table', ID)).map(({ why }) => why),
      ['x'],
    ],
  ])('of %s is no end: %#', async (action, answer, read, found) => {
    aws.calls();
    aws.answer({ [action]: answer });
    expect(await read()).toEqual(found);
    const asked = aws.calls().filter((call) => call.action === action);
    expect(asked).toHaveLength(3);
  });

  it('has no call beside them that leaves the other pages out', () => {
    const once = ['lambda', 'bin'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.startsWith('demo/'))
        .flatMap((name) =>
          [
            ...readFileSync(join(ROOT, folder, name), 'utf8').matchAll(
              /new ((?:List|Describe|Query|Scan|GetMetricData)\w*)Command\(/g,
            ),
          ].map(([, command]) => `${folder}/${name}: ${command}`),
        ),
    );
    expect(once.toSorted()).toEqual([
      // One instance by its id: no pages.
      'bin/doctor/ec2.ts: DescribeInstances',
      // One attribute of one VPC.
      'bin/doctor/ec2.ts: DescribeVpcAttribute',
      // In loops of their own, above.
      'bin/stack/cloudformation.ts: DescribeStacks',
      'lambda/discover/ec2.ts: DescribeInstances',
      'lambda/flag/cloudwatch.ts: GetMetricData',
      'lambda/remedy/dynamodb.ts: Query',
    ]);
  });
});
