/** Asks the remedy function to look at the fleet, and doesn't wait: it has its own time, and its own rights. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { Lambda } from '../kit/index.ts';

/**
 * @param at the check's time: one that was held up too long finds another fleet
 * @throws what the SDK throws where Lambda doesn't take the event
 */
export async function callRemedy(lambda: Lambda, functionArn: string, at: Date): Promise<void> {
  const request = { action: 'auto', scheduledTime: at.toISOString() };
  await lambda.send(
    new InvokeCommand({
      FunctionName: functionArn,
      InvocationType: 'Event',
      Payload: new TextEncoder().encode(JSON.stringify(request)),
    }),
  );
}
