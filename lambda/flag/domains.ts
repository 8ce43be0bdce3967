/** Failure domains: what instances share, and can lose together without one of them hanging. Pure. */

import { plural } from '../kit/index.ts';
import type { Transition } from '../memory/index.ts';
import type { Instance } from '../model/index.ts';

/** In a smaller one half of it says nothing. */
const MEMBERS_LEAST = 3;
/** One that fails alone is no cut, however few of its domain were still well. */
const TOGETHER_LEAST = 2;

/** A domain of which more than half failed together. */
export interface Suspension {
  readonly name: string;
  /** How many failed together. */
  readonly failing: number;
  readonly why: string;
}

/** The domains that an instance is in, by name. */
export function domainsOf(one: Instance): string[] {
  const { subnet, zone, securityGroups = [], region, account, login } = one;
  return [
    ...(subnet === undefined ? [] : [`subnet ${subnet}`]),
    ...(zone === undefined ? [] : [`zone ${zone}`]),
    ...(securityGroups.length === 0 ? [] : [`security groups ${securityGroups.join(', ')}`]),
    ...(region === null ? [] : [`Region ${region}${account === null ? '' : ` of account ${account}`}`]),
    ...(login.jumps ?? []).map(({ address, port }) => `jump host ${address}:${port}`),
  ];
}

interface Domain {
  members: number;
  /** When each of its failures began, ascending. */
  readonly begun: number[];
}

/**
 * @param members all that could fail: those flagged already as well, or a cut that comes step by step would never be seen
 * @param begunAt when its failure began; null: it doesn't fail
 * @param windowMs failures that begin within this time of each other count together
 * @returns the domains of an instance of which more than half began to fail within that time of it, out of those that
 * were still well then
 */
export function domainFailures(
  members: readonly Transition[],
  begunAt: (t: Transition) => number | null,
  windowMs: number,
): (t: Transition) => readonly Suspension[] {
  const domains = new Map<string, Domain>();
  for (const t of members) {
    const at = begunAt(t);
    for (const name of domainsOf(t.instance)) {
      const domain = domains.get(name) ?? { members: 0, begun: [] };
      domains.set(name, domain);
      domain.members += 1;
      if (at !== null) domain.begun.push(at);
    }
  }
  for (const { begun } of domains.values()) begun.sort((a, b) => a - b);
  return (t) => {
    const at = begunAt(t);
    if (at === null) return [];
    return domainsOf(t.instance).flatMap((name): Suspension[] => {
      const { members, begun } = domains.get(name) ?? { members: 0, begun: [] };
      if (members < MEMBERS_LEAST) return [];
      const before = firstAbove(begun, at - windowMs - 1);
      const together = firstAbove(begun, at + windowMs) - before;
      const well = members - before;
      if (together < TOGETHER_LEAST || together * 2 <= well) return [];
      const minutes = Math.round(windowMs / 60_000);
      const why = `${together} of ${plural(well, 'instance')} in ${name} began to fail within ${minutes} min of each other, so the fault may be in what they share`;
      return [{ name, failing: together, why }];
    });
  };
}

/** Where in an ascending list the first value above a bound is. */
export function firstAbove(sorted: readonly number[], bound: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}
