/** When a check asks the remedy function to look at the fleet, and how. It has its own time, and its own rights. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { Breaker } from '../flag/index.ts';
import { type Lambda, minutesBetween } from '../kit/index.ts';
import { isMuted, type Transition } from '../memory/index.ts';
import type { Settings } from '../settings/index.ts';
import type { RemedyRequestJson } from './contract.ts';

/** By then every act has been verified or given up; the acts of an hour count against the next. */
const VERIFY_MINUTES = 60;

/**
 * Whether this check found something to act on, or an act to verify; and once an hour in any case, for an act whose tag
 * was never written. The remedy function decides everything itself, but for one thing: that the breaker has tripped in
 * this very check it may not be able to read yet, so that then it isn't called at all. Pure.
 */
export const callsForRemedy = (
  transitions: readonly Transition[],
  { tripped, held }: Breaker,
  now: Date,
  { schedule }: Settings,
): boolean =>
  !(tripped || held) &&
  (now.getUTCMinutes() < schedule.everyMinutes ||
    transitions.some((t) => isHome(t) && ((isTreatable(t) && !isMuted(t.instance, now)) || wasTreated(t, now))));

/** In other accounts and Regions nothing is done from here. */
const isHome = ({ instance }: Transition): boolean => instance.elsewhere !== true;

function isTreatable({ after, assessment: { recommendation } }: Transition): boolean {
  return after.flag !== null || recommendation === 'restart-worker' || recommendation === 'restart-sshd';
}

/** By the tag as it was as well: a boot that this check has noted replaces the act before it. */
const wasTreated = ({ before, after }: Transition, now: Date): boolean =>
  [before.acted, after.acted].some((acted) => acted !== null && minutesBetween(acted.at, now) < VERIFY_MINUTES);

/**
 * Sends the request, and doesn't wait for the answer.
 *
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
