/** What is on the way to an instance, as EC2 describes it: its place, groups, routes, network ACL and endpoints. */
import {
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  type NetworkAclEntry,
  paginateDescribeNetworkAcls,
  paginateDescribeRouteTables,
  paginateDescribeVpcEndpoints,
  type RouteTable,
  type SecurityGroup,
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

/** Where an instance is and what it may do. Rejects when there is none of that id. */
export async function describePlace(ec2: Ec2, id: string): Promise<InstancePlace> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const instance = Reservations[0]?.Instances?.[0];
  if (instance === undefined) throw new Error(`EC2 knows no instance ${id}`);
  return {
    vpcId: instance.VpcId ?? null,
    subnetId: instance.SubnetId ?? null,
    groupIds: (instance.SecurityGroups ?? []).flatMap(({ GroupId }) => GroupId ?? []),
    profileArn: instance.IamInstanceProfile?.Arn ?? null,
    publicAddress: instance.PublicIpAddress ?? null,
  };
}

/** Each with its rules. Rejects when one of them isn't there. */
export async function describeGroups(ec2: Ec2, ids: readonly string[]): Promise<SecurityGroup[]> {
  if (ids.length === 0) return [];
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [...ids] }));
  return SecurityGroups;
}

const ofVpc = (vpcId: string) => [{ Name: 'vpc-id', Values: [vpcId] }];

/** All of a VPC; their associations say which of them holds for a subnet. */
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

/** The rules of the one network ACL that every subnet has. */
export async function describeAcl(ec2: Ec2, subnetId: string): Promise<NetworkAclEntry[]> {
  const found: NetworkAclEntry[] = [];
  const Filters = [{ Name: 'association.subnet-id', Values: [subnetId] }];
  for await (const { NetworkAcls = [] } of paginateDescribeNetworkAcls({ client: ec2 }, { Filters })) {
    found.push(...NetworkAcls.flatMap(({ Entries = [] }) => Entries));
  }
  return found;
}

/** The IPv4 ranges of subnets. */
export async function describeRanges(ec2: Ec2, subnetIds: readonly string[]): Promise<string[]> {
  if (subnetIds.length === 0) return [];
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [...subnetIds] }));
  return Subnets.flatMap(({ CidrBlock }) => CidrBlock ?? []);
}
