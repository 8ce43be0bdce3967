/** Who asks the remedy function, and what to say where AWS refuses it. Loads no SDK. */
import { hostname, userInfo } from 'node:os';
import { errorText, isAccessDenied, printableAscii } from '../../lambda/kit/index.ts';
import { DEFAULT_STACK_NAME } from '../../lambda/model/index.ts';
import { explainAwsError, UsageError } from '../terminal/index.ts';

/** Appended to a command that a person may paste. */
export const stackFlag = (stack: string): string => (stack === DEFAULT_STACK_NAME ? '' : ` --stack ${stack}`);

const REQUESTER_MAX = 64;

/** `ann@laptop`: the requester on record. No decision depends on it. */
export function requesterName(): string {
  return printableAscii(`${userName()}@${hostname()}`).slice(0, REQUESTER_MAX);
}

/** A container's user need not have a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

/** AWS's refusal in one line that says what to allow; any other error is returned unchanged. */
export function explainRefusal(error: unknown, command: string): unknown {
  if (!isAccessDenied(error)) return explainAwsError(error) ?? error;
  const rights =
    'cloudformation:DescribeStacks, ec2:DescribeInstances and lambda:InvokeFunction on the remedy function';
  const takes =
    command === 'mute'
      ? 'it takes ec2:DescribeInstances, and ec2:CreateTags and ec2:DeleteTags on the instances for the key crawlwatch:mute'
      : `acting takes ${rights}`;
  return new UsageError(
    `AWS denies this identity what crawlwatch ${command} does (${errorText(error)}); allow it in IAM (${takes})`,
    { cause: error },
  );
}
