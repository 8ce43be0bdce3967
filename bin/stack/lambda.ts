/** Asks the remedy function, and waits for its answer: the command line's way to act. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { Lambda } from '../../lambda/kit/index.ts';

/** The function was started and ended without an answer: how far it came is not known. */
export class RemedyFunctionError extends Error {
  override readonly name = 'RemedyFunctionError';
}

/**
 * @returns what it answered, as it came.
 * @throws RemedyFunctionError where it failed or answered no JSON; what AWS refuses is thrown as the SDK throws it.
 */
export async function invokeRemedy(lambda: Lambda, functionName: string, request: object): Promise<unknown> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: new TextEncoder().encode(JSON.stringify(request)) }),
  );
  // Whatever its type says, an empty payload comes as null, which no decoder takes.
  const text = new TextDecoder().decode(Payload ?? undefined);
  const answer = parsed(text);
  // Lambda's own report of an error: {errorType, errorMessage} (nodejs-exceptions.html).
  if (FunctionError !== undefined) throw new RemedyFunctionError(`it failed: ${wordsOf(answer) ?? text.slice(0, 300)}`);
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

function wordsOf(answer: unknown): string | null {
  if (typeof answer !== 'object' || answer === null || !('errorMessage' in answer)) return null;
  const type = 'errorType' in answer ? `${String(answer.errorType)}: ` : '';
  return `${type}${String(answer.errorMessage)}`.slice(0, 300);
}
