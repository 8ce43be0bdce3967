/** The network around an instance, as EC2 describes it: its place, groups, routes, network ACL and endpoints. */
import {
  DescribeInstancesCommand,
  DescribeVpcAttributeCommand,
  type NetworkAclEntry,
  paginateDescribeNetworkAcls,
  paginateDescribeRouteTables,
  paginateDescribeSecurityGroups,
  paginateDescribeSubnets,
  paginateDescribeVpcEndpoints,
  type RouteTable,
  type SecurityGroup,
  type Subnet,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import type { Ec2 } from '../../lambda/kit/index.ts';

export interface InstancePlace {
  readonly vpcId: string | null;
  readonly subnetId: string | null;
  readonly groupIds: readonly string[];
  readonly profileArn: string | null;
  readonly publicAddress: string | null;
}

/** Where an instance is and which profile it has. Rejects where there is no instance of that id. */
export async function describePlace(ec2: Ec2, id: string): Promise<InstancePlace> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const instance = Reservations[0]?.Instances?.[0];
  if (instance === undefined) throw new Error(`EC2 describes no instance ${id}`);
  return {
    vpcId: instance.VpcId ?? null,
    subnetId: instance.SubnetId ?? null,
    groupIds: (instance.SecurityGroups ?? []).flatMap(({ GroupId }) => GroupId ?? []),
    profileArn: instance.IamInstanceProfile?.Arn ?? null,
    publicAddress: instance.PublicIpAddress ?? null,
  };
}

/** Security groups with their rules. Rejects where one of them doesn't exist. */
export async function describeGroups(ec2: Ec2, ids: readonly string[]): Promise<SecurityGroup[]> {
  if (ids.length === 0) return [];
  const found: SecurityGroup[] = [];
  const pages = paginateDescribeSecurityGroups({ client: ec2 }, { GroupIds: [...ids] });
  for await (const { SecurityGroups = [] } of pages) found.push(...SecurityGroups);
  return found;
}

const ofVpc = (vpcId: string) => [{ Name: 'vpc-id', Values: [vpcId] }];

/** All route tables of a VPC: their associations say which one a subnet uses. */
export async function describeRouteTables(ec2: Ec2, vpcId: string): Promise<RouteTable[]> {
  const found: RouteTable[] = [];
  const pages = paginateDescribeRouteTables({ client: ec2 }, { Filters: ofVpc(vpcId) });
  for await (const { RouteTables = [] } of pages) found.push(...RouteTables);
  return found;
}

export async function describeEndpoints(ec2: Ec2, vpcId: string): Promise<VpcEndpoint[]> {
  const found: VpcEndpoint[] = [];
  const pages = paginateDescribeVpcEndpoints({ client: ec2 }, { Filters: ofVpc(vpcId) });
  for await (const { VpcEndpoints = [] } of pages) found.push(...VpcEndpoints);
  return found;
}

/** The rules of the network ACL of a subnet, which has exactly one. */
export async function describeAcl(ec2: Ec2, subnetId: string): Promise<NetworkAclEntry[]> {
  const found: NetworkAclEntry[] = [];
  const Filters = [{ Name: 'association.subnet-id', Values: [subnetId] }];
  for await (const { NetworkAcls = [] } of paginateDescribeNetworkAcls({ client: ec2 }, { Filters })) {
    found.push(...NetworkAcls.flatMap(({ Entries = [] }) => Entries));
  }
  return found;
}

/** IPv4 ranges of subnets. */
export async function describeRanges(ec2: Ec2, subnetIds: readonly string[]): Promise<string[]> {
  return (await describeSubnets(ec2, subnetIds)).flatMap(({ CidrBlock }) => CidrBlock ?? []);
}

/** What a VPC's resolver does. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html */
export interface VpcDns {
  readonly support: boolean;
  readonly hostnames: boolean;
}

/** One call each: EC2 takes one attribute at a time. Rejects where there is no such VPC. */
export async function describeDns(ec2: Ec2, vpcId: string): Promise<VpcDns> {
  const ask = (Attribute: 'enableDnsSupport' | 'enableDnsHostnames') =>
    ec2.send(new DescribeVpcAttributeCommand({ VpcId: vpcId, Attribute }));
  const [support, hostnames] = await Promise.all([ask('enableDnsSupport'), ask('enableDnsHostnames')]);
  return { support: support.EnableDnsSupport?.Value === true, hostnames: hostnames.EnableDnsHostnames?.Value === true };
}

/** Rejects where one of them doesn't exist. */
export async function describeSubnets(ec2: Ec2, ids: readonly string[]): Promise<Subnet[]> {
  if (ids.length === 0) return [];
  const found: Subnet[] = [];
  const pages = paginateDescribeSubnets({ client: ec2 }, { SubnetIds: [...ids] });
  for await (const { Subnets = [] } of pages) found.push(...Subnets);
  return found;
}
