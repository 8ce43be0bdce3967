/** What an instance's last figures before it fell silent say. Pure. */

import { clockTime, percent } from '../../kit/index.ts';
import type { LastGood } from '../../model/index.ts';
import type { Settings } from '../../settings/index.ts';
import type { Weighed } from './weighed.ts';

/** A host that was merely low may have gone on for days: only memory that was gone, or was to be gone by now, counts. */
export function weighLastFigures(
  lastGood: LastGood | null,
  memoryEndsAt: Date | null,
  now: Date,
  { memory }: Settings,
): Weighed {
  if (lastGood === null) return {};
  const available = percent(lastGood.memory * 100);
  const andDisk = lastGood.disk === null ? '' : ` and ${percent(lastGood.disk * 100)} of its fullest disk`;
  const notes = [
    `It last answered at ${clockTime(lastGood.at, now)}, with ${available} of memory${andDisk} available.`,
  ];
  if (lastGood.memory * 100 <= memory.exhaustedPercent) {
    return { circumstantial: [`its memory at its last answer (${available} available)`], notes };
  }
  if (memoryEndsAt !== null && memoryEndsAt <= now && lastGood.memory * 100 < memory.warningPercent) {
    const text = `the forecast at its last answer (${available} of memory available), by which it ran out at ${clockTime(memoryEndsAt, now)}`;
    return { circumstantial: [text], notes };
  }
  return { notes };
}
