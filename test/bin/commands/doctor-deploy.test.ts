import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AnsweringAws, type AwsAnswers, refusal, startAnsweringAws } from '../../support/aws-answers.ts';
import { crawlwatch } from '../command-line.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:CrawlwatchStack-Alerts';
const SUBSCRIBE = `aws sns subscribe --region eu-west-1 --topic-arn ${TOPIC} --protocol email --notification-endpoint you@example.com`;
const MORE =
  'aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000';

const list = (name: string, items: readonly string[], item = 'item') =>
  `<${name}>${items.map((one) => `<${item}>${one}</${item}>`).join('')}</${name}>`;
const subnet = (id: string, zone: string, vpc = 'vpc-1', free = 200) =>
  `<subnetId>${id}</subnetId><vpcId>${vpc}</vpcId><availabilityZone>${zone}</availabilityZone><availableIpAddressCount>${free}</availableIpAddressCount><cidrBlock>10.0.0.0/24</cidrBlock>`;
const endpoint = (
  service: string,
  more = '<vpcEndpointType>Interface</vpcEndpointType><privateDnsEnabled>true</privateDnsEnabled>',
) =>
  `<vpcEndpointId>vpce-${service}</vpcEndpointId><vpcId>vpc-1</vpcId><serviceName>com.amazonaws.eu-west-1.${service}</serviceName><state>available</state>${more}`;
const dns =
  (support: boolean, hostnames: boolean): AwsAnswers[string] =>
  ({ params }) => {
    const name = params.Attribute === 'enableDnsSupport' ? 'enableDnsSupport' : 'enableDnsHostnames';
    return `<vpcId>vpc-1</vpcId><${name}><value>${name === 'enableDnsSupport' ? support : hostnames}</value></${name}>`;
  };
const stackOf = (status: string, outputs: Readonly<Record<string, string>>) =>
  list(
    'Stacks',
    [
      `<StackName>CrawlwatchStack</StackName><CreationTime>2026-11-22T08:00:00Z</CreationTime><StackStatus>${status}</StackStatus>${list(
        'Outputs',
        Object.entries(outputs).map(
          ([key, value]) => `<OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue>`,
        ),
        'member',
      )}`,
    ],
    'member',
  );
const subscriptions = (...all: (readonly [string, string])[]) =>
  list(
    'Subscriptions',
    all.map(
      ([who, arn]) => `<Protocol>email</Protocol><Endpoint>${who}</Endpoint><SubscriptionArn>${arn}</SubscriptionArn>`,
    ),
    'member',
  );
const routes = (target: string) =>
  list('routeTableSet', [
    `<routeTableId>rtb-1</routeTableId>${list('associationSet', ['<main>true</main>'])}${list('routeSet', [
      `<destinationCidrBlock>0.0.0.0/0</destinationCidrBlock>${target}<state>active</state>`,
    ])}`,
  ]);

/** An account in which all is well, and no stack yet. */
const WELL: AwsAnswers = {
  GetCallerIdentity:
    '<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/ann</Arn><UserId>AIDA</UserId>',
  GetParameter: { Parameter: { Name: '/cdk-bootstrap/hnb659fds/version', Value: '27' } },
  'GET /2016-08-19/account-settings': {
    AccountLimit: { ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 1000 },
  },
  DescribeStacks: refusal('ValidationError', 'Stack with id CrawlwatchStack does not exist'),
  DescribeVpcAttribute: dns(true, true),
  DescribeSubnets: list('subnetSet', [subnet('subnet-a', 'eu-west-1a'), subnet('subnet-b', 'eu-west-1b')]),
  DescribeSecurityGroups: list('securityGroupInfo', ['<groupId>sg-a</groupId><vpcId>vpc-1</vpcId>']),
  DescribeRouteTables: routes('<natGatewayId>nat-1</natGatewayId>'),
  DescribeVpcEndpoints: '<vpcEndpointSet/>',
  ListSubscriptionsByTopic: subscriptions(['ann@example.com', `${TOPIC}:1`]),
};
const VPC = { id: 'vpc-1', subnetIds: ['subnet-a', 'subnet-b'], createEndpoints: true };
const KEY = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:fleet-AbCdEf';
const PENDING =
  'follow the link in the mail from AWS Notifications, good for two days; after that SNS deletes the subscription and no deploy makes it again; another mail is sent by:';

let aws: AnsweringAws;
beforeAll(async () => {
  aws = await startAnsweringAws();
});
afterAll(() => aws.close());
beforeEach(() => {
  aws.calls();
  aws.answer(WELL);
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function diagnose(settings: object = {}, env: Record<string, string> = {}) {
  // With a VPC `auto` is SSH, which takes a key.
  const key = 'vpc' in settings ? { ssh: { keySecretArn: KEY } } : {};
  const given = { alertEmail: 'ann@example.com', ...key, ...settings };
  const { stdout, stderr, exitCode } = await crawlwatch(['doctor', '--deploy', '-o', 'json'], {
    env: { CRAWLWATCH_SETTINGS: JSON.stringify(given), ...env },
  });
  const { diagnoses } = JSON.parse(stdout) as {
    diagnoses: {
      kind: string;
      name: string;
      steps: { name: string; finding: string; text: string; fix: string | null }[];
    }[];
  };
  const steps = diagnoses.flatMap((one) => one.steps);
  return {
    ...{ diagnoses, steps, exitCode, stderr },
    troubles: steps
      .filter(({ finding }) => finding !== 'ok')
      .map(({ name, finding, text, fix }) => `${finding} ${name}: ${text} -> ${fix}`),
  };
}

const gone = { DescribeStacks: stackOf('UPDATE_COMPLETE', { AlertsTopicArn: TOPIC }) };

type Row = readonly [what: string, settings: object, answers: AwsAnswers, trouble: string];
const ROWS: readonly Row[] = [
  [
    'SSH without a key',
    { transport: 'ssh', ssh: { address: 'public' } },
    {},
    'failed SSH key: transport is ssh, and the check would have no key to log in with -> set ssh.keySecretArn or ssh.instanceConnect in cdk.json; without a key: transport ssm',
  ],
  [
    'auto in a VPC, which is SSH, without a key',
    { transport: 'auto', vpc: VPC, ssh: {} },
    {},
    'failed SSH key: transport auto is ssh with a vpc.id, and the check would have no key to log in with -> set ssh.keySecretArn or ssh.instanceConnect in cdk.json; without a key: transport ssm',
  ],
  [
    'SSH to private addresses without a VPC',
    { transport: 'ssh', ssh: { instanceConnect: true } },
    {},
    'failed way in: transport is ssh to private addresses, and the check would be in no VPC -> set vpc.id and vpc.subnetIds in cdk.json, or ssh.address public',
  ],
  [
    'an account that CDK has not been bootstrapped in',
    {},
    { GetParameter: refusal('ParameterNotFound', '') },
    'failed bootstrap: 123456789012 is not bootstrapped for CDK in eu-west-1 -> crawlwatch deploy --bootstrap',
  ],
  [
    'a bootstrap that is too old',
    {},
    { GetParameter: { Parameter: { Value: '5' } } },
    'failed bootstrap: version 5, but CDK needs 6 or later -> crawlwatch deploy --bootstrap',
  ],
  [
    'no place for one more function',
    {},
    {
      'GET /2016-08-19/account-settings': {
        AccountLimit: { ConcurrentExecutions: 10, UnreservedConcurrentExecutions: 2 },
      },
    },
    `failed concurrency: Lambda runs 10 functions at once here, of which 8 are reserved; new accounts begin with 10: too few for a check, an act and the dashboard -> ${MORE}`,
  ],
  [
    'a new account for a distributed check',
    { scale: 'distributed' },
    {
      'GET /2016-08-19/account-settings': {
        AccountLimit: { ConcurrentExecutions: 10, UnreservedConcurrentExecutions: 10 },
      },
    },
    `unknown concurrency: Lambda runs 10 functions at once here; new accounts begin with 10: up to 20 shards of a check would have to take turns -> ${MORE}`,
  ],
  [
    'a VPC without names',
    { vpc: VPC },
    { DescribeVpcAttribute: dns(true, false) },
    'failed VPC: vpc-1 has enableDnsHostnames off, which endpoints with private names need: the deploy would fail -> aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-hostnames',
  ],
  [
    'a VPC without a resolver',
    { vpc: VPC },
    { DescribeVpcAttribute: dns(false, false) },
    'failed VPC: vpc-1 has enableDnsSupport and enableDnsHostnames off, which endpoints with private names need: the deploy would fail -> aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-support && aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-hostnames',
  ],
  [
    'a VPC that is not there',
    { vpc: VPC },
    { DescribeVpcAttribute: refusal('InvalidVpcID.NotFound', 'The vpc ID vpc-1 does not exist') },
    'failed VPC: there is no vpc-1 here -> correct vpc.id, or AWS_REGION and AWS_PROFILE',
  ],
  [
    'two subnets of one zone',
    { vpc: VPC },
    { DescribeSubnets: list('subnetSet', [subnet('subnet-a', 'eu-west-1a'), subnet('subnet-b', 'eu-west-1a')]) },
    'failed subnets: subnet-a, subnet-b are all in eu-west-1a: an endpoint takes one subnet of a zone -> leave one of each zone in vpc.subnetIds',
  ],
  [
    'a subnet of another VPC',
    { vpc: VPC },
    {
      DescribeSubnets: list('subnetSet', [subnet('subnet-a', 'eu-west-1a'), subnet('subnet-b', 'eu-west-1b', 'vpc-2')]),
    },
    'failed subnets: subnet-b not in vpc-1 -> correct vpc.subnetIds',
  ],
  [
    'a subnet that is full',
    { vpc: VPC },
    { DescribeSubnets: list('subnetSet', [subnet('subnet-a', 'eu-west-1a', 'vpc-1', 0)]) },
    'failed subnets: subnet-a without a free address -> name larger ones in vpc.subnetIds',
  ],
  [
    'a security group of another VPC',
    { vpc: { ...VPC, securityGroupIds: ['sg-a'] } },
    { DescribeSecurityGroups: list('securityGroupInfo', ['<groupId>sg-a</groupId><vpcId>vpc-2</vpcId>']) },
    'failed security groups: sg-a not in vpc-1 -> correct vpc.securityGroupIds',
  ],
  [
    'an endpoint that is there already',
    { vpc: VPC },
    { DescribeVpcEndpoints: list('vpcEndpointSet', [endpoint('ssm'), endpoint('kms')]) },
    'failed endpoints: the VPC has an endpoint already for ssm (vpce-ssm): a second one would fail, and the deploy roll back -> set vpc.createEndpoints to ["ec2","monitoring","sns","events","secretsmanager","dynamodb","s3"], and let the check\'s security group in at that one',
  ],
  [
    'a gateway that has the route already',
    { vpc: { ...VPC, routeTableIds: ['rtb-a'] } },
    {
      DescribeVpcEndpoints: list('vpcEndpointSet', [
        endpoint('s3', `<vpcEndpointType>Gateway</vpcEndpointType>${list('routeTableIdSet', ['rtb-a'])}`),
      ]),
    },
    'failed endpoints: the VPC has an endpoint already for s3 (vpce-s3): a second one would fail, and the deploy roll back -> set vpc.createEndpoints to ["ec2","monitoring","sns","events","secretsmanager","ssm","dynamodb"], and let the check\'s security group in at that one',
  ],
  [
    'no way out of the subnets',
    { vpc: { ...VPC, createEndpoints: false } },
    { DescribeRouteTables: routes('<gatewayId>igw-1</gatewayId>') },
    'failed way out: subnet-a, subnet-b lead to no NAT gateway, and there is no endpoint for ec2, monitoring, sns, events, secretsmanager, ssm, dynamodb, s3: the functions would not reach them -> route them to a NAT gateway, or set vpc.createEndpoints',
  ],
  [
    'a stack that another deploy is changing',
    {},
    { DescribeStacks: stackOf('UPDATE_IN_PROGRESS', { AlertsTopicArn: TOPIC }) },
    'failed stack: CrawlwatchStack in eu-west-1 is UPDATE_IN_PROGRESS: no other deploy can begin -> aws cloudformation describe-stack-events --region eu-west-1 --stack-name CrawlwatchStack',
  ],
  [
    'a stack that could not be created',
    {},
    { DescribeStacks: stackOf('ROLLBACK_COMPLETE', {}) },
    'unknown stack: CrawlwatchStack in eu-west-1 is ROLLBACK_COMPLETE: its first deploy failed; the next one replaces it -> aws cloudformation describe-stack-events --region eu-west-1 --stack-name CrawlwatchStack',
  ],
  [
    'a stack of something else by that name',
    {},
    { DescribeStacks: stackOf('CREATE_COMPLETE', { Url: 'x' }) },
    'failed stack: CrawlwatchStack in eu-west-1 is a stack of something else -> give ours another name: the setting stack',
  ],
  [
    'no address',
    { alertEmail: null },
    {},
    'unknown mail: alertEmail is neither in cdk.json nor in CRAWLWATCH_SETTINGS: nobody is mailed unless the deploy names an address -> crawlwatch deploy -- -c alertEmail=you@example.com',
  ],
  [
    'a subscription that SNS has deleted',
    {},
    { ...gone, ListSubscriptionsByTopic: subscriptions(['bob@example.com', `${TOPIC}:1`]) },
    `unknown mail: a***@example.com is not subscribed to ${TOPIC}: the deploy does it, unless an earlier one did and SNS has deleted the subscription -> subscribe, then follow the link in the mail from AWS Notifications, good for two days (a deploy makes no subscription again that SNS has deleted): ${SUBSCRIBE}`,
  ],
  [
    'a subscription that waits',
    {},
    { ...gone, ListSubscriptionsByTopic: subscriptions(['ann@example.com', 'PendingConfirmation']) },
    `failed mail: a***@example.com has not confirmed -> ${PENDING} ${SUBSCRIBE}`,
  ],
  [
    'a topic of the settings that is not there',
    { alerts: { topicArn: TOPIC } },
    { ListSubscriptionsByTopic: refusal('NotFound', 'Topic does not exist', 404) },
    `failed mail: there is no topic ${TOPIC} -> correct alerts.topicArn`,
  ],
];

describe('crawlwatch doctor --deploy', () => {
  it('finds nothing where all is well, and says what it has looked at', async () => {
    const { troubles, steps, exitCode, diagnoses } = await diagnose({ vpc: VPC });
    expect({ troubles, exitCode }).toEqual({ troubles: [], exitCode: 0 });
    expect(diagnoses.map(({ kind, name }) => [kind, name])).toEqual([['deploy', 'CrawlwatchStack']]);
    expect(steps.map(({ name, text }) => `${name}: ${text}`)).toEqual([
      'settings: they can be read',
      'credentials: arn:aws:iam::123456789012:user/ann in eu-west-1',
      'bootstrap: version 27; CDK needs 6 or later',
      'concurrency: Lambda runs 1000 functions at once here',
      'stack: CrawlwatchStack is not in eu-west-1 yet: it will be created',
      'VPC: vpc-1 has enableDnsSupport and enableDnsHostnames',
      'subnets: subnet-a, subnet-b in 2 zones',
      'endpoints: none is there yet of ec2, monitoring, sns, events, secretsmanager, ssm, dynamodb, s3',
      'way out: every service that the functions call has an endpoint',
      'transport: auto is SSH here, since vpc.id is set',
      'SSH key: arn:aws:secretsmanager:eu-west-1:123456789012:secret:fleet-AbCdEf',
      'mail: AWS will ask a***@example.com to confirm; the mail is good for two days',
    ]);
    // It only reads.
    expect(aws.calls().filter(({ action }) => !/^(Describe|Get|List|GET )/.test(action))).toEqual([]);
  });

  it.each(ROWS)('finds %s, with its fix', async (_, settings, answers, trouble) => {
    aws.answer({ ...WELL, ...answers });
    const { troubles, exitCode } = await diagnose(settings);
    expect(troubles).toEqual([trouble]);
    expect(exitCode).toBe(trouble.startsWith('failed') ? 2 : 3);
  });

  it.each([
    [
      'endpoints of this stack itself',
      VPC,
      [
        endpoint(
          'ssm',
          `<vpcEndpointType>Interface</vpcEndpointType><privateDnsEnabled>true</privateDnsEnabled>${list('tagSet', ['<key>aws:cloudformation:stack-name</key><value>CrawlwatchStack</value>'])}`,
        ),
      ],
    ],
    [
      'one without private names',
      VPC,
      [endpoint('ssm', '<vpcEndpointType>Interface</vpcEndpointType><privateDnsEnabled>false</privateDnsEnabled>')],
    ],
    ['one whose name only ends alike', VPC, [endpoint('fake-ssm'), endpoint('s3express')]],
    [
      'a gateway of other tables',
      { ...VPC, routeTableIds: ['rtb-a'] },
      [endpoint('s3', `<vpcEndpointType>Gateway</vpcEndpointType>${list('routeTableIdSet', ['rtb-b'])}`)],
    ],
  ])('takes no offence at %s', async (_, vpc, endpoints) => {
    aws.answer({ ...WELL, DescribeVpcEndpoints: list('vpcEndpointSet', endpoints) });
    expect((await diagnose({ vpc })).troubles).toEqual([]);
  });

  it('reads on where the first page of the endpoints is empty', async () => {
    aws.answer({
      ...WELL,
      DescribeVpcEndpoints: ({ params }) =>
        params.NextToken === undefined
          ? '<vpcEndpointSet/><nextToken>2</nextToken>'
          : list('vpcEndpointSet', [endpoint('ssm')]),
    });
    expect((await diagnose({ vpc: VPC })).troubles).toEqual([
      expect.stringMatching(/^failed endpoints: .*\(vpce-ssm\)/),
    ]);
  });

  it('names each permission that is missing, and goes on', async () => {
    const denied = refusal('AccessDenied', 'not authorized', 403);
    const { GetCallerIdentity, ...others } = WELL;
    aws.answer({
      ...{ GetCallerIdentity: GetCallerIdentity! },
      ...Object.fromEntries(Object.keys(others).map((action) => [action, denied])),
    });
    const { troubles, exitCode } = await diagnose({
      vpc: { ...VPC, securityGroupIds: ['sg-a'] },
      alerts: { topicArn: TOPIC },
    });
    const lacking = [...troubles.join('\n').matchAll(/lacks (\S+)/g)].map(([, right]) => right);
    expect(lacking).toEqual([
      ...['ssm:GetParameter', 'lambda:GetAccountSettings', 'cloudformation:DescribeStacks', 'ec2:DescribeVpcAttribute'],
      ...[
        'ec2:DescribeSubnets',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeVpcEndpoints',
        'sns:ListSubscriptionsByTopic',
      ],
    ]);
    expect(exitCode).toBe(3);
  });

  it('ends at credentials that AWS does not accept, after the settings', async () => {
    aws.answer({ GetCallerIdentity: refusal('InvalidClientTokenId', 'The security token is invalid', 403) });
    const { steps, exitCode } = await diagnose();
    expect(steps.map(({ name, finding }) => `${finding} ${name}`)).toEqual(['ok settings', 'failed credentials']);
    expect(steps[1]?.text).toMatch(/^AWS does not accept these credentials/);
    expect(exitCode).toBe(2);
  });

  it('says every problem of the settings, and asks AWS nothing', async () => {
    const { troubles, exitCode } = await diagnose({ vpc: { id: 'vpc-x' }, forks: 0 });
    expect(troubles).toHaveLength(3);
    expect(troubles).toEqual(expect.arrayContaining([expect.stringMatching(/^failed settings: vpc\.id: got "vpc-x"/)]));
    expect([exitCode, aws.calls()]).toEqual([2, []]);
  });

  it.each([
    ['SSH with a VPC', { vpc: VPC }, ['auto is SSH here, since vpc.id is set']],
    ['SSM without one', {}, ['auto is SSM here, since no vpc.id is set']],
    ['nothing where the transport is given', { transport: 'ssm', vpc: VPC }, []],
  ])('says what auto comes to: %s', async (_, settings, expected) => {
    const { steps, troubles } = await diagnose(settings);
    expect(steps.filter(({ name }) => name === 'transport').map(({ text }) => text)).toEqual(expected);
    expect(troubles).toEqual([]);
  });

  it('says that it looks at an emulator', async () => {
    const { steps } = await diagnose({}, { AWS_ENDPOINT_URL: 'http://localhost:5000' });
    expect(steps[0]).toMatchObject({ name: 'AWS', finding: 'unknown' });
  });

  it('is for the account alone', async () => {
    expect((await crawlwatch(['doctor', '--deploy', 'i-0123456789abcdef0'])).stderr).toMatch(
      /leave i-0123456789abcdef0 out/,
    );
    expect((await crawlwatch(['doctor', '--deploy', '--host', 'web1'])).stderr).toMatch(/cannot be used with/);
  });
});
