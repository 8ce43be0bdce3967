/**
 * What makes the end of memory nearer or later than its forecast says: swap that is left and fills, tasks that already
 * wait. Words only: no recording has them, so they neither begin an alarm nor hold one back.
 */
import { duration, gib, percent } from '../kit/index.ts';
import { freeSwap, swapFilling } from '../memory/index.ts';
import type { InstanceState, Vitals } from '../model/index.ts';

/** A share of swap below which it is no way out. */
const HARDLY_ANY = 0.02;
/** Swap that fills in more hours than this doesn't fill, as far as memory's end is concerned. */
const FILLS_WITHIN_HOURS = 48;
/** Percent of ten seconds (PSI) in which every task waited: below that it is chance. */
const WAITS = 1;

/** Sentences, each with a space before it; empty where there is nothing to say. */
export function waysOut({ seen }: Pick<InstanceState, 'seen'>, vitals: Vitals): string {
  return `${swapText(seen, vitals)}${waitText(vitals)}`;
}

function swapText(seen: InstanceState['seen'], vitals: Vitals): string {
  const free = freeSwap(vitals);
  const { totalBytes } = vitals.swap;
  if (free === null || totalBytes === null) return '';
  if (free <= HARDLY_ANY * totalBytes) return ` Swap is full (${gib(totalBytes)}): it gains no time.`;
  const perHour = swapFilling(seen, vitals);
  if (perHour === null) return ` Swap has ${gib(free)} left.`;
  const hours = perHour <= 0 ? Number.POSITIVE_INFINITY : free / perHour;
  if (hours > FILLS_WITHIN_HOURS) return ` Swap has ${gib(free)} left and is not filling.`;
  return ` Swap has ${gib(free)} left, filling ${gib(perHour)} an hour: full in about ${duration(Math.max(1, Math.round(hours * 60)))}.`;
}

function waitText({ memoryPressure: pressure }: Vitals): string {
  if (pressure === null || pressure.fullAvg10 < WAITS) return '';
  return ` Every task already waited for memory ${percent(pressure.fullAvg10)} of the last 10 s: memory is short already.`;
}
