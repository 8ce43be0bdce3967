/** The network of the sandbox's EC2, for `crawlwatch doctor`: where instances are, and what is on the way to them. */
import {
  DescribeInstancesCommand,
  DescribeNetworkAclsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  type NetworkAclEntry,
  type RouteTable,
  type SecurityGroup,
  type Subnet,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import type { SandboxAws } from './aws.ts';
import { sandboxEc2 } from './aws-ec2.ts';

export interface SandboxPlace {
  readonly vpcId: string;
  readonly subnetId: string;
  readonly groupIds: readonly string[];
  readonly profileArn: string | null;
}

/** Tests may change anything here between calls. */
export interface SandboxNetwork {
  /** By instance id; an instance missing here is in EC2-Classic, with no VPC. */
  readonly places: Map<string, SandboxPlace>;
  groups: SecurityGroup[];
  tables: RouteTable[];
  endpoints: VpcEndpoint[];
  /** Entries of the one network ACL that all subnets share. */
  acl: NetworkAclEntry[];
  subnets: Subnet[];
}

/** Adds a network to a sandbox's EC2: empty except for a network ACL that allows all, as a VPC's default one does. */
export function addNetwork({ ec2, instances, account, denied }: SandboxAws): SandboxNetwork {
  const all = { RuleAction: 'allow', RuleNumber: 100, Protocol: '-1', CidrBlock: '0.0.0.0/0' } as const;
  const network: SandboxNetwork = {
    places: new Map(),
    groups: [],
    tables: [],
    endpoints: [],
    acl: [
      { ...all, Egress: false },
      { ...all, Egress: true },
    ],
    subnets: [],
  };
  const plain = sandboxEc2(instances, { now: () => new Date(), account, pageSize: Number.POSITIVE_INFINITY, denied });

  ec2.on(DescribeInstancesCommand, async (input) => {
    const page = await plain.send<{ Reservations: { Instances: { InstanceId: string }[] }[] }>(
      new DescribeInstancesCommand(input),
    );
    return {
      Reservations: page.Reservations.map(({ Instances }) => ({
        OwnerId: account,
        Instances: Instances.map((instance) => {
          const place = network.places.get(instance.InstanceId);
          return {
            ...instance,
            VpcId: place?.vpcId,
            SubnetId: place?.subnetId,
            SecurityGroups: place?.groupIds.map((GroupId) => ({ GroupId })),
            IamInstanceProfile: place?.profileArn == null ? undefined : { Arn: place.profileArn },
          };
        }),
      })),
    };
  });
  ec2.on(DescribeSecurityGroupsCommand, ({ GroupIds = [] }) => {
    const missing = GroupIds.filter((id) => !network.groups.some(({ GroupId }) => GroupId === id));
    if (missing.length > 0) throw ec2.error('InvalidGroup.NotFound', `The security group '${missing}' does not exist`);
    return { SecurityGroups: network.groups.filter(({ GroupId = '' }) => GroupIds.includes(GroupId)) };
  });
  ec2.on(DescribeRouteTablesCommand, () => ({ RouteTables: network.tables }));
  ec2.on(DescribeVpcEndpointsCommand, () => ({ VpcEndpoints: network.endpoints }));
  ec2.on(DescribeNetworkAclsCommand, () => ({ NetworkAcls: [{ Entries: network.acl }] }));
  ec2.on(DescribeSubnetsCommand, ({ SubnetIds = [] }) => ({
    Subnets: network.subnets.filter(({ SubnetId = '' }) => SubnetIds.includes(SubnetId)),
  }));
  return network;
}
