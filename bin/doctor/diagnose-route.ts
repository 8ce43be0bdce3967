/** Whether a subnet's routes lead where they must: to Systems Manager, or back to the check. */
import { failed, ok, type Step, unknown } from './diagnose.ts';
import { covers } from './diagnose-network.ts';

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

/** The table of a subnet; one without a table of its own has the VPC's main one. */
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
  'somewhere';

/** What the agent talks to (https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html). */
const AGENT_SERVICES = ['ssm', 'ssmmessages'];

/** From the host to Systems Manager: by interface endpoints, else by the default route. */
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
  if (target.startsWith('nat-')) return ok(name, `${place.subnetId} leads out by ${target}`);
  if (target.startsWith('igw-')) {
    return place.publicAddress === null
      ? failed(
          name,
          `the default route leads to ${target}, but the instance has no public address`,
          'give it an Elastic IP, lead its subnet to a NAT gateway, or add the endpoints ssm and ssmmessages',
        )
      : ok(name, `${place.subnetId} leads out by ${target}, from ${place.publicAddress}`);
  }
  return unknown(
    name,
    `the default route leads to ${target}; what is behind it is not known here`,
    'see that HTTPS gets out there',
  );
}

/** The check's own place; `vpcId` null: it is in no VPC. */
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
          `${place.subnetId} leads to no internet gateway`,
          'add the route 0.0.0.0/0 to an internet gateway, or set ssh.address to private',
        )
      : ok(name, `${place.subnetId} leads out by ${gateway.GatewayId}`);
  }
  if (check.vpcId === null) {
    return failed(
      name,
      'the check function is in no VPC, and a private address is reached from inside only',
      'set vpc.id and vpc.subnetIds and deploy, or transport ssm, or ssh.address public',
    );
  }
  if (check.vpcId === place.vpcId) return ok(name, `the check is in the same VPC, ${place.vpcId}`);
  // A way out leads to no other VPC's private addresses, nor does a VPC's own local route.
  const between = routes.filter((route) => !route.NatGatewayId && !/^(igw-|local$)/.test(route.GatewayId ?? ''));
  const back = between.find((route) => check.cidrs.some((cidr) => covers(route.DestinationCidrBlock ?? '', cidr)));
  return back === undefined
    ? failed(
        name,
        `the check is in ${check.vpcId}, the instance in ${place.vpcId}, and ${place.subnetId} has no route to ${check.cidrs.join(', ') || 'it'}`,
        'peer the two VPCs with a route each way, or put the check into the same VPC (vpc.id, vpc.subnetIds)',
      )
    : ok(name, `${place.subnetId} leads to the check's VPC by ${targetOf(back)}`);
}
