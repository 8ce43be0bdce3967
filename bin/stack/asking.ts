/** Who asks the remedy function, and what is said where AWS doesn't let them. Loads no SDK. */
import { hostname, userInfo } from 'node:os';
import { errorText, isAccessDenied, printableAscii } from '../../lambda/kit/index.ts';
import { DEFAULT_STACK_NAME } from '../../lambda/model/index.ts';
import { explainAwsError, UsageError } from '../terminal/index.ts';

/** To be appended to a command that is to be pasted. */
export const stackFlag = (stack: string): string => (stack === DEFAULT_STACK_NAME ? '' : ` --stack ${stack}`);

const ASKER_MAX = 64;

/** `ann@laptop`: who the record says asked. Nothing is decided by it. */
export function askerName(): string {
  return printableAscii(`${userName()}@${hostname()}`).slice(0, ASKER_MAX);
}

/** A container's user need not have a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

/** What AWS refused a command, in one line that says what to allow; what isn't AWS's comes back as it was. */
export function explainRefusal(error: unknown, command: string): unknown {
  if (!isAccessDenied(error)) return explainAwsError(error) ?? error;
  const rights =
    'cloudformation:DescribeStacks, ec2:DescribeInstances and lambda:InvokeFunction on the remedy function';
  return new UsageError(
    `AWS denies this identity what crawlwatch ${command} does (${errorText(error)}); allow it in IAM (acting takes ${rights})`,
    { cause: error },
  );
}
