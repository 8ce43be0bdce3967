/** The check's two requests to the remedy function, which acts in its own time and by its own rights. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { Lambda, Once } from '../kit/index.ts';
import type { AutomaticRequestJson } from './contract.ts';
import { type ActsAnswer, actsAnswer } from './news.ts';

/** How the remedy function is asked. */
export interface RemedyPath {
  readonly lambda: Once<Lambda>;
  /** With the alias by which the function knows that the check asks. */
  readonly functionArn: string;
}

/**
 * Has the remedy function look at the fleet and act, and waits for what there is to mail. One attempt: where the answer
 * is lost, acts may have been made, and the next answer has them.
 *
 * @param at the check's time: the function does nothing for a request that was held up too long
 * @param signal ends the wait; the function goes on
 * @throws where no answer comes, where the function fails, and where its answer isn't understood
 */
export const askForActs = (path: RemedyPath, at: Date, signal: AbortSignal): Promise<ActsAnswer> =>
  invoke(path, { action: 'auto', scheduledTime: at.toISOString() }, signal);

/**
 * Says that the mail with that run's news is out, so that it goes on record as mailed.
 *
 * @param receipt from the answer that held the news
 * @throws as {@link askForActs}: then the news is mailed once more
 */
export const acknowledgeMail = (path: RemedyPath, receipt: string, signal: AbortSignal): Promise<ActsAnswer> =>
  invoke(path, { action: 'mailed', receipt }, signal);

async function invoke(
  { lambda, functionArn }: RemedyPath,
  request: AutomaticRequestJson,
  signal: AbortSignal,
): Promise<ActsAnswer> {
  const command = new InvokeCommand({
    FunctionName: functionArn,
    InvocationType: 'RequestResponse',
    Payload: new TextEncoder().encode(JSON.stringify(request)),
  });
  const { FunctionError, Payload } = await lambda.send(command, { abortSignal: signal });
  // Against its type, an empty payload comes as null, which no decoder takes.
  const text = new TextDecoder().decode(Payload ?? undefined);
  if (FunctionError !== undefined) throw new Error(`the remedy function failed: ${text.slice(0, TEXT_LENGTH)}`);
  const { data } = actsAnswer.safeParse(json(text));
  if (data !== undefined) return data;
  const got = text.slice(0, TEXT_LENGTH);
  throw new Error(
    `the remedy function's answer is not understood: deploy the stack again, so that both functions are of one version; it said ${got}`,
  );
}

/** Lambda reports an error as {errorType, errorMessage, trace} (nodejs-exceptions.html). */
const TEXT_LENGTH = 300;

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
