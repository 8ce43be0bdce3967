import { Annotations, Fn, Stack } from 'aws-cdk-lib';
import {
  CfnVPCEndpoint,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  Subnet,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { PRICE } from '../lambda/cost/index.ts';
import { endpointServices, type Settings } from '../lambda/settings/index.ts';
import { usesInstanceConnect } from './permissions.ts';

/** What a VPC's own addresses are in (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html). */
const PRIVATE_RANGES = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

export interface CheckNetworkProps {
  readonly vpcId: string;
  readonly settings: Settings;
}

/**
 * The place of the functions that log in to hosts in a VPC, from where SSH reaches private addresses. All by the ids given: nothing is
 * looked up in an account, so that the stack synthesises without one.
 */
export class CheckNetwork extends Construct {
  readonly vpc: IVpc;
  readonly subnets: ISubnet[];
  readonly securityGroups: ISecurityGroup[];
  /** Where DynamoDB answers in here; null: at its usual name. */
  readonly dynamoDbUrl: string | null;
  /** The same of S3, of a bucket in this Region. */
  readonly s3Url: string | null;

  constructor(scope: Construct, id: string, { vpcId, settings }: CheckNetworkProps) {
    super(scope, id);
    // Zones must be named, though nothing here asks for them: subnets are given by their ids.
    this.vpc = Vpc.fromVpcAttributes(this, 'Vpc', { vpcId, availabilityZones: ['any'] });
    const subnetIds = settings.vpc.subnetIds ?? [];
    this.subnets = subnetIds.map((subnetId) => Subnet.fromSubnetId(this, subnetId, subnetId));
    this.securityGroups = settings.vpc.securityGroupIds?.map((groupId) =>
      SecurityGroup.fromSecurityGroupId(this, groupId, groupId, { mutable: false }),
    ) ?? [
      new SecurityGroup(this, 'SecurityGroup', {
        vpc: this.vpc,
        description: 'The crawlwatch check: allow its SSH port from this group on the hosts.',
      }),
    ];
    const urls = settings.vpc.createEndpoints ? this.#addEndpoints(subnetIds, settings) : new Map<string, string>();
    this.dynamoDbUrl = urls.get('dynamodb') ?? null;
    this.s3Url = urls.get('s3') ?? null;
    if (settings.vpc.createEndpoints && usesInstanceConnect(settings)) {
      Annotations.of(this).addWarningV2(
        'crawlwatch:instance-connect-endpoint',
        'ssh.instanceConnect: AWS lists no interface endpoint for the API of EC2 Instance Connect; its calls need a NAT gateway, or use ssh.keySecretArn.',
      );
    }
  }

  /**
   * Private DNS makes the SDK find them by the usual names; DynamoDB's and S3's are asked by their own, since the usual
   * ones may lead others in this VPC through a gateway endpoint
   * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-interface-endpoints.html,
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html). Each of the subnets must
   * be in a zone of its own.
   *
   * @returns the URLs of those that are asked by their own name
   */
  #addEndpoints(subnetIds: readonly string[], settings: Settings): Map<string, string> {
    const { byPrivateDns, byUrl } = endpointServices(settings);
    const door = new SecurityGroup(this, 'EndpointDoor', {
      vpc: this.vpc,
      description: 'HTTPS to the AWS services that the crawlwatch check calls.',
      allowAllOutbound: false,
    });
    for (const group of this.securityGroups) door.addIngressRule(group, Port.HTTPS, 'the check');
    // By private DNS everybody in the VPC is led here, the agents on the hosts as well: a door for the check alone would
    // cut them off. What stands behind it are AWS's public APIs, which ask for credentials.
    for (const range of PRIVATE_RANGES) door.addIngressRule(Peer.ipv4(range), Port.HTTPS, 'whoever else is led here');
    const add = (service: string, privateDnsEnabled: boolean) =>
      new CfnVPCEndpoint(this, `Endpoint-${service}`, {
        vpcId: this.vpc.vpcId,
        serviceName: `com.amazonaws.${Stack.of(this).region}.${service}`,
        vpcEndpointType: 'Interface',
        subnetIds: [...subnetIds],
        securityGroupIds: [door.securityGroupId],
        privateDnsEnabled,
      });
    for (const service of byPrivateDns) add(service, true);
    const all = [...byPrivateDns, ...byUrl];
    const monthly = Math.round(all.length * subnetIds.length * PRICE.endpointZone);
    Annotations.of(this).addInfo(
      `vpc.createEndpoints: ${all.length} interface endpoints (${all.join(', ')}) in ${subnetIds.length} subnets cost about $${monthly} a month, before data.`,
    );
    return new Map(byUrl.map((service) => [service, urlOf(service, add(service, false))]));
  }
}

/** The first entry is the name for all zones; each is `HOSTED-ZONE:NAME`. Buckets are at `bucket.` in place of S3's `*.` */
function urlOf(service: string, { attrDnsEntries }: CfnVPCEndpoint): string {
  const name = Fn.select(1, Fn.split(':', Fn.select(0, attrDnsEntries)));
  return `https://${service === 's3' ? Fn.join('', ['bucket', Fn.select(1, Fn.split('*', name))]) : name}`;
}

/** What puts a function there. */
export const placeIn = ({ vpc, subnets, securityGroups }: CheckNetwork) => ({
  vpc,
  vpcSubnets: { subnets },
  securityGroups,
});
