/** Whether a check found anything that the remedy function should look at. Pure. */

import type { Breaker } from '../flag/index.ts';
import { minutesBetween } from '../kit/index.ts';
import { isMuted, type Transition } from '../memory/index.ts';
import type { Settings } from '../settings/index.ts';

/** Every act has proved itself by then or is given up, and the acts of an hour count against the next. */
const VERIFY_MINUTES = 60;

/**
 * Something to act on, or an act to verify; and once an hour in any case, for an act whose tag was never written. That
 * function judges for itself, but for one thing: that the breaker has tripped in this very check it may not be able to
 * read yet, so that then it isn't called at all.
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

/** Elsewhere nobody acts from here. */
const isHome = ({ instance }: Transition): boolean => instance.elsewhere !== true;

function isTreatable({ after, assessment: { recommendation } }: Transition): boolean {
  return after.flag !== null || recommendation === 'restart-worker' || recommendation === 'restart-sshd';
}

/** By the tag as it was as well: a boot that this check has noted takes the place of what was done before it. */
const wasTreated = ({ before, after }: Transition, now: Date): boolean =>
  [before.acted, after.acted].some((acted) => acted !== null && minutesBetween(acted.at, now) < VERIFY_MINUTES);
