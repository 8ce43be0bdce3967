/** Lambda's limit on a function's environment, held to at synth: CloudFormation finds it only in the middle of a deploy. */
import { Stack } from 'aws-cdk-lib';
import type { CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { ENV } from '../../lambda/model/index.ts';
import { SettingsError } from '../../lambda/settings/index.ts';

/** Under Lambda's 4,096 by what names that CloudFormation makes may have on top of the estimate. */
const MOST_BYTES = 3_900;
/** Parts that the message names: the largest, which alone are worth a change. */
const NAMED = 3;

/** Of names that are only made at deploy: a Region, an account or a partition; and the random end of a resource's name. */
const PSEUDO_BYTES = 14;
const RANDOM_BYTES = 14;
/** `arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:`, the longest head of an ARN here. */
const ARN_HEAD_BYTES = 60;
/** `vpce-0123456789abcdef0-abcdefgh.dynamodb.ap-southeast-1.vpce.amazonaws.com`, and room for an isolated partition's. */
const ENDPOINT_BYTES = 100;

/**
 * @throws SettingsError naming what takes the room
 */
export function refuseLargeEnvironment(named: Readonly<Record<string, LambdaFunction>>): void {
  const problems = Object.entries(named).flatMap(([name, one]) => {
    const variables = variablesOf(one);
    const bytes = environmentBytes(variables);
    if (bytes <= MOST_BYTES) return [];
    return [
      `settings: the environment of the ${name} function takes ${bytes} bytes of at most ${MOST_BYTES} (Lambda allows 4096). Most of it: ${largest(variables)}. Make them shorter or fewer, or divide them among several stacks (the setting stack).`,
    ];
  });
  if (problems.length > 0) throw new SettingsError(problems);
}

/** Its variables as text, each name that is made at deploy replaced by as many characters as it may have. */
function variablesOf(one: LambdaFunction): Record<string, string> {
  const stack = Stack.of(one);
  const { variables = {} } = stack.resolve((one.node.defaultChild as CfnFunction).environment) as {
    variables?: Record<string, unknown>;
  };
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, standIn(value, stack.stackName)] as const),
  );
}

/** As Lambda measures them, by the words of its refusal ("String measured"): as one JSON object, with its escapes. */
export const environmentBytes = (variables: Readonly<Record<string, string>>): number =>
  Buffer.byteLength(JSON.stringify(variables));

function standIn(value: unknown, stackName: string): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Record<string, unknown>;
  if (Array.isArray(join)) return (join[1] as unknown[]).map((part) => standIn(part, stackName)).join(String(join[0]));
  if (typeof Ref === 'string' && Ref.startsWith('AWS::')) return 'x'.repeat(PSEUDO_BYTES);
  const [resource] = Array.isArray(attribute) ? (attribute as string[]) : [Ref];
  if (typeof resource !== 'string') return 'x'.repeat(ENDPOINT_BYTES);
  return 'x'.repeat(ARN_HEAD_BYTES + stackName.length + resource.length + RANDOM_BYTES);
}

function largest(variables: Readonly<Record<string, string>>): string {
  const settings = JSON.parse(variables[ENV.settings] ?? '{}') as Record<string, unknown>;
  return Object.entries(settings)
    .map(([key, value]) => ({ key, value, bytes: Buffer.byteLength(JSON.stringify(JSON.stringify({ [key]: value }))) }))
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, NAMED)
    .map(({ key, value, bytes }) => `${key} ${bytes}${Array.isArray(value) ? ` (${value.length} of them)` : ''}`)
    .join(', ');
}
