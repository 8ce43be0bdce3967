/** The metrics that a check publishes to CloudWatch. Pure. */

import { minutesBetween } from '../kit/index.ts';
import type { Transition } from '../memory/index.ts';
import { metricDimensions, newOomKills } from '../memory/index.ts';
import type { MetricPoint, ProbeOutcome } from '../model/index.ts';
import { FLEET_METRIC, fullestDisk, INSTANCE_METRIC, isFleetMetric } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { countFleet } from './counts.ts';

function* instancePoints(transitions: readonly Transition[]): Generator<MetricPoint> {
  for (const t of transitions) {
    const dimensions = metricDimensions(t.instance);
    const okSince = t.assessment.status === 'OK' ? t.after.since : null;
    for (const [name, value, unit] of valuesOf(t.outcome, t)) yield { name, value, unit, dimensions, okSince };
  }
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
    const ended =
      before.failures > 0 && outcome.kind === 'vitals' && before.failingSince !== null && after.since !== null;
    return ended
      ? [[FLEET_METRIC.recoveryMinutes, minutesBetween(before.failingSince, after.since), 'None'] as const]
      : [];
  });

/**
 * The instances' metrics, then the fleet's: those come last, since their arrival shows that the check was made. They are
 * made each time they are looked at: all at once those of a large fleet would be among the most that a check holds.
 */
export function metricPoints(
  transitions: readonly Transition[],
  suppressed: boolean,
  durationMs: number,
  { stack }: Pick<Settings, 'stack'>,
): Iterable<MetricPoint> {
  const counts = countFleet(
    transitions.map(({ assessment: { status, reasons }, after }) => ({
      status,
      reasons,
      flagged: after.flag !== null,
    })),
  );
  const fleet: readonly Value[] = [
    [FLEET_METRIC.checked, counts.checked, 'Count'],
    [FLEET_METRIC.critical, counts.critical, 'Count'],
    [FLEET_METRIC.unreachable, counts.unreachable, 'Count'],
    [FLEET_METRIC.flagged, counts.flagged, 'Count'],
    [FLEET_METRIC.memoryLow, counts.memoryLow, 'Count'],
    [FLEET_METRIC.diskLow, counts.diskLow, 'Count'],
    [FLEET_METRIC.suppressed, suppressed ? 1 : 0, 'Count'],
    ...recoveries(transitions),
    [FLEET_METRIC.duration, durationMs, 'Milliseconds'],
  ];
  const points = fleet.map(([name, value, unit]): MetricPoint => ({ name, value, unit, dimensions: { Stack: stack } }));
  return {
    *[Symbol.iterator]() {
      yield* instancePoints(transitions);
      yield* points;
    },
  };
}

/** A host that has recovered is followed for so long: it may fall back. */
const RECOVERING_MS = 3_600_000;

/** Those of a check's points that CloudWatch gets: all of the fleet's, and of instances as the settings have it. */
export function publishedPoints(points: Iterable<MetricPoint>, at: Date, settings: Settings): readonly MetricPoint[] {
  const { perInstance } = settings.metrics;
  if (perInstance === 'all') return [...points];
  const ids = new Set<string | undefined>();
  if (perInstance !== 'none') for (const point of points) if (isTrouble(point)) ids.add(idOf(point));
  const published: MetricPoint[] = [];
  for (const point of points) if (isFleetMetric(point) || ids.has(idOf(point))) published.push(point);
  return published;

  function isTrouble({ name, value, okSince }: MetricPoint): boolean {
    if (okSince === null) return true;
    if (okSince !== undefined && at.getTime() - okSince.getTime() < RECOVERING_MS) return true;
    return name === INSTANCE_METRIC.memory && 100 - value < settings.forecast.lookBelowPercent;
  }
}

const idOf = ({ dimensions }: MetricPoint): string | undefined =>
  'InstanceId' in dimensions ? dimensions.InstanceId : undefined;
