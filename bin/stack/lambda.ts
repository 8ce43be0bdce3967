/** Requests to the remedy function of a deployed stack, and its answers: the command line's way to act. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { isAccessDenied, type Lambda } from '../../lambda/kit/index.ts';
import { type RemedyAnswer, type RemedyRequestJson, remedyAnswer } from '../../lambda/remedy/index.ts';
import { explainAwsError, UsageError } from '../terminal/index.ts';
import type { StackFlags, StackPorts } from './client.ts';
import { stackOutputs } from './cloudformation.ts';
import { stackFlag } from './requester.ts';

/** Sends a request and waits for the answer; where a guard holds the act back, the answer says why. */
export type Ask = (request: RemedyRequestJson) => Promise<RemedyAnswer>;

/** @throws UsageError where there is no such stack; the request throws one where no answer came. */
export async function openRemedy({ stack }: StackFlags, ports: StackPorts): Promise<Ask> {
  const outputs = await stackOutputs(ports.cloudFormation, stack);
  const name = outputs?.RemedyFunctionName;
  if (outputs === null || name === undefined) {
    throw new UsageError(
      `no stack ${stack} of crawlwatch here: crawlwatch deploy, or --stack NAME, or another AWS_REGION`,
    );
  }
  const lambda = ports.lambda(outputs.RemedyFunctionArn?.split(':')[3]);
  return async (request) => {
    try {
      return readAnswer(await invokeRemedy(lambda, name, request));
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const problem =
        error instanceof RemedyFunctionError
          ? `the remedy function gave no answer: ${error.message}`
          : explainAwsError(error)?.message;
      if (problem === undefined || isAccessDenied(error)) throw error;
      const inDoubt =
        'instanceId' in request && request.action !== 'history'
          ? `; to see whether it was done: crawlwatch history ${request.instanceId}${stackFlag(stack)}`
          : '';
      throw new UsageError(`${problem}${inDoubt}`, { cause: error });
    }
  };
}

/** The function was started and ended without an answer: how far it came is not known. */
export class RemedyFunctionError extends Error {
  override readonly name = 'RemedyFunctionError';
}

/**
 * @returns the answer's JSON, unchecked.
 * @throws RemedyFunctionError where it failed or answered no JSON; what AWS refuses is thrown as the SDK throws it.
 */
export async function invokeRemedy(lambda: Lambda, functionName: string, request: RemedyRequestJson): Promise<unknown> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: new TextEncoder().encode(JSON.stringify(request)) }),
  );
  // Against its type, an empty payload comes as null, which no decoder takes.
  const text = new TextDecoder().decode(Payload ?? undefined);
  const answer = parsed(text);
  // Lambda's own report of an error: {errorType, errorMessage} (nodejs-exceptions.html).
  if (FunctionError !== undefined) {
    throw new RemedyFunctionError(`it failed: ${reportedError(answer) ?? text.slice(0, 300)}`);
  }
  if (answer === undefined) throw new RemedyFunctionError(`it answered no JSON: ${text.slice(0, 300)}`);
  return answer;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reportedError(answer: unknown): string | null {
  if (typeof answer !== 'object' || answer === null || !('errorMessage' in answer)) return null;
  const type = 'errorType' in answer ? `${String(answer.errorType)}: ` : '';
  return `${type}${String(answer.errorMessage)}`.slice(0, 300);
}

/** @throws UsageError where it is no answer: the function is of another version. */
export function readAnswer(json: unknown): RemedyAnswer {
  const read = remedyAnswer.safeParse(json);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UsageError(
    `the remedy function's answer is not understood (${issue?.path.join('.') || 'answer'}: ${issue?.message}): deploy the stack that goes with this command line (crawlwatch deploy)`,
  );
}

/** Whether the answer to a dry run is that it would be done. */
export const wouldBeDone = ({ done, why }: RemedyAnswer): boolean => !done && why.startsWith('dry run: ');
