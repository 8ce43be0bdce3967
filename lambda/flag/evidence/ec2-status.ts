/** What EC2's own status checks say. Pure. */

import { clockTime } from '../../kit/index.ts';
import type { Impairment } from '../../model/index.ts';
import type { Weighed } from './weighed.ts';

const WORDS: Readonly<Record<Impairment['what'], string>> = {
  system: "EC2's check of the machine under it (impaired)",
  instance: "EC2's own status check (impaired)",
  volumes: "EC2's check of its volumes (impaired)",
};

/**
 * Direct is what has been impaired since the host failed; what was impaired while it still answered says nothing. A fault
 * of the machine under it is circumstantial: a reboot stays on that machine.
 */
export function weighStatus(impaired: readonly Impairment[] | null, lastAnswer: Date, now: Date): Weighed {
  if (impaired === null) return {};
  if (impaired.length === 0) return { notes: ["EC2's status check: ok (it only asks the network card)"] };
  const since = ({ since }: Impairment): string => (since === null ? '' : ` since ${clockTime(since, now)}`);
  const recent = impaired.filter((one) => one.since === null || one.since >= lastAnswer);
  const isDirect = (one: Impairment): boolean => one.what !== 'system' && one.since !== null;
  return {
    direct: recent.filter(isDirect).map(({ what }) => WORDS[what]),
    circumstantial: recent.filter((one) => !isDirect(one)).map(({ what }) => WORDS[what]),
    notes: impaired.map((one) => `EC2's status check: ${one.what} impaired${since(one)}`),
  };
}
