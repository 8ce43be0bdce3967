/** Scores who an alarm says took the memory, against who by hindsight did. */
import { whoGrew } from '../../lambda/forecast/index.ts';
import type { CurrentProcesses, ProcessSnapshot, SeenProcess } from '../../lambda/model/index.ts';
import { type Alarm, PROCESSES_KEPT, type Trace } from './replay.ts';

/** Of what was lost, from which hindsight has a culprit. */
const HALF = 0.5;

/** Alarms of memory by what they say of the culprit as they begin. */
export interface Named {
  readonly right: number;
  /** Nobody was named, whether or not hindsight has a culprit. */
  readonly none: number;
  /** Another one was named than hindsight has, or one where hindsight has none. */
  readonly wrong: number;
}

/**
 * What each alarm names as it begins, by the processes up to then. Hindsight looks at the lowest point of the alarm, and
 * adds up by name what has grown since the point, in the hours before the alarm, at which most was available.
 *
 * @returns null where the trace holds no processes
 */
export function namedIn({ resource, processes = [] }: Trace, alarms: readonly Alarm[]): Named | null {
  if (resource !== 'memory' || processes.length === 0) return null;
  const named = { right: 0, none: 0, wrong: 0 };
  for (const { from, to } of alarms) {
    const index = processes.findLastIndex(({ at }) => at <= from);
    const begin = processes[index];
    const before = processes.slice(0, Math.max(0, index)).filter(({ at }) => +from - +at < PROCESSES_KEPT);
    if (begin === undefined || before.length === 0) continue;
    const grew = whoGrew(before, begin);
    if (grew === null) named.none += 1;
    else {
      const during = processes.filter(({ at }) => at >= begin.at && at <= to);
      named[(grew.name ?? SHARED) === culprit(before, during) ? 'right' : 'wrong'] += 1;
    }
  }
  return named;
}

/** Stands for shared memory: no process has an empty name. */
const SHARED = '';

function culprit(before: readonly ProcessSnapshot[], during: readonly CurrentProcesses[]): string | null {
  const best = before.reduce((a, b) => (b.availableKib >= a.availableKib ? b : a));
  const [first] = during;
  if (first === undefined) return null;
  const lowest = during.reduce((a, b) => (b.availableKib <= a.availableKib ? b : a), first);
  const then = held(best);
  const now = held({ ...lowest, processes: unshared(lowest, best) });
  const grown = [...now].map(([name, kib]) => [name, kib - (then.get(name) ?? 0)] as const).sort((a, b) => b[1] - a[1]);
  const [top] = grown;
  return top === undefined || top[1] < HALF * (best.availableKib - lowest.availableKib) ? null : top[0];
}

/**
 * Puts down what was forked to the process that forked it: where all together hold more than there is, the newest count
 * pages of an older one as their own.
 */
function unshared(now: CurrentProcesses, before: ProcessSnapshot): SeenProcess[] {
  const isOld = ({ pid }: SeenProcess) => before.processes.some((other) => other.pid === pid);
  const parent = now.processes.find(isOld);
  let surplus = now.processes.reduce((sum, { kib }) => sum + kib, 0) - (now.totalKib - now.availableKib);
  return now.processes.map((one) => {
    if (parent === undefined || isOld(one) || surplus < one.kib / 2) return one;
    const kib = Math.max(0, one.kib - surplus);
    surplus -= one.kib - kib;
    return { ...one, kib, name: parent.name };
  });
}

/** KiB by name. */
function held({ sharedKib, processes }: ProcessSnapshot): Map<string, number> {
  const sums = new Map<string, number>([[SHARED, sharedKib ?? 0]]);
  for (const { name, kib } of processes) sums.set(name, (sums.get(name) ?? 0) + kib);
  return sums;
}

export const addNamed = (all: readonly Named[]): Named => ({
  right: all.reduce((sum, { right }) => sum + right, 0),
  none: all.reduce((sum, { none }) => sum + none, 0),
  wrong: all.reduce((sum, { wrong }) => sum + wrong, 0),
});
