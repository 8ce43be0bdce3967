/** The outputs of a deployed stack, by which the command line finds its topic and its functions. */
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { CloudFormation } from '../../lambda/kit/index.ts';
import { errorCode } from '../../lambda/kit/index.ts';

/** The outputs by name; null where there is no stack of that name. */
export async function stackOutputs(
  cloudFormation: CloudFormation,
  stackName: string,
): Promise<Readonly<Record<string, string>> | null> {
  try {
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: stackName }));
    const outputs = Stacks[0]?.Outputs ?? [];
    return Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
  } catch (error) {
    // `Stack with id NAME does not exist` has no code of its own (API_DescribeStacks.html).
    if (errorCode(error) === 'ValidationError' && /does not exist/.test(String(error))) return null;
    throw error;
  }
}
