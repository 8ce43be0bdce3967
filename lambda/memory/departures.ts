/** Instances that were stopped or terminated while they hung: what was said of them ends here. Pure. */

import type { Instance, RememberedState, TagWrite } from '../model/index.ts';
import { type OwnTagKey, TAG } from '../model/index.ts';
import { groupTagWrites, mailedOf, rememberedKind } from './transition.ts';

export interface Departure {
  readonly id: string;
  readonly name: string;
  /** EC2's state name: `stopped`, `terminated` and those on the way there. */
  readonly state: string;
  readonly memory: RememberedState;
  /** A mail spoke of it, so a mail says that it is gone. */
  readonly isNews: boolean;
}

const GONE: readonly string[] = ['stopping', 'stopped', 'shutting-down', 'terminated'];

/**
 * Those whose tags still say that they hang. Started anew they begin anew: neither the flag nor the count may outlive
 * the boot they were about. One that vanishes between two checks takes its tags along, and nothing is left to say.
 */
export function departuresOf(described: readonly Instance[]): Departure[] {
  return described.flatMap(({ id, name, state, memory, mutedUntil }) => {
    const hung = memory.flag !== null || memory.failures > 0 || rememberedKind(memory) === 'hung';
    if (!GONE.includes(state) || !hung) return [];
    const isNews = mutedUntil === null && (memory.flag !== null || mailedOf(memory).length > 0);
    return [{ id, name, state, memory, isNews }];
  });
}

/** The flag and the count go before the mail, what it was about only once that is out. */
export const forgetBeforeMail = (departures: readonly Departure[]): TagWrite[] =>
  forget(departures, [TAG.flag, TAG.failures]);

export const forgetAfterMail = (
  departures: readonly Departure[],
  sent: boolean,
  unwritable: ReadonlySet<string>,
): TagWrite[] =>
  forget(
    departures.filter(({ id, isNews }) => (sent || !isNews) && !unwritable.has(id)),
    [TAG.status, TAG.since],
  );

function forget(departures: readonly Departure[], keys: readonly OwnTagKey[]): TagWrite[] {
  const tags = Object.fromEntries(keys.map((key) => [key, null]));
  return groupTagWrites(departures.map(({ id }) => ({ id, tags })));
}
