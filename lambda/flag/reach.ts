/** Whether a hung host was reached: what its own kernel or agent accepted can't be a cut road. Pure. */

import type { Transition } from '../memory/index.ts';
import { classOf, type ReasonCode } from '../model/index.ts';

/**
 * `reached`: the host accepted, and died then. `unreached`: nothing came back, which a cut road gives too. `ambiguous`:
 * hung, with other causes than a hang.
 */
export type Reach = 'reached' | 'unreached' | 'ambiguous';

/**
 * Through a jump host as well: it reports a channel as open once its own connection to the host is, so that a reset or
 * silence after that comes from the host; a jump host that fails itself is HostUnreachable, which is no hang.
 */
const REACHED: readonly ReasonCode[] = [
  'ConnectionReset',
  'ClosedBeforeBanner',
  'BannerTimeout',
  'HandshakeTimeout',
  'CommandTimeout',
  'ForkFailed',
];

export const reachOf = (code: ReasonCode): Reach =>
  REACHED.includes(code) ? 'reached' : classOf(code) === 'ambiguous' ? 'ambiguous' : 'unreached';

export const isReached = (t: Pick<Transition, 'after'>): boolean =>
  t.after.reasons.some((code) => reachOf(code) === 'reached');
