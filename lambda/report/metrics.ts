/** The metrics that a check publishes to CloudWatch. Pure. */

import { newOomKills } from '../discover/index.ts';
import { minutesBetween } from '../kit/index.ts';
import type { Transition } from '../memory/index.ts';
import { metricDimensions } from '../memory/index.ts';
import type { MetricPoint, ProbeOutcome, ReasonCode } from '../model/index.ts';
import { FLEET_METRIC, fullestDisk, INSTANCE_METRIC } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { summarise } from './json.ts';

function instancePoints(transitions: readonly Transition[]): MetricPoint[] {
  return transitions.flatMap((t) => {
    const dimensions = metricDimensions(t.instance);
    return valuesOf(t.outcome, t).map(
      ([metric, value, unit]): MetricPoint => ({ name: metric, value, unit, dimensions }),
    );
  });
}

type Value = readonly [string, number, MetricPoint['unit']];

function valuesOf(outcome: ProbeOutcome, t: Transition): Value[] {
  // A value for every instance in every check: a series that vanishes would count as recovered.
  if (outcome.kind === 'failed') return [[INSTANCE_METRIC.success, 0, 'Count']];
  const { memory, disks } = outcome.vitals;
  const fullest = fullestDisk(disks);
  const kills = newOomKills(t.before.seen, outcome.vitals);
  return [
    [INSTANCE_METRIC.success, 1, 'Count'],
    [INSTANCE_METRIC.memory, (memory.usedBytes / memory.totalBytes) * 100, 'Percent'],
    ...(fullest === null ? [] : [[INSTANCE_METRIC.disk, fullest.usedPercent, 'Percent'] as const]),
    ...(kills === 0 ? [] : [[INSTANCE_METRIC.oomKills, kills, 'Count'] as const]),
  ];
}

/** One value for each hang that has ended with this check: minutes from its first failed check. */
const recoveries = (transitions: readonly Transition[]): Value[] =>
  transitions.flatMap(({ before, after, outcome }) => {
    const ended = before.failures > 0 && outcome.kind === 'vitals' && before.since !== null && after.since !== null;
    return ended ? [[FLEET_METRIC.recoveryMinutes, minutesBetween(before.since, after.since), 'None'] as const] : [];
  });

/** Reasons by which an instance counts as low on memory, and on disk space: measured now, not forecast. */
const MEMORY_LOW: readonly ReasonCode[] = ['MemoryLow', 'MemoryExhaustedResponsive'];
const DISK_LOW: readonly ReasonCode[] = ['DiskLow'];

const countWith = (codes: readonly ReasonCode[], transitions: readonly Transition[]): number =>
  transitions.filter(({ assessment }) => assessment.reasons.some(({ code }) => codes.includes(code))).length;

/**
 * The instances' metrics, which the settings may have kept in a snapshot instead, then the fleet's: those come last,
 * since their arrival shows that the check was made.
 */
export function metricPoints(
  transitions: readonly Transition[],
  suppressed: boolean,
  durationMs: number,
  { stack }: Pick<Settings, 'stack'>,
): MetricPoint[] {
  const summary = summarise(transitions.map((t) => t.assessment));
  const fleet: readonly Value[] = [
    [FLEET_METRIC.checked, summary.checked, 'Count'],
    [FLEET_METRIC.critical, summary.critical, 'Count'],
    [FLEET_METRIC.unreachable, transitions.filter((t) => t.kind === 'hung').length, 'Count'],
    [FLEET_METRIC.flagged, transitions.filter((t) => t.after.flag !== null).length, 'Count'],
    [FLEET_METRIC.memoryLow, countWith(MEMORY_LOW, transitions), 'Count'],
    [FLEET_METRIC.diskLow, countWith(DISK_LOW, transitions), 'Count'],
    [FLEET_METRIC.suppressed, suppressed ? 1 : 0, 'Count'],
    ...recoveries(transitions),
    [FLEET_METRIC.duration, durationMs, 'Milliseconds'],
  ];
  const points = fleet.map(([name, value, unit]): MetricPoint => ({ name, value, unit, dimensions: { Stack: stack } }));
  return [...instancePoints(transitions), ...points];
}
