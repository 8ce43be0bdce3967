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
import { calledServices, endpointServices, type Settings, SettingsError } from '../lambda/settings/index.ts';
import { interfaceServiceName, interfaceServices } from './aws-names.ts';
import { usesInstanceConnect } from './permissions/index.ts';

/** What a VPC's own addresses are in (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html). */
const PRIVATE_RANGES = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

/** What EC2 refuses endpoints for; synth looks nothing up, so that it can only say it (API_CreateVpcEndpoint.html). */
const PREREQUISITES =
  'The VPC needs enableDnsSupport and enableDnsHostnames, each subnet a zone of its own, and none of these services an endpoint there already (then name the others in a list).';

export interface CheckNetworkProps {
  readonly vpcId: string;
  readonly settings: Settings;
}

/**
 * Subnets and security groups of the functions that log in to hosts over SSH at private addresses. Uses the ids in the
 * settings and looks nothing up, so that the stack synthesises without an account.
 */
export class CheckNetwork extends Construct {
  readonly vpc: IVpc;
  readonly subnets: ISubnet[];
  readonly securityGroups: ISecurityGroup[];
  /** URL of DynamoDB's endpoint in this VPC; null: DynamoDB is called at its usual name. */
  readonly dynamoDbUrl: string | null;
  /** URL of S3's endpoint in this VPC, for a bucket in this Region; null as above. */
  readonly s3Url: string | null;
  /** Whether functions here may connect by IPv6. */
  readonly ipv6: boolean;

  constructor(scope: Construct, id: string, { vpcId, settings }: CheckNetworkProps) {
    super(scope, id);
    this.ipv6 = settings.vpc.ipv6;
    // CDK demands zones, though nothing here uses them: subnets are given by their ids.
    this.vpc = Vpc.fromVpcAttributes(this, 'Vpc', { vpcId, availabilityZones: ['any'] });
    const subnetIds = settings.vpc.subnetIds ?? [];
    this.subnets = subnetIds.map((subnetId) => Subnet.fromSubnetId(this, subnetId, subnetId));
    this.securityGroups = settings.vpc.securityGroupIds?.map((groupId) =>
      SecurityGroup.fromSecurityGroupId(this, groupId, groupId, { mutable: false }),
    ) ?? [
      new SecurityGroup(this, 'SecurityGroup', {
        vpc: this.vpc,
        description: 'The crawlwatch check: allow its SSH port from this group on the hosts.',
        // By itself CDK lets out IPv4 alone.
        allowAllIpv6Outbound: settings.vpc.ipv6,
      }),
    ];
    const urls = settings.vpc.createEndpoints ? this.#addEndpoints(subnetIds, settings) : new Map<string, string>();
    this.dynamoDbUrl = urls.get('dynamodb') ?? null;
    this.s3Url = urls.get('s3') ?? null;
    if (settings.alerts.heartbeatUrl !== null) {
      Annotations.of(this).addWarningV2(
        'crawlwatch:heartbeat-needs-nat',
        'alerts.heartbeatUrl: the check function is in a VPC, and no VPC endpoint leads to that address. Without a NAT gateway in the route of vpc.subnetIds the watchdog never hears of a check and raises a false alarm: add one, or take the setting away.',
      );
    }
    if (settings.vpc.createEndpoints && usesInstanceConnect(settings)) {
      Annotations.of(this).addWarningV2(
        'crawlwatch:instance-connect-endpoint',
        'ssh.instanceConnect: AWS lists no interface endpoint for the API of EC2 Instance Connect; its calls need a NAT gateway, or use ssh.keySecretArn.',
      );
    }
  }

  /**
   * Private DNS makes the SDK find them by the usual names. DynamoDB and S3 are called at the endpoint's own name, since
   * the usual one may lead others in this VPC through a gateway endpoint
   * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-interface-endpoints.html,
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html). Each of the subnets must
   * be in a zone of its own.
   *
   * A service whose private name the VPC has already can't get a second endpoint: EC2 refuses it and the stack rolls
   * back. A list of services leaves those out.
   *
   * @returns the URLs of those that are called at their own name
   */
  #addEndpoints(subnetIds: readonly string[], settings: Settings): Map<string, string> {
    const { byPrivateDns, byUrl, byRoute } = endpointServices(settings);
    refuseUnknownServices([...byPrivateDns, ...byUrl, ...byRoute]);
    const door = new SecurityGroup(this, 'EndpointDoor', {
      vpc: this.vpc,
      description: 'HTTPS to the AWS services that the crawlwatch check calls.',
      allowAllOutbound: false,
    });
    for (const group of this.securityGroups) door.addIngressRule(group, Port.HTTPS, 'the check');
    // Private DNS leads all clients in the VPC here, the hosts' agents as well: a rule for the check alone would cut
    // them off. Behind it are AWS's public APIs, which ask for credentials.
    for (const range of PRIVATE_RANGES) door.addIngressRule(Peer.ipv4(range), Port.HTTPS, 'other clients in this VPC');
    const add = (service: string, privateDnsEnabled: boolean) =>
      new CfnVPCEndpoint(this, `Endpoint-${service}`, {
        vpcId: this.vpc.vpcId,
        serviceName: interfaceServiceName(this, service),
        vpcEndpointType: 'Interface',
        subnetIds: [...subnetIds],
        securityGroupIds: [door.securityGroupId],
        privateDnsEnabled,
      });
    for (const service of byPrivateDns) add(service, true);
    for (const service of byRoute) {
      new CfnVPCEndpoint(this, `Gateway-${service}`, {
        vpcId: this.vpc.vpcId,
        // The same in every partition.
        serviceName: `com.amazonaws.${Stack.of(this).region}.${service}`,
        vpcEndpointType: 'Gateway',
        routeTableIds: [...(settings.vpc.routeTableIds ?? [])],
      });
    }
    const all = [...byPrivateDns, ...byUrl];
    const others = calledServices(settings).filter((name) => ![...all, ...byRoute].includes(name));
    const there = others.length === 0 ? '' : ` Expected in the VPC already, or reached by NAT: ${others.join(', ')}.`;
    const monthly = Math.round(all.length * subnetIds.length * PRICE.endpointZone);
    Annotations.of(this).addInfo(
      `vpc.createEndpoints: ${all.length} interface endpoints (${all.join(', ')}) in ${subnetIds.length} subnets cost about $${monthly} a month, before data. ${PREREQUISITES}${there}`,
    );
    return new Map(byUrl.map((service) => [service, urlOf(service, add(service, false))]));
  }
}

/** The first entry is the name for all zones; each is `HOSTED-ZONE:NAME`. Buckets are at `bucket.` in place of S3's `*.` */
function urlOf(service: string, { attrDnsEntries }: CfnVPCEndpoint): string {
  const name = Fn.select(1, Fn.split(':', Fn.select(0, attrDnsEntries)));
  return `https://${service === 's3' ? Fn.join('', ['bucket', Fn.select(1, Fn.split('*', name))]) : name}`;
}

/** A typo would be found by EC2, in the middle of a deploy. */
function refuseUnknownServices(names: readonly string[]): void {
  const known = interfaceServices();
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new SettingsError([
    `vpc.createEndpoints: got ${JSON.stringify(unknown)}; allowed: true, false, or a list of services that have interface endpoints, by their short names, like ["ec2", "monitoring", "sns"]. ${PREREQUISITES}`,
  ]);
}

/** What puts a function there. */
export const placeIn = ({ vpc, subnets, securityGroups, ipv6 }: CheckNetwork) => ({
  vpc,
  vpcSubnets: { subnets },
  securityGroups,
  ...(ipv6 && { ipv6AllowedForDualStack: true }),
});
