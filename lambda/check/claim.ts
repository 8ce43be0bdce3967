/** Which stack an instance belongs to: the first that saw it, as long as that one checks. */
import type { Instance } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import type { Outlets } from './ports.ts';

/**
 * Instances of a stack that no longer checks become ours; those of one that does stay skipped. Whether it does is
 * asked once for each stack, and where that can't be known it counts as checking: two that act on one host are worse
 * than none.
 */
export async function claim(
  found: readonly Instance[],
  { stack }: Settings,
  outlets: Pick<Outlets, 'isStackAlive'> | null,
  orElse: <T>(step: string, work: Promise<T>, fallback: T) => Promise<T>,
): Promise<readonly Instance[]> {
  const others = [...new Set(found.flatMap(({ stack: other }) => (other === null || other === stack ? [] : [other])))];
  if (others.length === 0 || outlets === null) return found;
  const alive = await Promise.all(
    others.map(async (other) => [other, await orElse('stack', outlets.isStackAlive(other), null)] as const),
  );
  const gone = new Set(alive.flatMap(([other, isAlive]) => (isAlive === false ? [other] : [])));
  return found.map((one) =>
    one.stack !== null && gone.has(one.stack) && one.isElsewhereWatched ? { ...one, skipped: null } : one,
  );
}
