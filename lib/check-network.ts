import { Annotations, Stack } from 'aws-cdk-lib';
import {
  CfnVPCEndpoint,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  Port,
  SecurityGroup,
  Subnet,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Settings } from '../lambda/settings.ts';
import { isSecretsManager, usesInstanceConnect, usesSsm } from './permissions.ts';

/** One interface endpoint in one zone, us-east-1: $0.01 an hour (https://aws.amazon.com/privatelink/pricing/, 2026). */
const ENDPOINT_DOLLARS_A_MONTH = 7.3;

export interface CheckNetworkProps {
  readonly vpcId: string;
  readonly settings: Settings;
}

/**
 * The check function's place in a VPC, from where SSH reaches private addresses. All by the ids given: nothing is
 * looked up in an account, so that the stack synthesises without one.
 */
export class CheckNetwork extends Construct {
  readonly vpc: IVpc;
  readonly subnets: ISubnet[];
  readonly securityGroups: ISecurityGroup[];

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
    if (settings.vpc.createEndpoints) this.#addEndpoints(subnetIds, endpointServices(settings));
    if (settings.vpc.createEndpoints && usesInstanceConnect(settings)) {
      Annotations.of(this).addWarningV2(
        'crawlwatch:instance-connect-endpoint',
        'ssh.instanceConnect: AWS lists no interface endpoint for the API of EC2 Instance Connect; its calls need a NAT gateway, or use ssh.keySecretArn.',
      );
    }
  }

  /** Private DNS makes the SDK find them by the usual names. Each of the subnets must be in a zone of its own. */
  #addEndpoints(subnetIds: readonly string[], services: readonly string[]): void {
    const door = new SecurityGroup(this, 'EndpointDoor', {
      vpc: this.vpc,
      description: 'HTTPS from the crawlwatch check to the AWS services it calls.',
      allowAllOutbound: false,
    });
    for (const group of this.securityGroups) door.addIngressRule(group, Port.HTTPS, 'the check');
    for (const service of services) {
      new CfnVPCEndpoint(this, `Endpoint-${service}`, {
        vpcId: this.vpc.vpcId,
        serviceName: `com.amazonaws.${Stack.of(this).region}.${service}`,
        vpcEndpointType: 'Interface',
        subnetIds: [...subnetIds],
        securityGroupIds: [door.securityGroupId],
        privateDnsEnabled: true,
      });
    }
    const monthly = Math.round(services.length * subnetIds.length * ENDPOINT_DOLLARS_A_MONTH);
    Annotations.of(this).addInfo(
      `vpc.createEndpoints: ${services.length} interface endpoints (${services.join(', ')}) in ${subnetIds.length} subnets cost about $${monthly} a month, before data.`,
    );
  }
}

/** The services that a check calls with these settings. Its own logs don't go through the VPC. */
function endpointServices(settings: Settings): string[] {
  const key = settings.ssh.keySecretArn;
  const keyInSecretsManager = key !== null && isSecretsManager(key);
  return [
    'ec2',
    'monitoring',
    'sns',
    ...(keyInSecretsManager ? ['secretsmanager'] : []),
    ...(usesSsm(settings) || (key !== null && !keyInSecretsManager) ? ['ssm'] : []),
  ];
}
