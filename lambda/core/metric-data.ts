/** What a check publishes. Pure; io/cloudwatch batches it. */
import type { DescribedInstance, MetricDimensions, MetricPoint, ProbeOutcome, Whereabouts } from '../model.ts';
import { FLEET_METRIC, INSTANCE_METRIC } from '../names.ts';
import { newOomKills } from './assess.ts';
import { summarise } from './fleet-report.ts';
import type { Transition } from './transitions.ts';
import { minutesBetween } from './wording.ts';

/** CloudWatch refuses a whole request for one dimension that isn't printable ASCII (PutMetricData, Dimension). */
const PRINTABLE = /^(?=.*[!-~])[ -~]{1,255}$/;

/**
 * The dimensions under which an instance's metrics are published and read back. All are published at home; where an
 * instance elsewhere is, its series says.
 */
export function metricDimensions({ id, name, ...where }: Named & Partial<Whereabouts>): MetricDimensions {
  const own = { InstanceId: id, Name: PRINTABLE.test(name) ? name : id };
  if (where.elsewhere !== true) return own;
  return { ...own, Region: where.region ?? UNKNOWN, Account: where.account ?? UNKNOWN };
}

type Named = Pick<DescribedInstance, 'id' | 'name'>;
/** A dimension can't be empty. */
const UNKNOWN = 'unknown';

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
  // For every expected instance in every run: a series that vanishes would count as recovered.
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

/** The fullest mount that can be written; null where none is known. */
export function fullestDisk<D extends { readonly usedPercent: number; readonly readOnly: boolean }>(
  disks: readonly D[],
): D | null {
  return disks
    .filter((disk) => !disk.readOnly)
    .reduce<D | null>((worst, disk) => (worst === null || disk.usedPercent > worst.usedPercent ? disk : worst), null);
}

/** One value for each hang that this check has seen the end of: minutes from its first failed check. */
const recoveries = (transitions: readonly Transition[]): Value[] =>
  transitions.flatMap(({ before, after, outcome }) => {
    const ended = before.failures > 0 && outcome.kind === 'vitals' && before.since !== null && after.since !== null;
    return ended ? [[FLEET_METRIC.recoveryMinutes, minutesBetween(before.since, after.since), 'None'] as const] : [];
  });

/**
 * Those of instances, which the settings may have kept in a snapshot instead, and those of the fleet. The fleet's come
 * last: their arrival says that the check was made.
 */
export function metricPoints(
  transitions: readonly Transition[],
  suppressed: boolean,
  durationMs: number,
): MetricPoint[] {
  const summary = summarise(transitions.map((t) => t.assessment));
  const fleet: readonly Value[] = [
    [FLEET_METRIC.checked, summary.checked, 'Count'],
    [FLEET_METRIC.critical, summary.critical, 'Count'],
    [FLEET_METRIC.unreachable, transitions.filter((t) => t.kind === 'hung').length, 'Count'],
    [FLEET_METRIC.flagged, transitions.filter((t) => t.after.flag !== null).length, 'Count'],
    [FLEET_METRIC.suppressed, suppressed ? 1 : 0, 'Count'],
    ...recoveries(transitions),
    [FLEET_METRIC.duration, durationMs, 'Milliseconds'],
  ];
  const points = fleet.map(([name, value, unit]): MetricPoint => ({ name, value, unit, dimensions: null }));
  return [...instancePoints(transitions), ...points];
}
