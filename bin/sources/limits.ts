/** The variable `crawlwatch_limits` of an inventory: for its host what the tag `crawlwatch:limits` is for an instance. */
import type { Instance } from '../../lambda/model/index.ts';
import { readLimits, type Settings } from '../../lambda/settings/index.ts';

/** @param text as the inventory has it; null or absent: none is given */
export function withLimits(one: Instance, text: string | null | undefined, settings: Settings): Instance {
  if (text === null || text === undefined) return one;
  const read = readLimits(text, settings);
  if (read.kind === 'limits') return { ...one, limits: read.limits };
  const got = JSON.stringify(text.slice(0, 80));
  const problem = {
    code: 'BadOverride',
    text: `The variable crawlwatch_limits is ${got}; allowed: ${read.allowed}.`,
  } as const;
  return { ...one, problem: one.problem ?? problem };
}
