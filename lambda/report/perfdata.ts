/**
 * A monitoring plugin's figures: `'label'=value[unit];warn;crit;min;max`, apart by spaces.
 * https://nagios-plugins.org/doc/guidelines.html#AEN200
 */

import { forTerminal, GIB } from '../kit/index.ts';
import type { Disk, InstanceReport, Report, Vitals } from '../model/index.ts';
import { fullestDisk } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';

type Limit = number | '';
type Figure = string | null;

const LABEL_MAX = 64;

/** Of one host each figure with its limits, which are crawlwatch's own: used percent, so 100 less what must be available. */
export function hostPerfdata({ vitals, durationMs }: InstanceReport, settings: Settings): string[] {
  return present([
    ...(vitals === null ? [] : vitalsFigures(vitals, settings)),
    figure('time', durationMs / 1000, 's', '', '', 0),
  ]);
}

/** Of many hosts how many have each status. */
export function countsPerfdata({ summary, durationMs }: Report): string[] {
  const { checked, ok, warning, critical, unknown } = summary;
  return present([
    ...Object.entries({ hosts: checked, ok, warning, critical, unknown }).map(([label, count]) =>
      figure(label, count, '', '', '', 0),
    ),
    figure('time', durationMs / 1000, 's', '', '', 0),
  ]);
}

/**
 * Of many hosts `HOST:mem` and `HOST:disk`, the fullest one. By name rather than worst first: which hosts have figures,
 * where not all fit, must not change from check to check.
 */
export function fleetPerfdata(hosts: readonly InstanceReport[], settings: Settings): string[] {
  const byName = [...hosts].sort((a, b) => compare(a.name, b.name) || compare(a.id, b.id));
  const labels = uniqueLabels(byName);
  return present(
    byName.flatMap(({ vitals }, n) => {
      const label = labels[n] ?? '';
      const fullest = vitals === null ? null : fullestDisk(vitals.disks);
      return [
        vitals === null ? null : memoryFigure(`${label}:mem`, vitals, settings),
        fullest === null ? null : spaceFigure(`${label}:disk`, fullest, settings),
      ];
    }),
  );
}

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
const present = (figures: readonly Figure[]): string[] => figures.filter((one) => one !== null);

/** Names as they may be in a label, without `:`; ids where several hosts have one name; a number behind what is still equal. */
function uniqueLabels(hosts: readonly InstanceReport[]): string[] {
  const names = hosts.map(({ name }) => labelOf(name));
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const taken = new Set<string>();
  return hosts.map(({ id }, n) => {
    const name = names[n] ?? '';
    const label = counts.get(name) === 1 ? name : labelOf(id);
    let free = label;
    for (let more = 2; taken.has(free); more++) free = `${label}~${more}`;
    taken.add(free);
    return free;
  });
}

const labelOf = (text: string): string => safeLabel(text).replaceAll(':', '_');

function vitalsFigures(vitals: Vitals, settings: Settings): Figure[] {
  const { memory, swap, memoryPressure: pressure, worker } = vitals;
  const swapTotal = swap.totalBytes ?? 0;
  const swapUsed = swap.freeBytes === null ? null : swapTotal - swap.freeBytes;
  return [
    memoryFigure('mem', vitals, settings),
    figure('mem_available', memory.availableBytes, 'B', '', '', 0, memory.totalBytes),
    swapTotal === 0 ? null : figure('swap', swapUsed, 'B', '', '', 0, swapTotal),
    ...vitals.disks.filter(({ ignored }) => ignored !== true).flatMap((disk) => diskFigures(disk, settings)),
    figure('pressure', pressure?.fullAvg10, '%', '', settings.pressure.fullAvg10, 0, 100),
    figure('oom_kills', vitals.oomKills, 'c', '', '', 0),
    figure('worker_restarts', worker?.restarts, 'c', '', '', 0),
    figure('load1', vitals.load1, '', '', '', 0),
    figure('uptime', vitals.uptimeSeconds, 's', '', '', 0),
  ];
}

const memoryFigure = (label: string, { memory }: Vitals, { memory: limits }: Settings): Figure =>
  percentage(label, (memory.usedBytes / memory.totalBytes) * 100, limits.warningPercent, limits.criticalPercent);

function diskFigures(disk: Disk, settings: Settings): Figure[] {
  const { inodes } = settings;
  const [few, fewest] = disk.readOnly ? [null, null] : [inodes.warningPercent, inodes.criticalPercent];
  return [
    spaceFigure(`disk ${safeLabel(disk.mount)}`, disk, settings),
    percentage(`inodes ${safeLabel(disk.mount)}`, disk.inodesUsedPercent, few, fewest),
  ];
}

function spaceFigure(label: string, disk: Disk, { disk: space }: Settings): Figure {
  // Much free space is never low, and a read-only file system can't fill up.
  const isJudged = !disk.readOnly && disk.availableBytes <= space.ignoreAboveGib * GIB;
  const [warning, critical] = isJudged ? [space.warningPercent, space.criticalPercent] : [null, null];
  return percentage(label, disk.usedPercent, warning, critical);
}

const percentage = (label: string, used: number | null, warning: number | null, critical: number | null) =>
  figure(label, used, '%', limitOf(warning), limitOf(critical), 0, 100);

const limitOf = (available: number | null): Limit => (available === null ? '' : 100 - available);

/** @returns null for what the host doesn't have. */
function figure(
  label: string,
  value: number | null | undefined,
  unit: string,
  warning: Limit,
  critical: Limit,
  min: Limit,
  max: Limit = '',
): Figure {
  if (value === null || value === undefined || !Number.isFinite(value)) return null;
  // Quoted where it holds a space.
  const quoted = /^[\w/.:~-]+$/.test(label) ? label : `'${label}'`;
  const fields = [`${quoted}=${rounded(value)}${unit}`, ...[warning, critical, min, max].map(String)];
  return fields.join(';').replace(/;+$/, '');
}

/** What would end a label is replaced: not every reader knows that a quote in it is written twice. */
const safeLabel = (text: string): string => [...forTerminal(text).replace(/['=|;]/g, '_')].slice(0, LABEL_MAX).join('');

const rounded = (value: number): number => Number(value.toFixed(3));
