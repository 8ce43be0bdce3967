/** What the other transport says: SSM of a host that hangs over SSH, or SSH of one that hangs over SSM. Pure. */

import { percent } from '../../kit/index.ts';
import type { Transition } from '../../memory/index.ts';
import type { FailureReason, ProbedInstance } from '../../model/index.ts';
import { isHung } from '../../model/index.ts';
import { isReached, reachOf } from '../reach.ts';
import type { Weighed } from './weighed.ts';

/** Failures that a program on the host itself gives: it is alive. */
const ALIVE: readonly FailureReason[] = [
  'AuthenticationFailed',
  'HostKeyMismatch',
  'NegotiationFailed',
  'SshThrottled',
  'ExecRefused',
];

/** @param other null: there is no other transport, or it was not asked */
export function weighOtherTransport(
  t: Transition,
  other: Pick<ProbedInstance, 'instance' | 'outcome'> | null,
): Weighed {
  // An instance that SSM doesn't manage has no other way: nothing worth a line.
  if (other === null || !hasOtherWay(other)) return {};
  const { outcome } = other;
  const way = other.instance.transport.toUpperCase();
  if (outcome.kind === 'vitals') {
    const { memory, sshd } = outcome.vitals;
    const available = percent((memory.availableBytes / memory.totalBytes) * 100);
    const andSshd = sshd === true ? '; its sshd answers on the host itself' : '';
    const text = `it answers, with ${available} of memory available${andSshd}`;
    return { against: [`over ${way} ${text}`], notes: [`Over ${way}: ${text}`] };
  }
  const notes = [`Over ${way}: ${outcome.reason}: ${outcome.text}`];
  if (ALIVE.includes(outcome.reason)) {
    const who = other.instance.transport === 'ssh' ? 'sshd' : 'SSM agent';
    return { against: [`over ${way} its ${who} answers, though with ${outcome.reason}`], notes };
  }
  if (!isHung(outcome.reason) && outcome.reason !== 'NoAddress') return { gaps: notes };
  if (!isUnanswered(t, other)) return { notes };
  const text = `a command over ${way} that went unanswered`;
  // Two paths that both ended on the way may be one cut road, or a quarantine.
  return isReached(t) || reachOf(outcome, other.instance) === 'reached'
    ? { direct: [text], flagsOnly: !hasAgentTaken(t, other), notes }
    : { circumstantial: [`${text}, though neither way reached it`], notes };
}

export const hasOtherWay = ({ outcome }: Pick<ProbedInstance, 'outcome'>): boolean =>
  outcome.kind === 'vitals' || outcome.reason !== 'SsmNotManaged';

/** The command went unanswered. A lost ping is only the agent's; a path that never led there proves nothing. */
function isUnanswered(t: Transition, { instance, outcome }: Pick<ProbedInstance, 'instance' | 'outcome'>): boolean {
  if (outcome.kind === 'vitals') return false;
  if (instance.transport === 'ssm')
    return ['SsmDeliveryTimedOut', 'CommandTimeout', 'ForkFailed'].includes(outcome.reason);
  return t.before.pin !== null && isHung(outcome.reason) && reachOf(outcome, instance) !== 'ambiguous';
}

/**
 * The agent had taken the command that went unanswered. One that took none may have lost its own road, while sshd accepts
 * and then waits for a resolver or a directory that is behind the same cut.
 */
const hasAgentTaken = (t: Transition, other: Pick<ProbedInstance, 'instance' | 'outcome'>): boolean =>
  [t, other].some(({ instance, outcome }) => instance.transport === 'ssm' && reachOf(outcome, instance) === 'reached');
