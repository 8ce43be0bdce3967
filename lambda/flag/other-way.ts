/** The other transport: where there is one, when it is asked, and what its answer makes of the verdict. Pure. */

import type { Transition } from '../memory/index.ts';
import type { Instance, ProbedInstance, Transport } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';

/**
 * The instance as the other transport is to ask it, or null where there is no other: SSM where the stack's role may use
 * it, SSH only where the stack has a way in, since a closed road would look like a hang.
 */
export function otherWay(
  instance: Instance,
  transports: Readonly<Partial<Record<Transport, unknown>>>,
  settings: Settings,
): Instance | null {
  const hasWayIn = settings.vpc.id !== null || settings.ssh.address === 'public';
  if (instance.transport === 'ssh' && transports.ssm !== undefined && settings.transport !== 'ssh') {
    return { ...instance, transport: 'ssm', sshdExpected: true };
  }
  if (instance.transport === 'ssm' && transports.ssh !== undefined && hasWayIn && instance.address !== null) {
    return { ...instance, transport: 'ssh', sshdExpected: false };
  }
  return null;
}

/** Asked before it is known that only its sshd is dead: SSM is asked in every check, not only once a flag is due. */
export const needsOtherWay = (t: Transition): boolean =>
  t.kind === 'hung' &&
  t.instance.transport === 'ssh' &&
  [...t.before.reasons, ...(t.before.incident?.codes ?? [])].includes('SshdDown');

/**
 * SSM has answered where SSH hangs: what SSM saw is the verdict, with sshd down. Null where that isn't so, and where
 * sshd answers on the host itself: then the way to it is broken, which no restart mends.
 */
export function sshdIsDown({ instance, outcome, ...rest }: ProbedInstance): ProbedInstance | null {
  if (instance.transport !== 'ssm' || outcome.kind === 'failed' || outcome.vitals.sshd === true) return null;
  return { ...rest, instance, outcome: { ...outcome, vitals: { ...outcome.vitals, sshd: false } } };
}
