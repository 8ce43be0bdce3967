/** A deployed stack's state and outputs, by which the command line finds its topic and its functions. */
import { DescribeStacksCommand, type DescribeStacksCommandOutput, type Stack } from '@aws-sdk/client-cloudformation';
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
    const stack = await firstOf(cloudFormation, stackName);
    const outputs = stack?.Outputs ?? [];
    return {
      status: stack?.StackStatus ?? '',
      outputs: Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue])),
    };
  } catch (error) {
    // `Stack with id NAME does not exist` has no code of its own (API_DescribeStacks.html).
    if (errorCode(error) === 'ValidationError' && /does not exist/.test(String(error))) return null;
    throw error;
  }
}

async function firstOf(cloudFormation: CloudFormation, StackName: string): Promise<Stack | undefined> {
  let NextToken: string | undefined;
  do {
    const page: DescribeStacksCommandOutput = await cloudFormation.send(
      new DescribeStacksCommand({ StackName, ...(NextToken !== undefined && { NextToken }) }),
    );
    if (page.Stacks?.[0] !== undefined) return page.Stacks[0];
    NextToken = page.NextToken || undefined;
  } while (NextToken !== undefined);
  return undefined;
}

/** The outputs by name; null where there is no stack of that name. */
export const stackOutputs = async (
  cloudFormation: CloudFormation,
  stackName: string,
): Promise<DescribedStack['outputs'] | null> => (await describeStack(cloudFormation, stackName))?.outputs ?? null;
