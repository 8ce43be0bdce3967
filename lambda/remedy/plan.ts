/**
 * Whether an instance may be restarted or rebooted now, whoever asks, and for each answer why. The one judgement that
 * schedule, command line and dashboard share. Pure. Unknown or unreadable input to a guard means no.
 */

import { REASON_WORDS } from '../judge/index.ts';
import { clockTime, printableAscii } from '../kit/index.ts';
import type { Asker, Decision, FreshCheck, Instance, Remedy } from '../model/index.ts';
import { REMEDIES, TAG } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { bearsOut, refutes } from './corroborate.ts';
import { heldBack, type Known, type Question } from './guards.ts';
import { dueRemedy, troubleIn } from './ladder.ts';

export type { Known } from './guards.ts';
export { beginAct } from './ladder.ts';

/** A decision that an act may rest on: nothing stands against it, and the instance was asked anew. */
export interface Permit extends Decision {
  readonly remedy: Remedy;
  readonly heldBy: null;
  /** When the check was made that bore it out. */
  readonly checkedAt: Date;
}

/** Only what {@link planAct} has said upon a fresh check is one. */
export const isPermit = (decision: Decision): decision is Permit =>
  decision.heldBy === null && decision.remedy !== 'person' && 'checkedAt' in decision;

const SCHEDULE: Asker = { kind: 'schedule' };
const WHY_LENGTH = 500;

/**
 * What would be done by itself now, and what holds the rest back: a decision for every instance whose tags call for a
 * remedy, the gentlest and the longest standing first. At most one of them is a reboot that nothing holds. Where its
 * fresh check then holds it, plan again with the rest of the fleet: the next has its turn.
 */
export function planRemedies(fleet: readonly Instance[], known: Known, settings: Settings): Decision[] {
  const due = fleet.flatMap((one) => {
    const remedy = dueRemedy(one);
    return remedy === null ? [] : [{ one, decision: planAct(one, remedy, SCHEDULE, null, known, settings) }];
  });
  due.sort(
    (a, b) =>
      rung(a.decision) - rung(b.decision) ||
      standingSince(a.one) - standingSince(b.one) ||
      (a.one.id < b.one.id ? -1 : 1),
  );
  let first: string | null = null;
  return due.map(({ decision }): Decision => {
    if (decision.remedy !== 'reboot' || decision.heldBy !== null) return decision;
    if (first !== null) return { ...decision, heldBy: 'spacing', why: `${first} comes first, one reboot at a time` };
    first = decision.instanceId;
    return decision;
  });
}

/**
 * Whether `remedy` may be applied to `one`. Without a fresh check this is a plan: nothing that is known already holds
 * it. With one it may be a {@link Permit}.
 */
export function planAct(
  one: Instance,
  remedy: Remedy,
  asker: Asker,
  fresh: FreshCheck | null,
  known: Known,
  settings: Settings,
): Decision {
  const question: Question = { one, remedy, asker, known, settings };
  const held = heldBack(question) ?? (fresh === null ? null : refutes(question, fresh));
  const decision = { instanceId: one.id, name: one.name };
  if (held !== null) {
    const { heldBy } = held;
    return { ...decision, remedy: heldBy === 'person' ? 'person' : remedy, heldBy, why: shown(held.why) };
  }
  const standing = { ...decision, remedy, heldBy: null, why: shown(grounds(question)) };
  if (fresh === null) return standing;
  const permit: Permit = {
    ...standing,
    why: shown(`${grounds(question)}; ${bearsOut(remedy, fresh)}`),
    checkedAt: fresh.at,
  };
  return permit;
}

/** What the tags say for it. */
function grounds({ one, remedy, known: { now } }: Question): string {
  const state = one.remembered;
  if (remedy === 'reboot') {
    const words = state.flag === null ? '' : ` (${REASON_WORDS[state.flag.reason]})`;
    return `it carries the flag ${one.tags[TAG.flag]}${words}`;
  }
  const what = remedy === 'restart-worker' ? one.worker : 'sshd';
  const trouble = troubleIn(state.reasons, remedy).join(', ');
  if (trouble === '') return `${what} as was asked for`;
  return `${what} for ${trouble}${state.since === null ? '' : ` since ${clockTime(state.since, now)}`}`;
}

const rung = ({ remedy }: Decision): number => (remedy === 'person' ? REMEDIES.length : REMEDIES.indexOf(remedy));

function standingSince(one: Instance): number {
  const { flag, since } = one.remembered;
  return (flag?.at ?? since)?.getTime() ?? 0;
}

/** Hosts, tags and people may have written parts of it. */
const shown = (why: string): string => printableAscii(why).slice(0, WHY_LENGTH);
