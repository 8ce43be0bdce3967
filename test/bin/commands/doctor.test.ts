import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  DescribeInstancesCommand,
  DescribeNetworkAclsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
} from '@aws-sdk/client-ec2';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { ListSubscriptionsByTopicCommand } from '@aws-sdk/client-sns';
import { DescribeInstanceInformationCommand, ListDocumentsCommand } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { emulatorOf } from '../../../bin/doctor/emulator.ts';
import { TAG } from '../../../lambda/model/index.ts';
import type { CommandClass, Service } from '../../../sandbox/aws-service.ts';
import { DoctorFleet, HOST } from '../../support/doctor-fleet.ts';
import { minutesAgo } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';

const ALWAYS = Number.POSITIVE_INFINITY;
const deny = (service: Service, command: CommandClass<unknown, unknown>) =>
  service.fail(command, service.error('AccessDenied', 'not authorized to perform this'), ALWAYS);

const ALERTS = 'arn:aws:sns:eu-central-1:123456789012:Alerts';
const SUBSCRIBE = `aws sns subscribe --region eu-central-1 --topic-arn ${ALERTS} --protocol email --notification-endpoint you@example.com`;

/** What is broken, and the one step that it makes. */
type Row = readonly [string, (fleet: DoctorFleet) => unknown, string];

const OF_ALERTS: readonly Row[] = [
  [
    'a schedule that is off',
    ({ stack }) => stack.counted.set('Invocations', []),
    'failed schedule: no check was started in the last 15 min; one is due every 5 min -> enable the schedule: aws scheduler list-schedules shows it, crawlwatch deploy puts it back; a new stack needs some minutes',
  ],
  [
    'checks that fail',
    ({ stack }) => stack.counted.set('Errors', stack.counted.get('Invocations') ?? []),
    'failed schedule: 3 checks started in the last 15 min, all of them failed -> aws logs tail CrawlwatchStack-CheckLogs --since 1h --region eu-central-1',
  ],
  [
    'nobody subscribed',
    ({ aws }) => void aws.topic.subscriptions.splice(0),
    `failed topic: nobody is subscribed to ${ALERTS} -> subscribe, then follow the link in the mail from AWS Notifications, good for two days (a deploy makes no subscription again that SNS has deleted): ${SUBSCRIBE}`,
  ],
  [
    'a topic that is gone',
    ({ stack }) => {
      stack.outputs = { ...stack.outputs, AlertsTopicArn: 'arn:aws:sns:eu-central-1:123456789012:Gone' };
    },
    'failed topic: arn:aws:sns:eu-central-1:123456789012:Gone no longer exists -> crawlwatch deploy --destroy, then crawlwatch deploy -- -c alertEmail=you@example.com: a deploy alone makes nothing again that was deleted by hand',
  ],
  [
    'a reader who has not confirmed',
    ({ aws }) => void aws.topic.subscriptions.push({ endpoint: 'bob@example.com', confirmed: false }),
    `failed subscription: email b***@example.com is not confirmed: it gets nothing -> follow the link in the mail from AWS Notifications, good for two days; after that SNS deletes the subscription and no deploy makes it again; another mail is sent by: ${SUBSCRIBE}`,
  ],
  [
    'mail that bounces',
    (fleet) => fleet.mails({ NumberOfMessagesPublished: 2, NumberOfNotificationsFailed: 2 }),
    'failed last mail: the last was published 24 h ago; in 14 days 2 published, 0 delivered, 2 failed -> see why at SNS (delivery status logging), or whether the address still exists, then crawlwatch test-alert --stack CrawlwatchStack',
  ],
  [
    'no mail so far',
    (fleet) => fleet.mails({}),
    'unknown last mail: none was published in 14 days, which is normal for a healthy fleet -> send one: crawlwatch test-alert --stack CrawlwatchStack',
  ],
];

const OF_AN_INSTANCE: readonly Row[] = [
  [
    'no watch tag',
    (fleet) => fleet.tag('crawlwatch', null),
    `failed watch tag: it has no tag crawlwatch: it is not watched -> aws ec2 create-tags --resources ${HOST} --tags Key=crawlwatch,Value=true --region eu-central-1`,
  ],
  [
    'a watch tag with another value',
    (fleet) => fleet.tag('crawlwatch', 'True'),
    `failed watch tag: crawlwatch=True, but it must be exactly true -> aws ec2 create-tags --resources ${HOST} --tags Key=crawlwatch,Value=true --region eu-central-1`,
  ],
  [
    'an instance that is stopped',
    ({ aws }) => {
      aws.instances.get(HOST)!.state = 'stopped';
    },
    `failed state: it is stopped: it is skipped until it runs -> aws ec2 start-instances --instance-ids ${HOST} --region eu-central-1`,
  ],
  [
    'Windows',
    ({ aws }) => {
      aws.instances.get(HOST)!.platform = 'Windows';
    },
    'failed platform: Windows: only Linux is checked -> remove its watch tag',
  ],
  [
    'a mute that cannot be read',
    (fleet) => fleet.tag(TAG.mute, 'tomorrow'),
    `failed overrides: the tag crawlwatch:mute is tomorrow; allowed: until=2026-11-23T06:00:00Z or window=Sat 02:00-06:00 Europe/Berlin, with ;why=... after it if you like -> crawlwatch mute ${HOST} --for 2h, or crawlwatch mute ${HOST} --off`,
  ],
  [
    'a last check that could not be made',
    (fleet) => fleet.remember({ [TAG.status]: 'UNKNOWN:SsmNotManaged', [NOTE.since]: minutesAgo(45) }),
    'failed last check: UNKNOWN SsmNotManaged since 07:30 UTC, for 45 min: SSM does not manage it -> attach an instance profile with AmazonSSMManagedInstanceCore and see that the SSM agent runs',
  ],
  [
    'no probe document',
    ({ aws }) => aws.ssm.on(ListDocumentsCommand, () => ({ DocumentIdentifiers: [] })),
    'failed probe: there is no probe document of CrawlwatchStack -> crawlwatch deploy, or --stack NAME',
  ],
];

const OF_ITS_AGENT: readonly Row[] = [
  [
    'no instance profile',
    ({ network }) => network.places.set(HOST, { ...network.places.get(HOST)!, profileArn: null }),
    `failed instance profile: none: the agent is not allowed to call SSM -> attach one whose role has AmazonSSMManagedInstanceCore: aws ec2 associate-iam-instance-profile --instance-id ${HOST} --iam-instance-profile Name=NAME --region eu-central-1`,
  ],
  [
    'no way out',
    ({ network }) => {
      network.tables = [{ Associations: [{ Main: true }], Routes: [] }];
    },
    'failed route to SSM: subnet-1 has no route out, and its VPC no endpoint ssm or ssmmessages -> add the endpoints ssm and ssmmessages: aws ec2 create-vpc-endpoint --vpc-endpoint-type Interface --vpc-id vpc-1 --subnet-ids subnet-1 --service-name com.amazonaws.eu-central-1.ssm',
  ],
  [
    'a security group that allows nothing out',
    ({ network }) => {
      network.groups = [{ GroupId: 'sg-host', IpPermissionsEgress: [] }];
    },
    'failed security group: sg-host allows no HTTPS out, which the SSM agent needs -> aws ec2 authorize-security-group-egress --group-id sg-host --protocol tcp --port 443 --cidr 0.0.0.0/0',
  ],
];

describe.concurrent('the doctor', () => {
  it('finds nothing where all is OK, exit code 0', async () => {
    const fleet = await DoctorFleet.well();
    expect(await fleet.diagnose()).toMatchObject({ troubles: [], exitCode: 0 });
    const one = await fleet.diagnose(['ficrawler1']);
    expect(one).toMatchObject({ troubles: [], exitCode: 0 });
    expect(one.steps.map(({ name }) => name)).toEqual([
      ...['watch tag', 'state', 'platform', 'overrides', 'last check', 'instance profile', 'SSM agent', 'probe'],
    ]);
  });

  it.each(OF_ALERTS)(
    'finds %s between the stack and the readers of its mail, with its fix',
    async (_, breaks, expected) => {
      const fleet = await DoctorFleet.well();
      await breaks(fleet);
      const { troubles, exitCode } = await fleet.diagnose();
      expect(troubles).toEqual([expected]);
      expect(exitCode).toBe(expected.startsWith('failed') ? 2 : 3);
    },
  );

  const NO_STACK =
    'failed stack: there is no stack CrawlwatchStack in eu-central-1: nothing is checked on a schedule, and nobody is mailed -> crawlwatch deploy -- -c alertEmail=you@example.com; or name another: --stack NAME, AWS_REGION';

  it('finds that there is no stack, and says of no instance that it was checked', async () => {
    const fleet = await DoctorFleet.well();
    fleet.stack.outputs = null;
    const { troubles, exitCode, diagnoses } = await fleet.diagnose();
    expect(troubles).toEqual([
      NO_STACK,
      'unknown instances: 1 instance tagged crawlwatch=true in eu-central-1, and no stack that checks them -> null',
    ]);
    expect(exitCode).toBe(2);
    expect(diagnoses.map(({ kind }) => kind)).toEqual(['alerts', 'fleet']);
    expect((await fleet.diagnose([HOST])).troubles[0]).toBe(NO_STACK);
  });

  it.each([
    [
      'CREATE_IN_PROGRESS',
      'wait for its end: aws cloudformation describe-stack-events --region eu-central-1 --stack-name CrawlwatchStack',
    ],
    [
      'ROLLBACK_COMPLETE',
      'see why: aws cloudformation describe-stack-events --region eu-central-1 --stack-name CrawlwatchStack; then crawlwatch deploy, which replaces what could not be created',
    ],
  ] as const)('finds a stack that is %s, and does not take it for one of others', async (status, fix) => {
    const fleet = await DoctorFleet.well();
    Object.assign(fleet.stack, { outputs: {}, status });
    expect((await fleet.diagnose()).troubles[0]).toBe(
      `failed stack: CrawlwatchStack in eu-central-1 is ${status}: it has no function and no topic, nothing is checked, and nobody is mailed -> ${fix}`,
    );
  });

  it('counts those that were skipped and those that no check has seen, and calls neither well', async () => {
    const fleet = await DoctorFleet.well();
    const summary = async () => (await fleet.diagnose()).steps.find(({ name }) => name === 'instances');
    const tags = { crawlwatch: 'true' };
    expect(await summary()).toMatchObject({
      finding: 'ok',
      text: expect.stringMatching(/: 1 answered when last checked$/),
    });

    fleet.aws.launch('i-00000000000000002', { tags });
    fleet.aws.launch('i-00000000000000003', { tags }).state = 'stopped';
    fleet.aws.launch('i-00000000000000004', { tags }).state = 'stopped';
    expect(await summary()).toMatchObject({
      finding: 'ok',
      text: '4 instances tagged crawlwatch=true in eu-central-1: 1 answered when last checked, 1 not checked yet, 2 skipped (is stopped, not running)',
    });

    fleet.aws.instances.delete(HOST);
    expect(await summary()).toMatchObject({
      finding: 'unknown',
      text: '3 instances tagged crawlwatch=true in eu-central-1: 1 not checked yet, 2 skipped (is stopped, not running)',
      fix: 'wait for the next check: one is due every 5 min',
    });

    fleet.aws.instances.delete('i-00000000000000002');
    expect(await summary()).toMatchObject({
      finding: 'failed',
      text: '2 instances tagged crawlwatch=true in eu-central-1: 2 skipped (is stopped, not running)',
    });
  });

  it('does not call an instance unchecked whose result it may not read', async () => {
    const fleet = await DoctorFleet.well();
    await fleet.remember({ [TAG.status]: 'OK' });
    fleet.tag(TAG.status, null);
    deny(fleet.aws.s3, GetObjectCommand);
    const { steps } = await fleet.diagnose();
    expect(steps.find(({ name }) => name === 'instances')?.text).toMatch(/: 1 without a result that can be read$/);
  });

  it('says that it speaks to an emulator, and blames nobody for what that leaves out', async () => {
    const fleet = await DoctorFleet.well();
    fleet.stack.counted.set('Invocations', []);
    fleet.aws.topic.subscriptions.push({ endpoint: 'bob@example.com', confirmed: false });
    const env = { AWS_ENDPOINT_URL: 'http://localhost:5000/' };
    const { steps, exitCode } = await fleet.diagnose([], {}, { env });
    expect(steps[0]).toMatchObject({
      name: 'AWS',
      finding: 'unknown',
      text: expect.stringMatching(
        /^AWS_ENDPOINT_URL is http:\/\/localhost:5000, which is not AWS: .*no mail.*no schedule.*no function.*no alarm.*no SSM agent/,
      ),
    });
    expect(steps.filter(({ finding }) => finding === 'failed')).toEqual([]);
    expect(steps.find(({ name }) => name === 'schedule')?.text).toMatch(/an emulator starts no schedule/);
    expect(exitCode).toBe(3);
    expect((await fleet.diagnose([HOST], {}, { env })).steps[0]?.name).toBe('AWS');
  });

  it.each([
    [{}, null],
    [{ AWS_ENDPOINT_URL: '' }, null],
    [{ AWS_ENDPOINT_URL: 'https://vpce-1-2.ec2.eu-west-1.vpce.amazonaws.com' }, null],
    [{ AWS_ENDPOINT_URL_SNS: 'https://sns.cn-north-1.amazonaws.com.cn' }, null],
    [{ AWS_ENDPOINT_URL: 'http://localhost:4566', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }, null],
    [{ AWS_ENDPOINT_URL_EC2: 'http://localhost:4566/x' }, 'AWS_ENDPOINT_URL_EC2 is http://localhost:4566'],
    [
      { AWS_ENDPOINT_URL: 'https://amazonaws.com.example.com' },
      'AWS_ENDPOINT_URL is https://amazonaws.com.example.com',
    ],
  ])('knows an emulator by its address: %j', (env, expected) => {
    expect(emulatorOf(env)).toBe(expected);
  });

  it.each(OF_AN_INSTANCE)('finds %s, with its fix', async (_, breaks, expected) => {
    const fleet = await DoctorFleet.well();
    await breaks(fleet);
    expect(await fleet.diagnose([HOST])).toMatchObject({ troubles: [expected], exitCode: 2 });
  });

  it.each(OF_ITS_AGENT)('finds %s where the agent has lost its connection', async (_, breaks, expected) => {
    const fleet = await DoctorFleet.well();
    fleet.aws.nodes.get(HOST)!.ping = 'ConnectionLost';
    await breaks(fleet);
    const { troubles } = await fleet.diagnose([HOST], { timeout: '2' });
    expect(troubles).toContain(expected);
    expect(troubles.some((trouble) => trouble.startsWith('failed SSM agent: it has lost its connection'))).toBe(true);
    expect(troubles).toHaveLength(3);
  });

  it('examines without ids only those that could not be checked', async () => {
    const fleet = await DoctorFleet.well();
    fleet.aws.launch('i-00000000000000002', { tags: { Name: 'ill', crawlwatch: 'true', [TAG.ssh]: 'port=0' } });
    const { diagnoses } = await fleet.diagnose();
    expect(diagnoses.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      ...['alerts CrawlwatchStack', 'fleet CrawlwatchStack', 'instance ill'],
    ]);
  });

  it('names the permission that is missing for a step, and goes on with the others', async () => {
    const fleet = await DoctorFleet.well();
    deny(fleet.stack.cloudWatch, GetMetricDataCommand);
    deny(fleet.aws.sns, ListSubscriptionsByTopicCommand);
    const { steps, exitCode } = await fleet.diagnose();
    const lacking = (name: string, permission: string) =>
      expect.objectContaining({ name, finding: 'unknown', text: `this identity lacks ${permission}` });
    expect(steps).toEqual([
      expect.objectContaining({ name: 'stack', finding: 'ok' }),
      lacking('schedule', 'cloudwatch:GetMetricData'),
      lacking('last check', 'cloudwatch:GetMetricData'),
      lacking('topic', 'sns:ListSubscriptionsByTopic'),
      lacking('last mail', 'cloudwatch:GetMetricData'),
      expect.objectContaining({ name: 'instances', finding: 'ok' }),
    ]);
    expect(exitCode).toBe(3);
  });

  it.each<[string, (fleet: DoctorFleet) => void, string]>([
    ['stacks', ({ stack }) => deny(stack.cloudFormation, DescribeStacksCommand), 'cloudformation:DescribeStacks'],
    ['instances', ({ aws }) => deny(aws.ec2, DescribeInstancesCommand), 'ec2:DescribeInstances'],
    ['agents', ({ aws }) => deny(aws.ssm, DescribeInstanceInformationCommand), 'ssm:DescribeInstanceInformation'],
    ['documents', ({ aws }) => deny(aws.ssm, ListDocumentsCommand), 'ssm:ListDocuments'],
  ])('names the permission without which %s cannot be read', async (_, denies, permission) => {
    const fleet = await DoctorFleet.well();
    denies(fleet);
    const troubles = [...(await fleet.diagnose()).troubles, ...(await fleet.diagnose([HOST])).troubles];
    expect(troubles.join('\n')).toContain(`this identity lacks ${permission} -> allow ${permission}`);
  });

  it.each([
    [
      's3:GetObject on arn:aws:s3:::crawlwatch-state/state.json.gz',
      ({ aws }: DoctorFleet) => deny(aws.s3, GetObjectCommand),
    ],
    ['cloudformation:DescribeStacks', ({ stack }: DoctorFleet) => deny(stack.cloudFormation, DescribeStacksCommand)],
  ])('goes by the tags alone without the right %s, which it names in one step', async (right, denies) => {
    const fleet = await DoctorFleet.well();
    await fleet.remember({ [TAG.status]: 'OK' });
    fleet.tag(TAG.status, 'CRITICAL:SsmConnectionLost').tag(TAG.flag, `SsmConnectionLost@${minutesAgo(30)}`);
    expect((await fleet.diagnose()).diagnoses.map(({ kind }) => kind)).toEqual(['alerts', 'fleet']);
    denies(fleet);
    for (const ids of [[], [HOST]]) {
      const { diagnoses, steps } = await fleet.diagnose(ids);
      expect(diagnoses.at(-1)?.name).toBe('ficrawler1');
      expect(steps.filter(({ text }) => text === `this identity lacks ${right}`)).toHaveLength(1);
      expect(steps.find(({ name, finding }) => name === 'last check' && finding === 'failed')?.text).toMatch(
        /^CRITICAL SsmConnectionLost: .*; it is flagged for reboot$/,
      );
    }
  });

  it('names each permission that a diagnosis over SSH needs', async () => {
    const fleet = await DoctorFleet.well({ transport: 'ssh' });
    deny(fleet.stack.lambda, GetFunctionConfigurationCommand);
    for (const command of [DescribeSecurityGroupsCommand, DescribeNetworkAclsCommand, DescribeRouteTablesCommand]) {
      deny(fleet.aws.ec2, command);
    }
    const { troubles } = await fleet.diagnose([HOST], { transport: 'ssh', timeout: '2' });
    for (const permission of [
      'lambda:GetFunctionConfiguration',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeNetworkAcls',
    ]) {
      expect(troubles.join('\n')).toContain(`this identity lacks ${permission}`);
    }
  });

  it('says in one line that an id names nothing', async () => {
    const fleet = await DoctorFleet.well();
    await expect(fleet.diagnose(['i-00000000000000009'])).rejects.toThrow(
      'there is no instance i-00000000000000009 in eu-central-1: check the id, AWS_REGION and AWS_PROFILE',
    );
  });

  it('uses the settings that the stack runs with', async () => {
    const fleet = await DoctorFleet.well({ tag: { key: 'Role', value: 'crawler' } });
    expect((await fleet.diagnose([HOST])).troubles[0]).toMatch(/^failed watch tag: it has no tag Role/);
  });

  it('takes for the default what the stack’s settings leave out, whatever cdk.json says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-doctor-'));
    writeFileSync(join(folder, 'cdk.json'), '{"context":{"crawlwatch":{"tag":{"key":"Role"}}}}');
    const fleet = await DoctorFleet.well();
    // As the stack deploys them: what is as by default isn't there.
    Object.assign(fleet.stack, { settings: {} });
    expect((await fleet.diagnose([HOST], {}, { cwd: folder })).troubles).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});
