/** `vpc.createEndpoints`, and the names of endpoints in every Region. */
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { describe, expect, it } from 'vitest';
import { monthlyBill, PRICE } from '../../lambda/cost/index.ts';
import { parseSettings } from '../../lambda/settings/index.ts';
import { interfaceServiceName } from '../../lib/aws-names.ts';
import { evaluated } from '../support/intrinsics.ts';
import { problemsOf, stackWith, templateWith } from './synth.ts';

const VPC = { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'] };

/** Short name and type of each endpoint that the stack makes in a Region. */
function endpointsIn(region: string, vpc: object, more: object = {}): [string, string][] {
  const template = templateWith({ ...more, vpc: { ...VPC, ...vpc } }).toJSON();
  const { Resources } = template as {
    Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
  };
  return Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::EC2::VPCEndpoint')
    .map(({ Properties }): [string, string] => [
      String(evaluated(Properties.ServiceName, template, { 'AWS::Region': region })),
      String(Properties.VpcEndpointType),
    ])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

describe('vpc.createEndpoints', () => {
  it('as a list makes exactly those, since a second one of a private name rolls the stack back', () => {
    expect(endpointsIn('eu-central-1', { createEndpoints: ['ssmmessages', 'sns', 'sns', 's3'] })).toEqual([
      ['com.amazonaws.eu-central-1.s3', 'Interface'],
      ['com.amazonaws.eu-central-1.sns', 'Interface'],
      ['com.amazonaws.eu-central-1.ssmmessages', 'Interface'],
    ]);
    expect(
      endpointsIn('eu-central-1', { createEndpoints: ['ec2', 's3'], routeTableIds: ['rtb-0123456789abcdef0'] }),
    ).toEqual([
      ['com.amazonaws.eu-central-1.ec2', 'Interface'],
      ['com.amazonaws.eu-central-1.s3', 'Gateway'],
    ]);
  });

  it('as a list calls at their usual names the stores that it leaves out', () => {
    const functions = (createEndpoints: unknown) =>
      JSON.stringify(templateWith({ vpc: { ...VPC, createEndpoints } }).findResources('AWS::Lambda::Function'));
    expect(functions(['ec2', 's3'])).toContain('AWS_ENDPOINT_URL_S3');
    expect(functions(['ec2', 's3'])).not.toContain('AWS_ENDPOINT_URL_DYNAMODB');
    expect(functions(['ec2'])).not.toContain('AWS_ENDPOINT_URL');
  });

  it('as a list is billed by what it names', () => {
    const billed = (createEndpoints: unknown) =>
      monthlyBill(10, parseSettings({ vpc: { ...VPC, createEndpoints } })).items.find(
        ({ item }) => item === 'interface endpoints',
      )?.dollars;
    expect(billed(['ec2', 'logs', 'dynamodb'])).toBeCloseTo(3 * 2 * PRICE.endpointZone);
    expect(billed(false)).toBeUndefined();
  });

  it('says what a VPC must have, and which services it is expected to have already', () => {
    const infoOf = (createEndpoints: unknown) => Annotations.fromStack(stackWith({ vpc: { ...VPC, createEndpoints } }));
    const has = (words: string) => Match.stringLikeRegexp(words);
    for (const given of [true, ['ec2', 'sns']]) {
      infoOf(given).hasInfo('*', has('enableDnsSupport and enableDnsHostnames, each subnet a zone of its own'));
    }
    infoOf(['ec2', 'sns']).hasInfo(
      '*',
      has('Expected in the VPC already, or reached by NAT: monitoring, events, ssm, dynamodb, s3'),
    );
    expect(infoOf(true).findInfo('*', has('Expected in the VPC already'))).toEqual([]);
  });

  it.each([
    [['ssmm', 'ec2'], '["ssmm"]'],
    [['com.amazonaws.eu-central-1.ec2'], '["com.amazonaws.eu-central-1.ec2"]'],
  ])('refuses the unknown service among %j at synth', (createEndpoints, got) => {
    expect(problemsOf({ vpc: { ...VPC, createEndpoints } })).toEqual([
      `vpc.createEndpoints: got ${got}; allowed: true, false, or a list of services that have interface endpoints, by their short names, like ["ec2", "monitoring", "sns"]. The VPC needs enableDnsSupport and enableDnsHostnames, each subnet a zone of its own, and none of these services an endpoint there already (then name the others in a list).`,
    ]);
  });

  it.each([[[]], ['ec2'], [['EC2']], [[7]]])('refuses %j, which is neither', (createEndpoints) => {
    expect(problemsOf({ vpc: { ...VPC, createEndpoints } })).toEqual([
      `vpc.createEndpoints: got ${JSON.stringify(createEndpoints)}; allowed: true, false, or a list of services, like ["ec2", "monitoring", "sns"]`,
    ]);
  });

  it('names each service as China and the isolated partitions do', () => {
    const names = (region: string) =>
      endpointsIn(region, { createEndpoints: ['ec2', 'monitoring', 'sns', 'ssm'] }).map(([name]) => name);
    expect(names('cn-northwest-1')).toEqual([
      'cn.com.amazonaws.cn-northwest-1.ec2',
      'cn.com.amazonaws.cn-northwest-1.monitoring',
      'com.amazonaws.cn-northwest-1.sns',
      'com.amazonaws.cn-northwest-1.ssm',
    ]);
    expect(names('us-iso-west-1')).toEqual([
      'com.amazonaws.us-iso-west-1.ssm',
      'gov.ic.c2s.us-iso-west-1.ec2',
      'gov.ic.c2s.us-iso-west-1.monitoring',
      'gov.ic.c2s.us-iso-west-1.sns',
    ]);
    expect(names('mars-north-1')).toEqual(
      ['ec2', 'monitoring', 'sns', 'ssm'].map((service) => `com.amazonaws.mars-north-1.${service}`),
    );
  });

  it('names them without conditions where the Region is known', () => {
    const stack = new Stack(new App(), 'There', { env: { region: 'cn-north-1' } });
    expect(stack.resolve(interfaceServiceName(stack, 'ec2'))).toBe('cn.com.amazonaws.cn-north-1.ec2');
    expect(stack.resolve(interfaceServiceName(stack, 'transcribe'))).toBe('cn.com.amazonaws.cn-north-1.transcribe.cn');
  });

  it('agrees with CDK in every Region, whether or not synth knows it', () => {
    const services = [
      'ec2',
      'monitoring',
      'sns',
      'ssm',
      'lambda',
      'sts',
      'secretsmanager',
      'dynamodb',
      's3',
      'transcribe',
    ];
    const anywhere = new Stack(new App(), 'Anywhere');
    new Topic(anywhere, 'Topic');
    for (const service of services) {
      new CfnOutput(anywhere, service, { value: interfaceServiceName(anywhere, service) });
    }
    const template = Template.fromStack(anywhere).toJSON();
    for (const { name: region } of RegionInfo.regions) {
      const there = new Stack(new App(), 'There', { env: { region } });
      for (const service of services) {
        const got = evaluated(template.Outputs[service].Value, template, { 'AWS::Region': region });
        expect(got).toBe(there.resolve(interfaceServiceName(there, service)));
      }
    }
  });
});
