/**
 * Whether an instance may be restarted or rebooted now, and for each answer why. Schedule, command line and dashboard
 * share this one decision. Pure. Unknown or unreadable input to a guard means no.
 */

import type { Breaker } from '../flag/index.ts';
import { REASON_WORDS } from '../judge/index.ts';
import { clockTime, minutesBetween, printableAscii } from '../kit/index.ts';
import { isMuted, type Transition } from '../memory/index.ts';
import type { Decision, FreshCheck, Instance, Remedy, Requester } from '../model/index.ts';
import { REMEDIES, TAG } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { corroborates, heldBack, type Known, type Question, refutes } from './guards.ts';
import { called, dueRemedy, troubleIn } from './ladder.ts';

export type { Known } from './guards.ts';

/** A decision that an act may rest on: no guard holds it back, and a fresh check corroborates it. */
export interface Permit extends Decision {
  readonly remedy: Remedy;
  readonly heldBy: null;
  /** When that check was made. */
  readonly checkedAt: Date;
}

/** Only {@link planAct} makes one, and only from a fresh check. */
export const isPermit = (decision: Decision): decision is Permit =>
  decision.heldBy === null && decision.remedy !== 'escalated' && 'checkedAt' in decision;

const SCHEDULE: Requester = { kind: 'schedule' };
const WHY_LENGTH = 500;

/**
 * What crawlwatch would do by itself now, and what holds the rest back: a decision for every instance whose tags call for
 * a remedy, the gentlest and the longest due first. At most one of them is a reboot that nothing holds back. Where its
 * fresh check then holds it back, plan again with the rest of the fleet: the next has its turn.
 */
export function planRemedies(fleet: readonly Instance[], known: Known, settings: Settings): Decision[] {
  const due = fleet.flatMap((one) => {
    const remedy = dueRemedy(one);
    return remedy === null ? [] : [{ one, decision: planAct(one, remedy, SCHEDULE, null, known, settings) }];
  });
  due.sort(
    (a, b) =>
      rung(a.decision) - rung(b.decision) || dueSince(a.one) - dueSince(b.one) || (a.one.id < b.one.id ? -1 : 1),
  );
  let first: string | null = null;
  return due.map(({ decision }): Decision => {
    if (decision.remedy !== 'reboot' || decision.heldBy !== null) return decision;
    if (first !== null) return { ...decision, heldBy: 'spacing', why: `${first} comes first, one reboot at a time` };
    first = called(decision);
    return decision;
  });
}

/**
 * Whether `remedy` may be applied to `one`. Without a fresh check this is a plan, by what is known already. With one it
 * may be a {@link Permit}.
 */
export function planAct(
  one: Instance,
  remedy: Remedy,
  requester: Requester,
  fresh: FreshCheck | null,
  known: Known,
  settings: Settings,
): Decision {
  const question: Question = { one, remedy, requester, known, settings };
  const held = heldBack(question) ?? (fresh === null ? null : refutes(question, fresh));
  const decision = { instanceId: one.id, name: one.name };
  if (held !== null) {
    const { heldBy } = held;
    return { ...decision, remedy: heldBy === 'escalated' ? 'escalated' : remedy, heldBy, why: shown(held.why) };
  }
  const planned = { ...decision, remedy, heldBy: null, why: shown(grounds(question)) };
  if (fresh === null) return planned;
  const permit: Permit = {
    ...planned,
    why: shown(`${grounds(question)}; ${corroborates(remedy, fresh)}`),
    checkedAt: fresh.at,
  };
  return permit;
}

/** What speaks for it, by the tags. */
function grounds({ one, remedy, known: { now } }: Question): string {
  const state = one.remembered;
  if (remedy === 'reboot') {
    const words = state.flag === null ? '' : ` (${REASON_WORDS[state.flag.reason]})`;
    return `it carries the flag ${one.tags[TAG.flag]}${words}`;
  }
  const what = remedy === 'restart-worker' ? one.worker : 'sshd';
  const trouble = troubleIn(state.reasons, remedy).join(', ');
  if (trouble === '') return `${what} as requested`;
  return `${what} for ${trouble}${state.since === null ? '' : ` since ${clockTime(state.since, now)}`}`;
}

const rung = ({ remedy }: Decision): number => (remedy === 'escalated' ? REMEDIES.length : REMEDIES.indexOf(remedy));

function dueSince(one: Instance): number {
  const { flag, since } = one.remembered;
  return (flag?.at ?? since)?.getTime() ?? 0;
}

/** Parts of it may come from hosts, tags and people. */
const shown = (why: string): string => printableAscii(why).slice(0, WHY_LENGTH);

/** By then every act has been verified or given up; the acts of an hour count against the next. */
const VERIFY_MINUTES = 60;

/**
 * Whether this check found something to act on, or an act to verify; and once an hour in any case, for an act whose tag
 * was never written. The remedy function decides everything itself. While the breaker has tripped it is asked for the sake
 * of acts that are still open alone: how they ended is news, and it reads in the state that it may not act.
 */
export function callsForRemedy(
  transitions: readonly Transition[],
  { tripped, held }: Breaker,
  now: Date,
  { schedule }: Settings,
): boolean {
  const isOpen = transitions.some((t) => isHome(t) && wasTreated(t, now));
  if (tripped || held) return tripped && isOpen;
  const isFirstOfHour = now.getUTCMinutes() < schedule.everyMinutes;
  return isOpen || isFirstOfHour || transitions.some((t) => isHome(t) && isTreatable(t) && !isMuted(t.instance, now));
}

/** In other accounts and Regions nothing is done from here. */
const isHome = ({ instance }: Transition): boolean => instance.elsewhere !== true;

function isTreatable({ after, assessment: { recommendation } }: Transition): boolean {
  return after.flag !== null || recommendation === 'restart-worker' || recommendation === 'restart-sshd';
}

/** By the tag as it was as well: a boot that this check has noted replaces the act before it. */
const wasTreated = ({ before, after }: Transition, now: Date): boolean =>
  [before.acted, after.acted].some((acted) => acted !== null && minutesBetween(acted.at, now) < VERIFY_MINUTES);
