/** Whether a hung host was reached: what its own kernel or agent accepted can't be a cut road. Pure. */

import type { Transition } from '../memory/index.ts';
import { classOf, type Instance, type ProbeOutcome, type ReasonCode, wasReached } from '../model/index.ts';

/**
 * `reached`: the host accepted, and died then. `unreached`: nothing came back, which a cut road gives too. `ambiguous`:
 * hung, with other causes than a hang.
 */
export type Reach = 'reached' | 'unreached' | 'ambiguous';

export function reachOf(outcome: ProbeOutcome, instance: Pick<Instance, 'login'>): Reach {
  if (outcome.kind === 'failed' && classOf(outcome.reason) === 'ambiguous') return 'ambiguous';
  return wasReached(outcome, instance) ? 'reached' : 'unreached';
}

export const isReached = ({ outcome, instance }: Pick<Transition, 'outcome' | 'instance'>): boolean =>
  reachOf(outcome, instance) === 'reached';

/**
 * The host accepted, and its sshd said no word until the time was over; or the host says that it can start no process. One
 * that closes or resets at once may do so by its own rules (hosts.deny, a ban), and is alive.
 */
const MUTE: readonly ReasonCode[] = ['BannerTimeout', 'ForkFailed'];

/** How far the way in led. */
export const phaseOf = (t: Pick<Transition, 'outcome' | 'instance'>) => ({
  reached: isReached(t),
  mute: t.outcome.kind === 'failed' && MUTE.includes(t.outcome.reason),
});
