/** What a person who acknowledged an incident knew of it, and whether it has changed since. Pure. */
import type { Ack, IncidentClass, InstanceState, ReasonCode } from '../model/index.ts';
import { kindOf } from '../model/index.ts';
import { isWorse } from './incident.ts';
import { isSameTrouble } from './transition.ts';

/** What is known of an open incident at this moment; null where none is open. */
export function acknowledged(
  { incident, letters, reasons }: Pick<InstanceState, 'incident' | 'letters' | 'reasons'>,
  { by, at, why }: Pick<Ack, 'by' | 'at' | 'why'>,
): Ack | null {
  if (incident === null) return null;
  const last = letters.at(-1);
  const now = last === undefined || last === '.' || last === '-' ? null : (last as IncidentClass);
  const known = isWorse(now, incident.due) ? now : incident.due;
  return { by, at, why, class: known ?? 'u', codes: [...new Set([...incident.codes, ...reasons])] };
}

/** A check of an instance whose incident is acknowledged, and the state before it. */
interface Check {
  readonly before: Pick<InstanceState, 'reasons'>;
  readonly after: Pick<InstanceState, 'incident' | 'flag' | 'reasons' | 'acted'>;
}

/**
 * Whether it is worse than its acknowledgement knew, was flagged since, or has a reason beyond those. False where nobody
 * has acknowledged it.
 */
export function hasChanged({ before, after }: Check): boolean {
  const { incident, flag } = after;
  const ack = incident?.ack;
  if (incident === null || ack === undefined) return false;
  return (
    isWorse(incident.due, ack.class) ||
    (flag !== null && flag.at > ack.at) ||
    // Seen twice: what a single check sees is no news of any incident.
    after.reasons.some((code) => isBeyond(code, ack) && before.reasons.includes(code))
  );
}

/** How a hang shows changes from check to check: that is no other trouble. */
const isBeyond = (code: ReasonCode, { codes }: Ack): boolean =>
  !isSameTrouble(code, codes) && !(kindOf(code) === 'hung' && codes.some((known) => kindOf(known) === 'hung'));
