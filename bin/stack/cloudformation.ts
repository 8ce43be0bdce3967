/** A deployed stack's state and outputs, by which the command line finds its topic and its functions. */
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { CloudFormation } from '../../lambda/kit/index.ts';
import { errorCode } from '../../lambda/kit/index.ts';

/** A stack as CloudFormation describes it. */
export interface DescribedStack {
  /** E.g. `CREATE_COMPLETE`. */
  readonly status: string;
  /** By name. Empty until it has been created. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** Null where there is no stack of that name. */
export async function describeStack(cloudFormation: CloudFormation, stackName: string): Promise<DescribedStack | null> {
  try {
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: stackName }));
    const outputs = Stacks[0]?.Outputs ?? [];
    return {
      status: Stacks[0]?.StackStatus ?? '',
      outputs: Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue])),
    };
  } catch (error) {
    // `Stack with id NAME does not exist` has no code of its own (API_DescribeStacks.html).
    if (errorCode(error) === 'ValidationError' && /does not exist/.test(String(error))) return null;
    throw error;
  }
}

/** The outputs by name; null where there is no stack of that name. */
export const stackOutputs = async (
  cloudFormation: CloudFormation,
  stackName: string,
): Promise<DescribedStack['outputs'] | null> => (await describeStack(cloudFormation, stackName))?.outputs ?? null;
