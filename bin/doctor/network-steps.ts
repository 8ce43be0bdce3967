/**
 * Whether packets get from the check to a host, and from a host to Systems Manager: by security groups, network ACLs and
 * routes as EC2 describes them. Types hold only what is read here; an absent list is empty.
 */
import { failed, ok, type Step, unknown } from './step.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html */
export interface GroupRule {
  readonly IpProtocol?: string | undefined;
  readonly FromPort?: number | undefined;
  readonly ToPort?: number | undefined;
  readonly IpRanges?: readonly { readonly CidrIp?: string | undefined }[] | undefined;
  readonly Ipv6Ranges?: readonly { readonly CidrIpv6?: string | undefined }[] | undefined;
  readonly UserIdGroupPairs?: readonly { readonly GroupId?: string | undefined }[] | undefined;
  readonly PrefixListIds?: readonly { readonly PrefixListId?: string | undefined }[] | undefined;
}

export interface Group {
  readonly GroupId?: string | undefined;
  readonly IpPermissions?: readonly GroupRule[] | undefined;
  readonly IpPermissionsEgress?: readonly GroupRule[] | undefined;
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html */
export interface AclEntry {
  readonly Egress?: boolean | undefined;
  readonly RuleNumber?: number | undefined;
  readonly RuleAction?: string | undefined;
  readonly Protocol?: string | undefined;
  readonly CidrBlock?: string | undefined;
  readonly PortRange?: { readonly From?: number | undefined; readonly To?: number | undefined } | undefined;
}

/** Where the connection to a host comes from. */
export type Origin =
  /** The check function in a VPC, with its groups and the ranges of its subnets. */
  | { readonly kind: 'vpc'; readonly groupIds: readonly string[]; readonly cidrs: readonly string[] }
  /** The check function in no VPC: any of AWS's addresses. */
  | { readonly kind: 'internet' }
  | { readonly kind: 'unknown' };

const ANYWHERE = '0.0.0.0/0';

/** The first and last address of an IPv4 range; null for anything else. */
function rangeOf(cidr: string): readonly [number, number] | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (match === null) return null;
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number);
  const size = 2 ** (32 - bits);
  const first = Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / size) * size;
  return [first, first + size - 1];
}

/** Whether all of `inner` is in `outer`. */
export function covers(outer: string, inner: string): boolean {
  const [wide, narrow] = [rangeOf(outer), rangeOf(inner)];
  return wide !== null && narrow !== null && wide[0] <= narrow[0] && narrow[1] <= wide[1];
}

/** `-1` is every protocol; 6 is TCP. A rule without ports is for all of them. */
const isForPort = ({ IpProtocol, FromPort, ToPort }: GroupRule, port: number): boolean =>
  IpProtocol === '-1' || (/^(tcp|6)$/.test(IpProtocol ?? '') && (FromPort ?? 0) <= port && port <= (ToPort ?? 65_535));

const rangesOf = (rule: GroupRule): string[] => [
  ...(rule.IpRanges ?? []).flatMap(({ CidrIp }) => CidrIp ?? []),
  ...(rule.Ipv6Ranges ?? []).flatMap(({ CidrIpv6 }) => CidrIpv6 ?? []),
];
const groupsOf = (rule: GroupRule): string[] => (rule.UserIdGroupPairs ?? []).flatMap(({ GroupId }) => GroupId ?? []);
const listsOf = (rule: GroupRule): string[] =>
  (rule.PrefixListIds ?? []).flatMap(({ PrefixListId }) => PrefixListId ?? []);

/** Whether any of the host's groups allows the check on its port. Groups only allow: one that does is enough. */
export function securityGroupStep(groups: readonly Group[], port: number, origin: Origin): Step {
  const name = 'security group';
  const rules = groups.flatMap(({ IpPermissions = [] }) => IpPermissions).filter((rule) => isForPort(rule, port));
  const ids = groups.map(({ GroupId }) => GroupId).join(', ');
  const allowed = [...new Set(rules.flatMap((rule) => [...rangesOf(rule), ...groupsOf(rule), ...listsOf(rule)]))];
  const says = `${ids} allows port ${port} from ${allowed.slice(0, 8).join(', ') || 'nowhere'}`;
  if (allowed.includes(ANYWHERE)) return ok(name, says);
  const target = groups[0]?.GroupId ?? 'sg-...';
  switch (origin.kind) {
    case 'vpc': {
      const byGroup = rules.flatMap(groupsOf).find((id) => origin.groupIds.includes(id));
      if (byGroup !== undefined) return ok(name, `${ids} allows port ${port} from ${byGroup}, the check's`);
      const ranges = rules.flatMap(rangesOf);
      const isCovered = (cidr: string) => ranges.some((range) => covers(range, cidr));
      if (origin.cidrs.length > 0 && origin.cidrs.every(isCovered)) return ok(name, `${says}; the check is among them`);
      if (rules.some((rule) => listsOf(rule).length > 0)) {
        return unknown(name, says, `see whether the check's subnets (${origin.cidrs.join(', ')}) are in a prefix list`);
      }
      return failed(
        name,
        `${says}; the check comes from ${[...origin.groupIds, ...origin.cidrs].join(', ')}`,
        `aws ec2 authorize-security-group-ingress --group-id ${target} --protocol tcp --port ${port} --source-group ${origin.groupIds[0] ?? 'sg-...'}`,
      );
    }
    case 'internet':
      return failed(
        name,
        `${says}; the check function is in no VPC and has no fixed address`,
        'set vpc.id and vpc.subnetIds, so that it has a security group of its own, or transport ssm',
      );
    case 'unknown':
      return allowed.length === 0
        ? failed(
            name,
            says,
            `allow it from where you connect: aws ec2 authorize-security-group-ingress --group-id ${target} ...`,
          )
        : unknown(name, says, 'see that the connecting address is among them');
  }
  return origin satisfies never;
}

/** Whether the groups allow HTTPS out, which the SSM agent needs. */
export function egressStep(groups: readonly Group[]): Step {
  const name = 'security group';
  const ids = groups.map(({ GroupId }) => GroupId).join(', ');
  const rules = groups
    .flatMap(({ IpPermissionsEgress = [] }) => IpPermissionsEgress)
    .filter((rule) => isForPort(rule, 443));
  const [first] = rules.flatMap((rule) => [...rangesOf(rule), ...groupsOf(rule), ...listsOf(rule)]);
  if (first !== undefined) return ok(name, `${ids} allows HTTPS out to ${first}`);
  return failed(
    name,
    `${ids} allows no HTTPS out, which the SSM agent needs`,
    `aws ec2 authorize-security-group-egress --group-id ${groups[0]?.GroupId ?? 'sg-...'} --protocol tcp --port 443 --cidr 0.0.0.0/0`,
  );
}

const EPHEMERAL = [1_024, 65_535] as const;

/** The lowest rule number that covers the peer and all of the ports decides; no rule denies. */
function aclAllows(entries: readonly AclEntry[], egress: boolean, peer: string, from: number, to: number): boolean {
  const deciding = entries
    .filter((entry) => entry.Egress === egress && /^(-1|6)$/.test(entry.Protocol ?? ''))
    .toSorted((a, b) => (a.RuleNumber ?? 0) - (b.RuleNumber ?? 0))
    .find(({ CidrBlock = '', Protocol, PortRange: ports }) => {
      const isForPorts = Protocol === '-1' || ((ports?.From ?? 0) <= from && to <= (ports?.To ?? 65_535));
      return isForPorts && covers(CidrBlock, peer);
    });
  return deciding?.RuleAction === 'allow';
}

/** Network ACLs are stateless: the answers need a rule of their own. */
export function aclStep(entries: readonly AclEntry[], port: number, origin: Origin): Step {
  const name = 'network ACL';
  if (origin.kind === 'unknown' || (origin.kind === 'vpc' && origin.cidrs.length === 0)) {
    const isOpen = aclAllows(entries, false, ANYWHERE, port, port);
    return isOpen
      ? ok(name, `allows port ${port} from anywhere`)
      : unknown(name, 'it is not known where the check connects from');
  }
  const peers = origin.kind === 'internet' ? [ANYWHERE] : origin.cidrs;
  const deniedIn = peers.find((peer) => !aclAllows(entries, false, peer, port, port));
  if (deniedIn !== undefined) {
    return failed(
      name,
      `denies ${deniedIn} port ${port}`,
      `allow TCP ${port} in from ${deniedIn} in the subnet's network ACL`,
    );
  }
  const deniedOut = peers.find((peer) => !aclAllows(entries, true, peer, ...EPHEMERAL));
  if (deniedOut !== undefined) {
    return failed(
      name,
      `denies the answers to ${deniedOut}`,
      `allow TCP ${EPHEMERAL.join('-')} out to ${deniedOut} in the subnet's network ACL`,
    );
  }
  return ok(name, `allows port ${port} in and the answers out`);
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html */
export interface Route {
  readonly DestinationCidrBlock?: string | undefined;
  readonly GatewayId?: string | undefined;
  readonly NatGatewayId?: string | undefined;
  readonly TransitGatewayId?: string | undefined;
  readonly VpcPeeringConnectionId?: string | undefined;
  readonly NetworkInterfaceId?: string | undefined;
  readonly State?: string | undefined;
}

export interface RouteTable {
  readonly RouteTableId?: string | undefined;
  readonly Associations?:
    | readonly { readonly SubnetId?: string | undefined; readonly Main?: boolean | undefined }[]
    | undefined;
  readonly Routes?: readonly Route[] | undefined;
}

export interface Endpoint {
  readonly ServiceName?: string | undefined;
  readonly State?: string | undefined;
}

/** Where a host is. */
export interface Place {
  readonly vpcId: string | null;
  readonly subnetId: string | null;
  readonly publicAddress: string | null;
  readonly region: string;
}

/** The routes of a subnet: of its own table, else of the VPC's main one. */
export function routesOf(tables: readonly RouteTable[], subnetId: string | null): readonly Route[] {
  const own = tables.find(({ Associations = [] }) => Associations.some((one) => one.SubnetId === subnetId));
  const main = tables.find(({ Associations = [] }) => Associations.some((one) => one.Main === true));
  return (own ?? main)?.Routes ?? [];
}

const targetOf = (route: Route): string =>
  route.NatGatewayId ??
  route.GatewayId ??
  route.TransitGatewayId ??
  route.VpcPeeringConnectionId ??
  route.NetworkInterfaceId ??
  'an unknown target';

/** The services that the agent calls (https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html). */
const AGENT_SERVICES = ['ssm', 'ssmmessages'];

/** From the host to Systems Manager: through interface endpoints, else by the default route. */
export function ssmRouteStep(place: Place, tables: readonly RouteTable[], endpoints: readonly Endpoint[]): Step {
  const name = 'route to SSM';
  const serviceName = (service: string) => `com.amazonaws.${place.region}.${service}`;
  const isThere = (service: string) =>
    endpoints.some(
      ({ ServiceName, State }) => ServiceName === serviceName(service) && State?.toLowerCase() === 'available',
    );
  const missing = AGENT_SERVICES.filter((service) => !isThere(service));
  if (missing.length === 0) return ok(name, `${place.vpcId} has the endpoints ${AGENT_SERVICES.join(' and ')}`);
  const out = routesOf(tables, place.subnetId).find((route) => route.DestinationCidrBlock === '0.0.0.0/0');
  const addEndpoints = `add the endpoints ${missing.join(' and ')}: aws ec2 create-vpc-endpoint --vpc-endpoint-type Interface --vpc-id ${place.vpcId} --subnet-ids ${place.subnetId} --service-name ${serviceName(missing[0] ?? 'ssm')}`;
  if (out === undefined) {
    return failed(
      name,
      `${place.subnetId} has no route out, and its VPC no endpoint ${missing.join(' or ')}`,
      addEndpoints,
    );
  }
  const target = targetOf(out);
  if (out.State === 'blackhole') {
    return failed(
      name,
      `the default route leads to ${target}, which is gone`,
      `replace it: aws ec2 replace-route, or ${addEndpoints}`,
    );
  }
  if (target.startsWith('nat-')) return ok(name, `${place.subnetId} leads out through ${target}`);
  if (target.startsWith('igw-')) {
    return place.publicAddress === null
      ? failed(
          name,
          `the default route leads to ${target}, but the instance has no public address`,
          'give it an Elastic IP, route its subnet to a NAT gateway, or add the endpoints ssm and ssmmessages',
        )
      : ok(name, `${place.subnetId} leads out through ${target}, from ${place.publicAddress}`);
  }
  return unknown(
    name,
    `the default route leads to ${target}; what is behind it is not known`,
    'see that HTTPS gets out through it',
  );
}

/** Where the check runs; `vpcId` null: in no VPC. */
export interface CheckPlace {
  readonly vpcId: string | null;
  readonly cidrs: readonly string[];
}

/** From the host back to the check. */
export function sshRouteStep(
  place: Place,
  check: CheckPlace,
  wants: 'private' | 'public',
  tables: readonly RouteTable[],
): Step {
  const name = 'route';
  const routes = routesOf(tables, place.subnetId).filter((route) => route.State !== 'blackhole');
  if (wants === 'public') {
    const gateway = routes.find((route) => route.GatewayId?.startsWith('igw-'));
    return gateway === undefined
      ? failed(
          name,
          `${place.subnetId} has no route to an internet gateway`,
          'add the route 0.0.0.0/0 to an internet gateway, or set ssh.address to private',
        )
      : ok(name, `${place.subnetId} leads out through ${gateway.GatewayId}`);
  }
  if (check.vpcId === null) {
    return failed(
      name,
      'the check function is in no VPC, and a private address can be reached from inside only',
      'set vpc.id and vpc.subnetIds and deploy, or transport ssm, or ssh.address public',
    );
  }
  if (check.vpcId === place.vpcId) return ok(name, `the check is in the same VPC, ${place.vpcId}`);
  // Neither a way out nor the local route leads to another VPC's private addresses.
  const between = routes.filter((route) => !route.NatGatewayId && !/^(igw-|local$)/.test(route.GatewayId ?? ''));
  const back = between.find((route) => check.cidrs.some((cidr) => covers(route.DestinationCidrBlock ?? '', cidr)));
  return back === undefined
    ? failed(
        name,
        `the check is in ${check.vpcId}, the instance in ${place.vpcId}, and ${place.subnetId} has no route to ${check.cidrs.join(', ') || 'it'}`,
        'peer the two VPCs with a route each way, or put the check into the same VPC (vpc.id, vpc.subnetIds)',
      )
    : ok(name, `${place.subnetId} leads to the check's VPC through ${targetOf(back)}`);
}
