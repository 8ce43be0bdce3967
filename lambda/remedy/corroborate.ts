/** What the check right before an act says for or against it. Pure; what it doesn't know holds the act. */

import { minutesBetween } from '../kit/index.ts';
import type { FreshCheck, Guard, Reason, Remedy } from '../model/index.ts';
import { classOf } from '../model/index.ts';
import { isSetAside, orOverride, type Question } from './guards.ts';
import { troubleIn } from './ladder.ts';

/** Older than this it says nothing of now: gathering evidence and asking another way take up to half of it. */
const FRESH_MINUTES = 5;
const REASON_LENGTH = 200;

type Judgement = { readonly heldBy: Guard; readonly why: string };

/** Null where the fresh check bears the remedy out. */
export function refutes(question: Question, fresh: FreshCheck): Judgement | null {
  const { one, remedy, known } = question;
  const age = minutesBetween(fresh.at, known.now);
  if (fresh.report.id !== one.id || !(Math.abs(age) <= FRESH_MINUTES)) {
    return { heldBy: 'unknown', why: 'it has not been checked right before this' };
  }
  if (fresh.kind === 'inconclusive')
    return { heldBy: 'unknown', why: `just now it could not be checked: ${seenBy(fresh)}` };
  return remedy === 'reboot' ? againstReboot(question, fresh) : againstRestart(question, remedy, fresh);
}

function againstReboot(question: Question, fresh: FreshCheck): Judgement | null {
  if (fresh.kind !== 'hung') return { heldBy: 'not-needed', why: `just now it answered: ${seenBy(fresh)}` };
  const { scheduledEvents } = fresh;
  if (scheduledEvents?.length !== 0 && !isSetAside(question, 'event')) {
    const what =
      scheduledEvents === null
        ? 'whether AWS has anything scheduled for it could not be read'
        : `AWS has scheduled for it: ${scheduledEvents.join('; ').slice(0, REASON_LENGTH)}`;
    return { heldBy: 'event', why: `${what}${orOverride(question, 'event')}` };
  }
  return question.asker.kind === 'schedule' ? tooFewWitnesses(fresh) : null;
}

/**
 * An automatic reboot takes two witnesses of different kinds. The path that failed is one of them, unless what it saw
 * has other causes than a hang.
 */
function tooFewWitnesses(fresh: FreshCheck): Judgement | null {
  const { witnesses, report } = fresh;
  const codes = report.reasons.map(({ code }) => code);
  const isWeak = codes.every((code) => classOf(code) === 'ambiguous');
  if (witnesses.length >= (isWeak ? 2 : 1)) return null;
  const bearing = witnesses.length === 0 ? 'nothing else bears it out' : `only ${witnesses.join(', ')} bears it out`;
  const what = isWeak
    ? `${codes.join(', ') || 'what it shows'} has other causes than a hang, and ${bearing}`
    : `${codes.join(', ')} is all that says it hangs, and ${bearing}`;
  return { heldBy: 'one-witness', why: `${what}; a person may: crawlwatch reboot ${report.id}` };
}

/** The schedule restarts for the trouble alone; a person for anything that is amiss, say a forecast. */
function againstRestart({ asker }: Question, remedy: Remedy, fresh: FreshCheck): Judgement | null {
  if (fresh.kind === 'hung') {
    return {
      heldBy: 'not-needed',
      why: `it no longer answers, so that nothing can be restarted on it: ${seenBy(fresh)}`,
    };
  }
  const codes = fresh.report.reasons.map(({ code }) => code);
  const anything = asker.kind === 'person' && remedy === 'restart-worker' && fresh.kind === 'measured';
  if (anything || troubleIn(codes, remedy).length > 0) return null;
  return { heldBy: 'not-needed', why: `just now it showed no such trouble: ${seenBy(fresh)}` };
}

/** What it saw, as the act's own sentence tells it. */
export function bearsOut(remedy: Remedy, fresh: FreshCheck): string {
  if (remedy !== 'reboot') return `just now ${seenBy(fresh)}`;
  const bornOut =
    fresh.witnesses.length === 0 ? 'no other witness' : `borne out by ${fresh.witnesses.join(', and by ')}`;
  return `just now it still hung (${seenBy(fresh)}); ${bornOut}`;
}

const told = ({ code, text }: Reason): string => `${code}: ${text.slice(0, REASON_LENGTH).replace(/\.$/, '')}`;
const seenBy = ({ report }: FreshCheck): string =>
  report.reasons[0] === undefined ? report.status : told(report.reasons[0]);
