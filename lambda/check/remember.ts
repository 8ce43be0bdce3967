/** The two ends of remembering: each instance with what earlier checks know of it, and what the next check will know. */
import { expectedKey, sinceLaunch, type Transition } from '../memory/index.ts';
import type { Act, FleetState, Instance, InstanceState } from '../model/index.ts';
import { NOTHING_REMEMBERED } from '../model/index.ts';

/** @param acts what crawlwatch has done lately: a check learns of it here, since it doesn't act itself */
export function withState(one: Instance, { instances }: FleetState, acts: readonly Act[]): Instance {
  const known = sinceLaunch(instances.get(one.id) ?? NOTHING_REMEMBERED, one.launchedAt);
  const last = acts.filter(({ instanceId, state }) => instanceId === one.id && state !== 'failed').at(-1);
  const isNewer = last !== undefined && (known.acted === null || last.at > known.acted.at);
  const state = isNewer ? { ...known, acted: { what: last.remedy, at: last.at } } : known;
  return { ...one, remembered: state, hostKey: expectedKey(one.hostKeyTag, state) };
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
