/** The two ends of remembering: each instance with what earlier checks know of it, and what the next check will know. */

import type { FleetState, Instance, InstanceState } from '../model/index.ts';
import { NOTHING_REMEMBERED } from '../model/index.ts';
import { expectedKey, sinceLaunch, type Transition } from './transition.ts';

export function withState(one: Instance, { instances }: FleetState): Instance {
  const remembered = sinceLaunch(instances.get(one.id) ?? NOTHING_REMEMBERED, one.launchedAt);
  const hostKey = expectedKey(one.hostKeyTag, remembered);
  // A host without a past is the same object: of fifty thousand a copy each is 40 MB.
  return remembered === one.remembered && hostKey === one.hostKey ? one : { ...one, remembered, hostKey };
}

/** Where the state can't be read: as much as the tags show of it, for a person to look at. */
export function fromTags(one: Instance): Instance {
  const { status, reasons, flag, acted } = one.tagged;
  return { ...one, remembered: { ...NOTHING_REMEMBERED, status, reasons, flag, acted } };
}

/** What is remembered of the fleet after this check, before any mail. */
export function nextState(
  transitions: readonly Transition[],
  kept: ReadonlyMap<string, InstanceState>,
  breaker: FleetState['breaker'],
  at: Date,
): FleetState {
  const instances = new Map(kept);
  for (const { instance, after } of transitions) instances.set(instance.id, after);
  return { at, instances, breaker, mailing: null };
}
