import { describe, expect, it } from 'vitest';
import {
  type Endpoint,
  type Place,
  type Route,
  routesOf,
  sshRouteStep,
  ssmRouteStep,
} from '../../../bin/doctor/diagnose-route.ts';

const PLACE: Place = { vpcId: 'vpc-1', subnetId: 'subnet-1', publicAddress: null, region: 'eu-central-1' };
const table = (...routes: Route[]) => [{ Associations: [{ SubnetId: 'subnet-1' }], Routes: routes }];
const out = (route: Route): Route => ({ DestinationCidrBlock: '0.0.0.0/0', State: 'active', ...route });
const endpoint = (service: string, State = 'available'): Endpoint => ({
  ServiceName: `com.amazonaws.eu-central-1.${service}`,
  State,
});
const BOTH = [endpoint('ssm'), endpoint('ssmmessages')];

describe('the route of a subnet', () => {
  it('is that of its own table, else that of the main one', () => {
    const main = { Associations: [{ Main: true }], Routes: [out({ NatGatewayId: 'nat-main' })] };
    const own = { Associations: [{ SubnetId: 'subnet-1' }], Routes: [] };
    expect(routesOf([main, own], 'subnet-1')).toEqual([]);
    expect(routesOf([own, main], 'subnet-2')).toEqual(main.Routes);
  });
});

describe('the way of an agent to Systems Manager', () => {
  it.each<[string, string, readonly Route[], readonly Endpoint[], Partial<Place>]>([
    ['leads nowhere', 'failed', [], [], {}],
    ['has one endpoint of the two', 'failed', [], [endpoint('ssm')], {}],
    ['has endpoints that are not ready', 'failed', [], [endpoint('ssm', 'pending'), endpoint('ssmmessages')], {}],
    ['has the endpoints of another service', 'failed', [], [endpoint('ssm-incidents'), endpoint('ec2messages')], {}],
    ['leads to a NAT gateway that is gone', 'failed', [out({ NatGatewayId: 'nat-1', State: 'blackhole' })], [], {}],
    ['leads to the internet from a private address', 'failed', [out({ GatewayId: 'igw-1' })], [], {}],
    ['leads to a transit gateway', 'unknown', [out({ TransitGatewayId: 'tgw-1' })], [], {}],
    [
      'leads to the internet from a public address',
      'ok',
      [out({ GatewayId: 'igw-1' })],
      [],
      { publicAddress: '203.0.113.7' },
    ],
    ['leads to a NAT gateway', 'ok', [out({ NatGatewayId: 'nat-1' })], [], {}],
    ['has both endpoints', 'ok', [], BOTH, {}],
  ])('%s: %s', (_, finding, routes, endpoints, place) => {
    const step = ssmRouteStep({ ...PLACE, ...place }, table(...routes), endpoints);
    expect(step).toMatchObject({ name: 'route to SSM', finding });
    expect(step.fix === null).toBe(finding === 'ok');
  });
});

describe('the way of SSH from the check to a host', () => {
  const far = { vpcId: 'vpc-2', cidrs: ['10.9.0.0/24'] };
  it.each<[string, string, Parameters<typeof sshRouteStep>[1], 'private' | 'public', readonly Route[]]>([
    [
      'a private address, from no VPC',
      'failed',
      { vpcId: null, cidrs: [] },
      'private',
      [out({ NatGatewayId: 'nat-1' })],
    ],
    [
      'a private address in another VPC',
      'failed',
      far,
      'private',
      [out({ State: 'blackhole', VpcPeeringConnectionId: 'pcx-1' })],
    ],
    ['a private address in another VPC, and only a way out', 'failed', far, 'private', [out({ GatewayId: 'igw-1' })]],
    [
      'a private address in another VPC, by a blackhole beside a NAT gateway',
      'failed',
      far,
      'private',
      [
        { DestinationCidrBlock: '10.9.0.0/16', VpcPeeringConnectionId: 'pcx-1', State: 'blackhole' },
        out({ NatGatewayId: 'nat-1' }),
      ],
    ],
    ['a private address over a transit gateway', 'ok', far, 'private', [out({ TransitGatewayId: 'tgw-1' })]],
    ['a public address without a gateway', 'failed', far, 'public', [out({ NatGatewayId: 'nat-1' })]],
    [
      'a private address over a peering',
      'ok',
      far,
      'private',
      [{ DestinationCidrBlock: '10.9.0.0/16', VpcPeeringConnectionId: 'pcx-1' }],
    ],
    ['a private address in the same VPC', 'ok', { vpcId: 'vpc-1', cidrs: [] }, 'private', []],
    ['a public address', 'ok', { vpcId: null, cidrs: [] }, 'public', [out({ GatewayId: 'igw-1' })]],
  ])('%s: %s', (_, finding, check, wants, routes) => {
    expect(sshRouteStep(PLACE, check, wants, table(...routes))).toMatchObject({ name: 'route', finding });
  });
});
