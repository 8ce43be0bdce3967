/** Whether so many fail at once that the fault is likelier on the checking side: then nothing is flagged. Pure. */

import { percent, plural } from '../kit/index.ts';
import { inGrace, isMuted, type Transition } from '../memory/index.ts';
import type { Settings } from '../settings/index.ts';

/** Failures that begin within this time of each other count together. */
const BREAKER_MINUTES = 30;
/** A share of a small fleet is less than one host: this many may always fail. */
const BREAKER_FLOOR = 2;

export interface Breaker {
  readonly tripped: boolean;
  /** Clean, but the last check was not: flagging starts again with the next clean one. */
  readonly held: boolean;
  readonly failing: number;
  readonly eligible: number;
  readonly why: string;
}

export interface Failures {
  /** How many could be flagged at all: running, unmuted, out of grace, not flagged already. */
  readonly eligible: number;
  readonly failing: readonly Transition[];
  /** Those of them that began within the last half hour. */
  readonly recent: readonly Transition[];
  /** As many may fail at once. */
  readonly limit: number;
  /** How many others began to fail within half an hour of this one, however long ago. */
  begunWith(t: Transition): number;
}

export function countFailures(transitions: readonly Transition[], now: Date, settings: Settings): Failures {
  const eligible = transitions.filter(
    (t) => t.before.flag === null && !isMuted(t.instance, now) && !inGrace(t.instance, now, settings),
  );
  const failing = eligible.filter((t) => t.kind === 'hung' || t.kind === 'inconclusive');
  const begun = failing.map((t) => begunAt(t, now)).sort((a, b) => a - b);
  const window = BREAKER_MINUTES * 60_000;
  return {
    eligible: eligible.length,
    failing,
    recent: failing.filter((t) => begunAt(t, now) >= now.getTime() - window),
    limit: Math.max(BREAKER_FLOOR, (settings.flag.breakerPercent / 100) * eligible.length),
    begunWith(t) {
      const at = begunAt(t, now);
      const own = failing.includes(t) ? 1 : 0;
      return firstAbove(begun, at + window) - firstAbove(begun, at - window - 1) - own;
    },
  };
}

const begunAt = (t: Transition, now: Date): number => (t.after.failingSince ?? t.after.since ?? now).getTime();

/** Where in an ascending list the first value above a bound stands. */
function firstAbove(sorted: readonly number[], bound: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** @param alone something is due, and nothing but the path that failed says that anything hangs */
export function judgeBreaker(failures: Failures, alone: boolean, wasSuppressed: boolean | null): Breaker {
  const { eligible, failing, recent, limit } = failures;
  const counts = { failing: recent.length, eligible };
  if (recent.length > limit) {
    const share = percent((recent.length / eligible) * 100);
    const why = `${recent.length} of ${plural(eligible, 'instance')} (${share}) began to fail in the last ${BREAKER_MINUTES} min, so the fault may be on the checking side`;
    return { tripped: true, held: false, ...counts, why };
  }
  if (alone && failing.length > 0 && failing.length === eligible) {
    const which = eligible === 1 ? 'the only instance' : `all ${eligible} instances`;
    const why = `${which} that could be flagged can't be reached, and no other evidence corroborates it, so the fault may be on the checking side`;
    return { tripped: true, held: false, ...counts, why };
  }
  const held = wasSuppressed === true;
  const why = held ? 'flagging was suppressed in the last check; it starts again after two clean ones' : '';
  return { tripped: false, held, ...counts, why };
}
