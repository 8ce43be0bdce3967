import { describe, expect, it } from 'vitest';
import {
  type AclEntry,
  aclStep,
  covers,
  type Endpoint,
  egressStep,
  type GroupRule,
  type Origin,
  type Place,
  type Route,
  routesOf,
  securityGroupStep,
  sshRouteStep,
  ssmRouteStep,
} from '../../../bin/doctor/network-steps.ts';

const CHECK: Origin = { kind: 'vpc', groupIds: ['sg-check'], cidrs: ['10.0.1.0/24', '10.0.2.0/24'] };
const INTERNET: Origin = { kind: 'internet' };
const UNKNOWN: Origin = { kind: 'unknown' };
const ssh = (rule: GroupRule): GroupRule => ({ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, ...rule });
const from = (...ranges: string[]): GroupRule => ssh({ IpRanges: ranges.map((CidrIp) => ({ CidrIp })) });

describe('a range of addresses', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255/32', true],
    ['0.0.0.0/0', '203.0.113.0/24', true],
    ['10.0.1.77/24', '10.0.1.0/25', true],
    ['10.0.1.0/24', '10.0.0.0/23', false],
    ['10.0.1.0/24', '10.0.2.0/24', false],
    ['::/0', '10.0.0.0/8', false],
    ['pl-1234', '10.0.0.0/8', false],
  ])('%s covers %s: %s', (outer, inner, expected) => {
    expect(covers(outer, inner)).toBe(expected);
  });
});

describe('the security groups of a host', () => {
  it.each<[string, readonly GroupRule[], Origin, string]>([
    ['no rule', [], CHECK, 'failed'],
    [
      'a rule for another port',
      [ssh({ FromPort: 80, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] })],
      CHECK,
      'failed',
    ],
    ['a rule for UDP', [{ ...from('0.0.0.0/0'), IpProtocol: 'udp' }], CHECK, 'failed'],
    ['one of two subnets', [from('10.0.1.0/24')], CHECK, 'failed'],
    ['another group', [ssh({ UserIdGroupPairs: [{ GroupId: 'sg-office' }] })], CHECK, 'failed'],
    ['the office, while the check comes from anywhere', [from('203.0.113.0/24')], INTERNET, 'failed'],
    ['nothing, wherever the check comes from', [], UNKNOWN, 'failed'],
    ['a prefix list', [ssh({ PrefixListIds: [{ PrefixListId: 'pl-1' }] })], CHECK, 'unknown'],
    ['one range, wherever the check comes from', [from('203.0.113.0/24')], UNKNOWN, 'unknown'],
    ['the group of the check', [ssh({ UserIdGroupPairs: [{ GroupId: 'sg-check' }] })], CHECK, 'ok'],
    ['both subnets by two rules', [from('10.0.1.0/24'), from('10.0.2.0/23')], CHECK, 'ok'],
    ['all protocols from the VPC', [{ ...from('10.0.0.0/16'), IpProtocol: '-1' }], CHECK, 'ok'],
    ['everybody', [from('0.0.0.0/0')], INTERNET, 'ok'],
  ])('that allow %s are judged by the finding', (_, rules, origin, finding) => {
    const step = securityGroupStep([{ GroupId: 'sg-host', IpPermissions: rules }], 22, origin);
    expect(step).toMatchObject({ name: 'security group', finding });
    expect(step.fix === null).toBe(finding === 'ok');
  });

  it('are fixed by a rule for the group of the check, on the port of the login', () => {
    const { text, fix } = securityGroupStep([{ GroupId: 'sg-host' }], 2222, CHECK);
    expect(text).toBe('sg-host allows port 2222 from nowhere; the check comes from sg-check, 10.0.1.0/24, 10.0.2.0/24');
    expect(fix).toBe(
      'aws ec2 authorize-security-group-ingress --group-id sg-host --protocol tcp --port 2222 --source-group sg-check',
    );
  });

  it('are never fixed by opening SSH to everybody', () => {
    expect(securityGroupStep([{ GroupId: 'sg-host' }], 22, INTERNET).fix).not.toContain('0.0.0.0/0');
  });

  it.each<[string, readonly GroupRule[], string]>([
    ['nothing', [], 'failed'],
    ['SSH only', [from('0.0.0.0/0')], 'failed'],
    ['HTTPS to an endpoint', [ssh({ FromPort: 443, ToPort: 443, UserIdGroupPairs: [{ GroupId: 'sg-door' }] })], 'ok'],
    ['everything', [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }], 'ok'],
  ])('that allow %s out are judged for HTTPS', (_, rules, finding) => {
    expect(egressStep([{ GroupId: 'sg-host', IpPermissionsEgress: rules }])).toMatchObject({ finding });
  });
});

describe('a network ACL', () => {
  const rule = (RuleNumber: number, given: Partial<AclEntry>): AclEntry => ({
    ...{ RuleNumber, RuleAction: 'allow', Protocol: '-1', CidrBlock: '0.0.0.0/0', Egress: false },
    ...given,
  });
  const out = rule(100, { Egress: true });
  const tcp = { Protocol: '6' } as const;
  it.each<[string, readonly AclEntry[], Origin, string]>([
    ['has no rule', [], CHECK, 'failed'],
    ['denies before it allows', [rule(100, {}), rule(50, { RuleAction: 'deny' }), out], CHECK, 'failed'],
    ['allows no answer out', [rule(100, {})], CHECK, 'failed'],
    [
      'allows answers to low ports only',
      [rule(100, {}), rule(100, { ...tcp, Egress: true, PortRange: { From: 80, To: 443 } })],
      CHECK,
      'failed',
    ],
    ['allows another port', [rule(100, { ...tcp, PortRange: { From: 80, To: 80 } }), out], CHECK, 'failed'],
    ['allows one subnet of two', [rule(100, { CidrBlock: '10.0.1.0/24' }), out], CHECK, 'failed'],
    [
      'allows the VPC while it is not known where the check comes from',
      [rule(100, { CidrBlock: '10.0.0.0/16' }), out],
      UNKNOWN,
      'unknown',
    ],
    ['allows before it denies', [rule(100, {}), rule(32_767, { RuleAction: 'deny' }), out], CHECK, 'ok'],
    [
      'allows the port in and the answers out',
      [
        rule(100, { ...tcp, PortRange: { From: 22, To: 22 } }),
        rule(100, { ...tcp, Egress: true, PortRange: { From: 1024, To: 65_535 } }),
      ],
      INTERNET,
      'ok',
    ],
  ])('%s', (_, entries, origin, finding) => {
    expect(aclStep(entries, 22, origin)).toMatchObject({ name: 'network ACL', finding });
  });
});

const PLACE: Place = { vpcId: 'vpc-1', subnetId: 'subnet-1', publicAddress: null, region: 'eu-central-1' };
const table = (...routes: Route[]) => [{ Associations: [{ SubnetId: 'subnet-1' }], Routes: routes }];
const wayOut = (route: Route): Route => ({ DestinationCidrBlock: '0.0.0.0/0', State: 'active', ...route });
const endpoint = (service: string, State = 'available'): Endpoint => ({
  ServiceName: `com.amazonaws.eu-central-1.${service}`,
  State,
});
const BOTH = [endpoint('ssm'), endpoint('ssmmessages')];

describe('the route of a subnet', () => {
  it('is that of its own table, else that of the main one', () => {
    const main = { Associations: [{ Main: true }], Routes: [wayOut({ NatGatewayId: 'nat-main' })] };
    const own = { Associations: [{ SubnetId: 'subnet-1' }], Routes: [] };
    expect(routesOf([main, own], 'subnet-1')).toEqual([]);
    expect(routesOf([own, main], 'subnet-2')).toEqual(main.Routes);
  });
});

describe('the route from an agent to Systems Manager', () => {
  it.each<[string, string, readonly Route[], readonly Endpoint[], Partial<Place>]>([
    ['leads nowhere', 'failed', [], [], {}],
    ['has one endpoint of the two', 'failed', [], [endpoint('ssm')], {}],
    ['has endpoints that are not ready', 'failed', [], [endpoint('ssm', 'pending'), endpoint('ssmmessages')], {}],
    ['has the endpoints of another service', 'failed', [], [endpoint('ssm-incidents'), endpoint('ec2messages')], {}],
    ['leads to a NAT gateway that is gone', 'failed', [wayOut({ NatGatewayId: 'nat-1', State: 'blackhole' })], [], {}],
    ['leads to the internet from a private address', 'failed', [wayOut({ GatewayId: 'igw-1' })], [], {}],
    ['leads to a transit gateway', 'unknown', [wayOut({ TransitGatewayId: 'tgw-1' })], [], {}],
    [
      'leads to the internet from a public address',
      'ok',
      [wayOut({ GatewayId: 'igw-1' })],
      [],
      { publicAddress: '203.0.113.7' },
    ],
    ['leads to a NAT gateway', 'ok', [wayOut({ NatGatewayId: 'nat-1' })], [], {}],
    ['has both endpoints', 'ok', [], BOTH, {}],
  ])('%s: %s', (_, finding, routes, endpoints, place) => {
    const step = ssmRouteStep({ ...PLACE, ...place }, table(...routes), endpoints);
    expect(step).toMatchObject({ name: 'route to SSM', finding });
    expect(step.fix === null).toBe(finding === 'ok');
  });
});

describe('the route of SSH between the check and a host', () => {
  const far = { vpcId: 'vpc-2', cidrs: ['10.9.0.0/24'] };
  it.each<[string, string, Parameters<typeof sshRouteStep>[1], 'private' | 'public', readonly Route[]]>([
    [
      'a private address, from no VPC',
      'failed',
      { vpcId: null, cidrs: [] },
      'private',
      [wayOut({ NatGatewayId: 'nat-1' })],
    ],
    [
      'a private address in another VPC',
      'failed',
      far,
      'private',
      [wayOut({ State: 'blackhole', VpcPeeringConnectionId: 'pcx-1' })],
    ],
    [
      'a private address in another VPC, with only a way out',
      'failed',
      far,
      'private',
      [wayOut({ GatewayId: 'igw-1' })],
    ],
    [
      'a private address in another VPC, with a blackhole next to a NAT gateway',
      'failed',
      far,
      'private',
      [
        { DestinationCidrBlock: '10.9.0.0/16', VpcPeeringConnectionId: 'pcx-1', State: 'blackhole' },
        wayOut({ NatGatewayId: 'nat-1' }),
      ],
    ],
    ['a private address over a transit gateway', 'ok', far, 'private', [wayOut({ TransitGatewayId: 'tgw-1' })]],
    ['a public address without a gateway', 'failed', far, 'public', [wayOut({ NatGatewayId: 'nat-1' })]],
    [
      'a private address over a peering',
      'ok',
      far,
      'private',
      [{ DestinationCidrBlock: '10.9.0.0/16', VpcPeeringConnectionId: 'pcx-1' }],
    ],
    ['a private address in the same VPC', 'ok', { vpcId: 'vpc-1', cidrs: [] }, 'private', []],
    ['a public address', 'ok', { vpcId: null, cidrs: [] }, 'public', [wayOut({ GatewayId: 'igw-1' })]],
  ])('%s: %s', (_, finding, check, wants, routes) => {
    expect(sshRouteStep(PLACE, check, wants, table(...routes))).toMatchObject({ name: 'route', finding });
  });
});
