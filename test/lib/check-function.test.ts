import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { fromEnvironment, parseSettings } from '../../lambda/settings/settings.ts';
import { stackWith, templateWith } from './synth.ts';

const VPC = { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'] };

/** The one Lambda whose logical id says that it checks. */
function checkOf(template: Template) {
  const found = Object.entries(template.findResources('AWS::Lambda::Function')).filter(([id]) => /Check/.test(id));
  expect(found).toHaveLength(1);
  return found[0]![1].Properties;
}

describe('the check function', () => {
  const template = templateWith({ alertEmail: 'you@example.com', logs: { retentionDays: 14 } });

  it('runs on Node 24 and Graviton, under a name that CloudFormation makes', () => {
    const { FunctionName, ...properties } = checkOf(template);
    expect(FunctionName).toBeUndefined();
    expect(properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], MemorySize: 512 });
  });

  it('reserves no concurrency, which a new account does not have', () => {
    expect(checkOf(template).ReservedConcurrentExecutions).toBeUndefined();
  });

  it('reads from its environment the settings that it needs', () => {
    const { Variables } = checkOf(template).Environment;
    const { settings } = fromEnvironment(Variables);
    expect(settings).toEqual(parseSettings({ alertEmail: 'you@example.com' }));
    expect(Variables.CRAWLWATCH_TOPIC_ARN.Ref).toMatch(/^Alerts/);
    expect(Variables.CRAWLWATCH_PROBE_DOCUMENT.Ref).toMatch(/^Probe/);
    expect(Variables.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED).toBe('true');
    // Four fifths of its memory, the young generation beside it.
    expect(Variables.NODE_OPTIONS).toBe('--max-semi-space-size=4 --max-old-space-size=409');
    expect(Variables.MALLOC_ARENA_MAX).toBe('1');
  });

  it.each([
    ['a minute apart', { schedule: { everyMinutes: 1 } }, 135],
    ['a minute apart over SSH', { schedule: { everyMinutes: 1 }, transport: 'ssh' }, 75],
    ['two minutes apart', { schedule: { everyMinutes: 2 } }, 135],
    ['five minutes apart', {}, 300],
    ['an hour apart', { schedule: { everyMinutes: 60 } }, 300],
    ['five minutes apart with patience', { timeouts: { ssmSeconds: 300 } }, 360],
  ])('of checks %s times out after a slow host has had its deadline', (_, settings, seconds) => {
    expect(checkOf(templateWith(settings)).Timeout).toBe(seconds);
  });

  it('gets the remedy function’s ARN only where crawlwatch acts without a person', () => {
    const remedyOf = (settings: object) => fromEnvironment(checkOf(templateWith(settings)).Environment.Variables);
    expect(remedyOf({}).remedyFunctionArn).toBeNull();
    expect(remedyOf({ remedies: { restartSshd: true } }).remedyFunctionArn).toEqual({
      'Fn::Join': ['', [{ 'Fn::GetAtt': [expect.stringMatching(/^Remedy/), 'Arn'] }, ':automatic']],
    });
  });

  it('is not tried again, and leaves what failed in a queue for two weeks', () => {
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 120,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CheckFailed'), 'Arn'] } },
      },
    });
    template.hasResourceProperties('AWS::SQS::Queue', { MessageRetentionPeriod: 14 * 24 * 3600 });
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('logs into a group of its own, which goes with the stack', () => {
    template.hasResource('AWS::Logs::LogGroup', {
      Properties: { RetentionInDays: 14 },
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
    });
    expect(checkOf(template).LoggingConfig).toEqual({ LogGroup: { Ref: expect.stringMatching(/^CheckLogs/) } });
  });

  it('is invoked by the Scheduler with the time it was due, and again twice while the event is fresh', () => {
    templateWith({ schedule: { everyMinutes: 7 } }).hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(7 minutes)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      State: 'ENABLED',
      Target: {
        Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Check'), 'Arn'] },
        Input: '{"scheduledTime":"<aws.scheduler.scheduled-time>"}',
        RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 600 },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CheckFailed'), 'Arn'] } },
      },
    });
  });
});

describe('the first check', () => {
  const waitsFor = (settings: object): string[] => {
    const [schedule] = Object.values(templateWith(settings).findResources('AWS::Scheduler::Schedule'));
    return ((schedule as { DependsOn?: string[] }).DependsOn ?? []).map((id) => id.replace(/[0-9A-F]{8}$/, ''));
  };

  it('waits for the role that starts it, and for that role’s policy', () => {
    for (const scale of ['single', 'distributed']) {
      expect(waitsFor({ scale })).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^SchedulerRoleForTarget[0-9a-f]{6}$/),
          expect.stringMatching(/^SchedulerRoleForTarget[0-9a-f]{6}DefaultPolicy$/),
        ]),
      );
    }
  });

  it('waits for the endpoints by which it reaches AWS', () => {
    expect(waitsFor({ vpc: { ...VPC, createEndpoints: true } })).toEqual(
      expect.arrayContaining(['CheckNetworkEndpointec2', 'CheckNetworkEndpointmonitoring', 'CheckNetworkEndpoints3']),
    );
  });
});

describe("the check function's network", () => {
  it('is none without a vpc', () => {
    const template = templateWith();
    expect(checkOf(template).VpcConfig).toBeUndefined();
    template.resourceCountIs('AWS::EC2::SecurityGroup', 0);
  });

  it('is warned of where SSH to private addresses has no way in', () => {
    const warnings = (settings: object) =>
      Annotations.fromStack(stackWith(settings)).findWarning('*', Match.stringLikeRegexp('is in no VPC'));
    expect(warnings({ transport: 'ssh' })).toHaveLength(1);
    expect(warnings({ transport: 'ssh', ssh: { address: 'public' } })).toHaveLength(0);
    expect(warnings({ transport: 'ssh', vpc: VPC })).toHaveLength(0);
  });

  it('is the subnets given, with a security group made for it', () => {
    const template = templateWith({ vpc: VPC });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', { VpcId: 'vpc-0123456789abcdef0' });
    expect(checkOf(template).VpcConfig).toEqual({
      SubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
      SecurityGroupIds: [{ 'Fn::GetAtt': [expect.stringMatching(/^CheckNetworkSecurityGroup/), 'GroupId'] }],
    });
    template.resourceCountIs('AWS::EC2::VPCEndpoint', 0);
  });

  it('lets the functions out by IPv6 where the settings say that its subnets have it, and nowhere else', () => {
    const SSH = { transport: 'ssh', ssh: { keySecretArn: 'arn:aws:ssm:us-east-1:123456789012:parameter/k' } };
    const template = templateWith({ ...SSH, vpc: { ...VPC, ipv6: true } });
    const anywhere = (cidr: object) => Match.objectLike({ ...cidr, IpProtocol: '-1' });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupEgress: [anywhere({ CidrIp: '0.0.0.0/0' }), anywhere({ CidrIpv6: '::/0' })],
    });
    const inVpc = Object.values(template.findResources('AWS::Lambda::Function'))
      .map(({ Properties }) => Properties.VpcConfig)
      .filter((config) => config !== undefined);
    expect(inVpc.map(({ Ipv6AllowedForDualStack }) => Ipv6AllowedForDualStack)).toEqual([true, true]);
    for (const settings of [{}, { ...SSH, vpc: VPC }, { vpc: { ipv6: true } }]) {
      const text = JSON.stringify(templateWith(settings).toJSON());
      expect(text).not.toContain('Ipv6AllowedForDualStack');
      expect(text).not.toContain('CidrIpv6');
    }
  });

  it('takes the security groups given, and changes none of them', () => {
    const template = templateWith({
      vpc: { ...VPC, securityGroupIds: ['sg-0123456789abcdef0'], createEndpoints: true },
    });
    expect(checkOf(template).VpcConfig.SecurityGroupIds).toEqual(['sg-0123456789abcdef0']);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      SourceSecurityGroupId: 'sg-0123456789abcdef0',
      FromPort: 443,
      ToPort: 443,
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 0);
  });

  it.each([
    ['over SSM', { transport: 'ssm' }, ['ec2', 'events', 'monitoring', 'sns', 'ssm']],
    ['over SSH alone', { transport: 'ssh' }, ['ec2', 'events', 'monitoring', 'sns']],
    [
      'with automatic reboots',
      { transport: 'ssh', remedies: { reboot: true } },
      ['ec2', 'events', 'lambda', 'monitoring', 'sns'],
    ],
    [
      'of other accounts',
      { transport: 'ssh', accounts: [{ id: '210987654321', externalId: 'a-long-secret' }] },
      ['ec2', 'events', 'monitoring', 'sns', 'sts'],
    ],
    [
      'over SSH with a secret',
      { transport: 'ssh', ssh: { keySecretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:key-AbCdEf' } },
      ['ec2', 'events', 'monitoring', 'secretsmanager', 'sns'],
    ],
    [
      'over SSH with a parameter',
      { transport: 'ssh', ssh: { keySecretArn: 'arn:aws:ssm:us-east-1:123456789012:parameter/k' } },
      ['ec2', 'events', 'monitoring', 'sns', 'ssm'],
    ],
  ])(
    'gets the endpoints that a check %s calls, and DynamoDB’s and S3’s for what is remembered, and says what they cost',
    (_, settings, services) => {
      const stack = stackWith({ ...settings, vpc: { ...VPC, createEndpoints: true } });
      const endpoints = Object.values(
        templateWith({ ...settings, vpc: { ...VPC, createEndpoints: true } }).findResources('AWS::EC2::VPCEndpoint'),
      );
      const names = endpoints.map(
        ({ Properties }) => JSON.stringify(Properties.ServiceName).match(/\.([a-z0-9]+)"\]\]\}$/)?.[1],
      );
      expect(names.toSorted()).toEqual([...services, 'dynamodb', 's3'].toSorted());
      for (const { Properties } of endpoints) {
        expect(Properties).toMatchObject({
          VpcId: 'vpc-0123456789abcdef0',
          SubnetIds: VPC.subnetIds,
          PrivateDnsEnabled: !/\.(dynamodb|s3)"/.test(JSON.stringify(Properties.ServiceName)),
          VpcEndpointType: 'Interface',
        });
      }
      const monthly = Math.round((services.length + 2) * 2 * 7.3);
      Annotations.fromStack(stack).hasInfo('*', Match.stringLikeRegexp(`about \\$${monthly} a month`));
    },
  );

  it('gets free gateway endpoints for DynamoDB and S3 where the route tables are given, at their usual names', () => {
    const settings = { vpc: { ...VPC, createEndpoints: true, routeTableIds: ['rtb-0123456789abcdef0'] } };
    const template = templateWith(settings);
    const endpoints = Object.values(template.findResources('AWS::EC2::VPCEndpoint'));
    const gateways = endpoints.filter(({ Properties }) => Properties.VpcEndpointType === 'Gateway');
    const names = gateways.map(({ Properties }) => JSON.stringify(Properties.ServiceName));
    expect(names.map((name) => name.match(/\.(\w+)"\]\]\}$/)?.[1]).toSorted()).toEqual(['dynamodb', 's3']);
    for (const { Properties } of gateways) {
      expect(Properties).toMatchObject({ VpcId: VPC.id, RouteTableIds: ['rtb-0123456789abcdef0'] });
    }
    expect(JSON.stringify(template.findResources('AWS::Lambda::Function'))).not.toContain('AWS_ENDPOINT_URL');
    Annotations.fromStack(stackWith(settings)).hasInfo(
      '*',
      Match.stringLikeRegexp('^vpc.createEndpoints: 5 interface'),
    );
  });

  it('admits every private address to those endpoints, since private DNS leads all clients of the VPC there', () => {
    const groups = templateWith({ vpc: { ...VPC, createEndpoints: true } }).findResources('AWS::EC2::SecurityGroup');
    const [[, door] = []] = Object.entries(groups).filter(([id]) => id.includes('EndpointDoor'));
    const open = door?.Properties.SecurityGroupIngress as { CidrIp: string; FromPort: number; ToPort: number }[];
    expect(open.map(({ CidrIp }) => CidrIp)).toEqual([
      '10.0.0.0/8',
      '172.16.0.0/12',
      '192.168.0.0/16',
      '100.64.0.0/10',
    ]);
    expect(open.every(({ FromPort, ToPort }) => FromPort === 443 && ToPort === 443)).toBe(true);
  });

  it.each([
    ['warns that EC2 Instance Connect has no endpoint', true, 1],
    ['has nothing to warn of without EC2 Instance Connect', false, 0],
  ])('%s', (_, instanceConnect, warnings) => {
    const stack = stackWith({ alertEmail: 'a@b.c', ssh: { instanceConnect }, vpc: { ...VPC, createEndpoints: true } });
    const found = Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('ssh.instanceConnect'));
    expect(found).toHaveLength(warnings);
  });
});

describe('the heartbeat for a watchdog outside AWS', () => {
  const alerts = { heartbeatUrl: 'https://hc-ping.com/6e1c0f1e-5a4b-4a6f-9d53-2f6f2d2c6b11' };
  const warning = Match.stringLikeRegexp('alerts.heartbeatUrl: .*no VPC endpoint .*NAT gateway');

  it('has its address in the environment of the check function alone, and in no output', () => {
    const template = templateWith({ alerts }).toJSON();
    const holders = Object.entries(template.Resources).filter(([, one]) => JSON.stringify(one).includes('hc-ping'));
    expect(holders.map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['Check']);
    expect(JSON.stringify(template.Outputs)).not.toContain('hc-ping');
  });

  it('warns where the function is in a VPC, out of which only NAT leads', () => {
    Annotations.fromStack(stackWith({ alerts, vpc: VPC })).hasWarning('*', warning);
    Annotations.fromStack(stackWith({ vpc: VPC })).hasNoWarning('*', warning);
    Annotations.fromStack(stackWith({ alerts })).hasNoWarning('*', warning);
  });
});
