/** Whether so many fail at once that the fault is likelier on the checking side, or on the way: then nothing is flagged. Pure. */

import { percent, plural } from '../kit/index.ts';
import { inGrace, isMuted, type Transition } from '../memory/index.ts';
import type { Settings } from '../settings/index.ts';
import { domainFailures, firstAbove, type Suspension } from './domains.ts';

export type { Suspension } from './domains.ts';

/** Failures that begin within this time of each other count together. */
const BREAKER_MINUTES = 30;
/** A share of a small fleet is less than one host: this many may always fail. */
const BREAKER_FLOOR = 2;
/** The whole fleet, among the names of what is suspended. */
export const FLEET = 'the fleet';
/** Every one of it that could be flagged, none of them corroborated: what is corroborated since is not held. */
export const ALL = 'all of the fleet';

export interface Breaker {
  /** Nothing is flagged in the whole fleet. */
  readonly tripped: boolean;
  /** Clean, but the last check was not: flagging starts again with the next clean one. */
  readonly held: boolean;
  /** The same, for what nothing else corroborates. */
  readonly heldAlone: boolean;
  readonly failing: number;
  readonly eligible: number;
  readonly why: string;
  /** In these, what failed together and was not reached is flagged with direct evidence only. */
  readonly domains: readonly Suspension[];
  /** These are well, but were not in the last check: they are suspended once more. */
  readonly recovering: readonly Suspension[];
  /** Names of all that is suspended by this check: the fleet, and domains. */
  readonly suspended: readonly string[];
}

export interface Failures {
  /** How many could be flagged at all: running, unmuted, out of grace, not flagged already. */
  readonly eligible: number;
  readonly failing: readonly Transition[];
  /** Those of them that began within the last half hour. */
  readonly recent: readonly Transition[];
  /** As many may fail at once. */
  readonly limit: number;
  /** Those that are eligible or flagged already: as many can be compared with each other. */
  readonly members: number;
  /** How many others, flagged ones too, began to fail within half an hour of this one, however long ago. */
  begunWith(t: Transition): number;
  /** The failure domains of which more than half began to fail within half an hour of this one. */
  domainsWith(t: Transition): readonly Suspension[];
}

export function countFailures(transitions: readonly Transition[], now: Date, settings: Settings): Failures {
  const members = transitions.filter((t) => !isMuted(t.instance, now) && !inGrace(t.instance, now, settings));
  const eligible = members.filter((t) => t.before.flag === null);
  const isFailing = (t: Transition) => t.kind === 'hung' || t.kind === 'inconclusive';
  const failing = eligible.filter(isFailing);
  const all = members.filter(isFailing);
  const begun = all.map((t) => begunAt(t, now)).sort((a, b) => a - b);
  const window = BREAKER_MINUTES * 60_000;
  const counted = new Set(all);
  const domainsWith = domainFailures(members, (t) => (isFailing(t) ? begunAt(t, now) : null), window);
  return {
    eligible: eligible.length,
    failing,
    recent: failing.filter((t) => begunAt(t, now) >= now.getTime() - window),
    limit: Math.max(BREAKER_FLOOR, (settings.flag.breakerPercent / 100) * eligible.length),
    members: members.length,
    begunWith(t) {
      const at = begunAt(t, now);
      const own = counted.has(t) ? 1 : 0;
      return firstAbove(begun, at + window) - firstAbove(begun, at - window - 1) - own;
    },
    domainsWith,
  };
}

const begunAt = (t: Transition, now: Date): number => (t.after.failingSince ?? t.after.since ?? now).getTime();

/**
 * @param alone something is due, and nothing but the path that failed says that anything hangs
 * @param objecting the failure domains that have failed together
 * @param wasSuspended what the last check had suspended, by name
 */
export function judgeBreaker(
  failures: Failures,
  alone: boolean,
  objecting: readonly Suspension[],
  wasSuspended: readonly string[],
): Breaker {
  const { eligible, failing, recent, limit } = failures;
  const held = objecting.map(({ name }) => name);
  const recovering = wasSuspended
    .filter((name) => name !== FLEET && name !== ALL && !held.includes(name))
    .map((name) => ({ name, failing: 0, why: `flagging in ${name} was suspended in the last check` }));
  const counts = { failing: recent.length, eligible, domains: objecting, recovering };
  const fleet = (name: string, why: string): Breaker => ({
    ...{ tripped: true, held: false, heldAlone: false },
    ...counts,
    why,
    suspended: [name, ...held],
  });
  if (recent.length > limit) {
    const share = percent((recent.length / eligible) * 100);
    return fleet(
      FLEET,
      `${recent.length} of ${plural(eligible, 'instance')} (${share}) began to fail in the last ${BREAKER_MINUTES} min, so the fault may be on the checking side`,
    );
  }
  if (alone && failing.length > 0 && failing.length === eligible) {
    const which = eligible === 1 ? 'the only instance' : `all ${eligible} instances`;
    return fleet(
      ALL,
      `${which} that could be flagged can't be reached, and no other evidence corroborates it, so the fault may be on the checking side`,
    );
  }
  const isHeld = wasSuspended.includes(FLEET);
  const heldAlone = wasSuspended.includes(ALL);
  const why =
    isHeld || heldAlone
      ? 'flagging was suppressed in the last check; it starts again after two clean ones'
      : objecting.map((one) => one.why).join('; ');
  return { tripped: false, held: isHeld, heldAlone, ...counts, why, suspended: held };
}
