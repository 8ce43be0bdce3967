/** Whether the VPC of the settings can take the functions, and the endpoints that the stack would make there. */

import { plural } from '../../lambda/kit/index.ts';
import { endpointServices, type Settings } from '../../lambda/settings/index.ts';
import { type RouteTable, routesOf } from './network-steps.ts';
import { failed, type Lookup, ok, type Step, stepsOf } from './step.ts';

export interface PlannedSubnet {
  readonly SubnetId?: string | undefined;
  readonly VpcId?: string | undefined;
  readonly AvailabilityZone?: string | undefined;
  readonly AvailableIpAddressCount?: number | undefined;
}

export interface PlannedGroup {
  readonly GroupId?: string | undefined;
  readonly VpcId?: string | undefined;
}

export interface ExistingEndpoint {
  readonly VpcEndpointId?: string | undefined;
  readonly ServiceName?: string | undefined;
  readonly VpcEndpointType?: string | undefined;
  readonly PrivateDnsEnabled?: boolean | undefined;
  readonly State?: string | undefined;
  readonly RouteTableIds?: readonly string[] | undefined;
  readonly Tags?: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined;
}

/** Null: of no concern with these settings. */
export interface PlannedNetwork {
  readonly dns: Lookup<{ readonly support: boolean; readonly hostnames: boolean } | null>;
  readonly subnets: Lookup<readonly PlannedSubnet[]>;
  readonly groups: Lookup<readonly PlannedGroup[]>;
  readonly tables: Lookup<readonly RouteTable[]>;
  readonly endpoints: Lookup<readonly ExistingEndpoint[]>;
}

export function deployNetworkSteps(network: PlannedNetwork, vpcId: string, stack: string, settings: Settings): Step[] {
  const makesEndpoints = settings.vpc.createEndpoints !== false;
  return [
    ...stepsOf('VPC', network.dns, (dns) => [vpcStep(dns, vpcId, makesEndpoints)]),
    ...stepsOf('subnets', network.subnets, (subnets) => subnetSteps(subnets, vpcId, makesEndpoints)),
    ...stepsOf('security groups', network.groups, (groups) => groupSteps(groups, vpcId)),
    ...stepsOf('endpoints', network.endpoints, (found) => [
      ...endpointSteps(ofOthers(found, stack), settings),
      ...stepsOf('way out', network.tables, (tables) => [wayOutStep(found, tables, settings)]),
    ]),
  ];
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html, PrivateDnsEnabled */
function vpcStep(
  dns: { readonly support: boolean; readonly hostnames: boolean } | null,
  vpcId: string,
  makesEndpoints: boolean,
): Step {
  if (dns === null) return failed('VPC', `there is no ${vpcId} here`, 'correct vpc.id, or AWS_REGION and AWS_PROFILE');
  const off = [
    ...(dns.support ? [] : [['enableDnsSupport', '--enable-dns-support'] as const]),
    ...(dns.hostnames ? [] : [['enableDnsHostnames', '--enable-dns-hostnames'] as const]),
  ];
  if (off.length === 0) return ok('VPC', `${vpcId} has enableDnsSupport and enableDnsHostnames`);
  if (!makesEndpoints) return ok('VPC', vpcId);
  return failed(
    'VPC',
    `${vpcId} has ${off.map(([name]) => name).join(' and ')} off, which endpoints with private names need: the deploy would fail`,
    off.map(([, flag]) => `aws ec2 modify-vpc-attribute --vpc-id ${vpcId} ${flag}`).join(' && '),
  );
}

function subnetSteps(subnets: readonly PlannedSubnet[], vpcId: string, makesEndpoints: boolean): Step[] {
  const name = 'subnets';
  const ids = (some: readonly PlannedSubnet[]) => some.map(({ SubnetId }) => SubnetId).join(', ');
  const foreign = subnets.filter((one) => one.VpcId !== vpcId);
  if (foreign.length > 0) return [failed(name, `${ids(foreign)} not in ${vpcId}`, 'correct vpc.subnetIds')];
  const full = subnets.filter((one) => one.AvailableIpAddressCount === 0);
  if (full.length > 0)
    return [failed(name, `${ids(full)} without a free address`, 'name larger ones in vpc.subnetIds')];
  const zones = [...new Set(subnets.map((one) => one.AvailabilityZone ?? ''))];
  const shared = zones
    .map((zone) => [zone, subnets.filter((one) => (one.AvailabilityZone ?? '') === zone)] as const)
    .filter(([, some]) => some.length > 1);
  if (makesEndpoints && shared.length > 0) {
    const what = shared.map(([zone, some]) => `${ids(some)} are all in ${zone}`).join('; ');
    return [failed(name, `${what}: an endpoint takes one subnet of a zone`, 'leave one of each zone in vpc.subnetIds')];
  }
  return [ok(name, `${ids(subnets)} in ${plural(zones.length, 'zone')}`)];
}

function groupSteps(groups: readonly PlannedGroup[], vpcId: string): Step[] {
  const foreign = groups.filter((one) => one.VpcId !== vpcId).map(({ GroupId }) => GroupId);
  if (groups.length === 0) return [];
  return foreign.length > 0
    ? [failed('security groups', `${foreign.join(', ')} not in ${vpcId}`, 'correct vpc.securityGroupIds')]
    : [ok('security groups', groups.map(({ GroupId }) => GroupId).join(', '))];
}

/** What this stack has made itself, an update keeps. */
const ofOthers = (endpoints: readonly ExistingEndpoint[], stack: string) =>
  endpoints.filter(
    ({ Tags = [] }) => !Tags.some((tag) => tag.Key === 'aws:cloudformation:stack-name' && tag.Value === stack),
  );

/** `ssm` of `com.amazonaws.eu-west-1.ssm`, and of `cn.com.amazonaws.cn-north-1.ssm`. */
const serviceOf = ({ ServiceName = '' }: ExistingEndpoint): string => ServiceName.split('.').at(-1) ?? '';
const isThere = ({ State = '' }: ExistingEndpoint): boolean => /^(available|pending|pendingacceptance)$/i.test(State);

/**
 * Two endpoints can't share a private name, nor two gateways a route: EC2 refuses the second, and the stack rolls back.
 */
function endpointSteps(found: readonly ExistingEndpoint[], settings: Settings): Step[] {
  if (settings.vpc.createEndpoints === false) return [];
  const { byPrivateDns, byUrl, byRoute } = endpointServices(settings);
  const tables = settings.vpc.routeTableIds ?? [];
  const conflicts = found.filter((one) => {
    if (!isThere(one)) return false;
    const service = serviceOf(one);
    return one.VpcEndpointType === 'Gateway'
      ? byRoute.includes(service) && (one.RouteTableIds ?? []).some((id) => tables.includes(id))
      : one.PrivateDnsEnabled === true && byPrivateDns.includes(service);
  });
  const planned = [...byPrivateDns, ...byUrl, ...byRoute];
  if (conflicts.length === 0) return [ok('endpoints', `none is there yet of ${planned.join(', ')}`)];
  const taken = [...new Set(conflicts.map(serviceOf))];
  const rest = planned.filter((service) => !taken.includes(service));
  const what = conflicts.map((one) => `${serviceOf(one)} (${one.VpcEndpointId})`).join(', ');
  return [
    failed(
      'endpoints',
      `the VPC has an endpoint already for ${what}: a second one would fail, and the deploy roll back`,
      rest.length === 0
        ? 'set vpc.createEndpoints to false'
        : `set vpc.createEndpoints to ${JSON.stringify(rest)}, and let the check's security group in at ${taken.length === 1 ? 'that one' : 'those'}`,
    ),
  ];
}

/** A function in a VPC has no public address: what has no endpoint it reaches by a NAT gateway, or not at all. */
function wayOutStep(found: readonly ExistingEndpoint[], tables: readonly RouteTable[], settings: Settings): Step {
  const name = 'way out';
  const all = endpointServices({ ...settings, vpc: { ...settings.vpc, createEndpoints: true } });
  const called = [...all.byPrivateDns, ...all.byUrl, ...all.byRoute];
  const { byPrivateDns, byUrl, byRoute } = endpointServices(settings);
  const made = settings.vpc.createEndpoints === false ? [] : [...byPrivateDns, ...byUrl, ...byRoute];
  const usable = found.filter(
    (one) => isThere(one) && (one.VpcEndpointType === 'Gateway' || one.PrivateDnsEnabled === true),
  );
  const missing = called.filter(
    (service) => !made.includes(service) && !usable.some((one) => serviceOf(one) === service),
  );
  if (missing.length === 0) return ok(name, 'every service that the functions call has an endpoint');
  const cut = (settings.vpc.subnetIds ?? []).filter((id) => !leadsOut(tables, id));
  if (cut.length === 0) return ok(name, `through the subnets' default routes, to ${missing.join(', ')}`);
  return failed(
    name,
    `${cut.join(', ')} lead${cut.length === 1 ? 's' : ''} to no NAT gateway, and there is no endpoint for ${missing.join(', ')}: the functions would not reach them`,
    'route them to a NAT gateway, or set vpc.createEndpoints',
  );
}

function leadsOut(tables: readonly RouteTable[], subnetId: string): boolean {
  const out = routesOf(tables, subnetId).find((route) => route.DestinationCidrBlock === '0.0.0.0/0');
  return out !== undefined && out.State !== 'blackhole' && out.GatewayId?.startsWith('igw-') !== true;
}
