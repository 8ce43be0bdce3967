/** Names that depend on where the stack is deployed, which synth doesn't know: by conditions and mappings of its template. */
import { Aws, CfnCondition, CfnMapping, Fn, Stack, Token } from 'aws-cdk-lib';
import { InterfaceVpcEndpointAwsService } from 'aws-cdk-lib/aws-ec2';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { Construct } from 'constructs';
import { PARTITIONS, partitionOf } from '../lambda/model/index.ts';

/** The console's address in the stack's Region, without a slash at its end. */
export function consoleUrlOf(scope: Construct): string {
  const { region } = Stack.of(scope);
  if (!Token.isUnresolved(region)) return `https://${region}.${partitionOf(region).console}`;
  const mapping = new CfnMapping(scope, 'Consoles', {
    mapping: Object.fromEntries(PARTITIONS.map(({ id, console }) => [id, { domain: console }])),
  });
  return `https://${region}.${mapping.findInMap(Aws.PARTITION, 'domain')}`;
}

/** Names of services that CDK knows as interface endpoints: `ec2`, `ssm`, ... */
export const interfaceServices = (): ReadonlySet<string> =>
  new Set(
    Object.values(InterfaceVpcEndpointAwsService).flatMap((one) =>
      one instanceof InterfaceVpcEndpointAwsService ? [one.shortName] : [],
    ),
  );

/**
 * The name of a service's interface endpoint in the stack's Region, by CDK's own table. Some Regions of China and of the
 * isolated partitions name some services otherwise: conditions pick those out, and every Region that the table doesn't
 * have gets the usual name.
 */
export function interfaceServiceName(scope: Construct, service: string): string {
  const stack = Stack.of(scope);
  const { region } = stack;
  if (!Token.isUnresolved(region)) return nameInRegion(service, region).join(region);
  const names = RegionInfo.regions.map(({ name }) => [name, nameInRegion(service, name)] as const);
  const before = byRegion(
    stack,
    'com.amazonaws.',
    names.map(([name, [prefix]]) => [name, prefix]),
  );
  const behind = byRegion(
    stack,
    `.${service}`,
    names.map(([name, [, suffix]]) => [name, suffix]),
  );
  return `${before}${region}${behind}`;
}

/** What is before and what is behind the Region. */
function nameInRegion(service: string, region: string): [string, string] {
  const stack = new Stack(undefined, 'Elsewhere', { env: { region } });
  const name = String(stack.resolve(new InterfaceVpcEndpointAwsService(service).name));
  const at = name.indexOf(region);
  return [name.slice(0, at), name.slice(at + region.length)];
}

/** The usual text, and in the Regions that have another one, that. */
function byRegion(stack: Stack, usual: string, texts: readonly (readonly [string, string])[]): string {
  const unusual = [...new Set(texts.map(([, text]) => text))].filter((text) => text !== usual);
  return unusual.reduce((otherwise, text) => {
    const regions = texts.flatMap(([region, one]) => (one === text ? [region] : []));
    return Token.asString(Fn.conditionIf(isIn(stack, regions).logicalId, text, otherwise));
  }, usual);
}

/** Whether the stack is in one of these Regions; one condition for all that ask the same. */
function isIn(stack: Stack, regions: readonly string[]): CfnCondition {
  const id = `In${regions.map((region) => region.replace(/(?:^|-)(\w)/g, (_, letter) => letter.toUpperCase())).join('')}`;
  const made = stack.node.tryFindChild(id) as CfnCondition | undefined;
  if (made !== undefined) return made;
  // One Region alone is no `Or`, which takes two and more.
  const tests = regions.map((region) => Fn.conditionEquals(Aws.REGION, region));
  const [only] = tests;
  return new CfnCondition(stack, id, {
    expression: tests.length === 1 && only !== undefined ? only : Fn.conditionOr(...tests),
  });
}
