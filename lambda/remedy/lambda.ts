/** The check's request to the remedy function, which has its own time and its own rights. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { Lambda } from '../kit/index.ts';
import type { RemedyRequestJson } from './contract.ts';

/**
 * Sends the request, and doesn't wait for the answer. Where the SDK or Lambda sends it twice, the second look finds what
 * the first has put on record, or its lease.
 *
 * @param functionArn with the alias by which the function knows that the check asks
 * @param at the check's time: the remedy function ignores a request that was held up too long
 * @throws what the SDK throws where Lambda doesn't take the event
 */
export async function callRemedy(lambda: Lambda, functionArn: string, at: Date): Promise<void> {
  const request: RemedyRequestJson = { action: 'auto', scheduledTime: at.toISOString() };
  await lambda.send(
    new InvokeCommand({
      FunctionName: functionArn,
      InvocationType: 'Event',
      Payload: new TextEncoder().encode(JSON.stringify(request)),
    }),
  );
}
