/**
 * One host as a monitoring plugin reports it: `STATUS - text | perfdata` on one line, and by the exit code.
 * https://nagios-plugins.org/doc/guidelines.html (sections 2.1 and 2.6), which Icinga, Naemon and Checkmk read as well.
 */

import { forTerminal, GIB, gib } from '../kit/index.ts';
import type { Disk, InstanceReport, Report, Vitals } from '../model/index.ts';
import { fullestDisk } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';

/** Of a plugin's output Nagios reads 8 KiB; the rest is for the figures. */
const TEXT_MAX = 2000;

/** The line for a report of exactly one host; with any other number it is UNKNOWN and gives the number. */
export function pluginLine(report: Report, settings: Settings): string {
  const [host, ...others] = report.instances;
  if (host === undefined || others.length > 0) {
    return pluginTrouble(`-o nagios reports one host, not ${report.instances.length}: name one by --host or -l`);
  }
  const said = host.reasons.map(({ code, text }) => `${code}: ${text}`).join(' ') || summary(host);
  const line = `${host.status} - ${plain(`${host.name}: ${said}`)}`;
  const perfdata = perfdataOf(host, settings);
  return perfdata.length === 0 ? line : `${line} | ${perfdata.join(' ')}`;
}

/** The same line for a check that could not be made. */
export const pluginTrouble = (text: string): string => `UNKNOWN - ${plain(text)}`;

/** Without bars, which begin the figures. */
const plain = (text: string): string => forTerminal(text.slice(0, TEXT_MAX)).replaceAll('|', '/');

function summary({ vitals }: InstanceReport): string {
  if (vitals === null) return 'nothing is known';
  const { memory, disks, unreadDisks = [] } = vitals;
  const fullest = fullestDisk(disks);
  const unread = unreadDisks.map(({ mount, why }) => `, ${mount} not read: ${why}`).join('');
  const disk = fullest === null ? '' : `, ${fullest.mount} ${Math.round(fullest.usedPercent)} % used`;
  return `${gib(memory.usedBytes)} of ${gib(memory.totalBytes)} memory used${disk}${unread}`;
}

/** Figures with their limits, which are crawlwatch's own: used percent, so 100 less what must be available. */
function perfdataOf({ vitals, durationMs }: InstanceReport, settings: Settings): string[] {
  const figures = [
    ...(vitals === null ? [] : vitalsFigures(vitals, settings)),
    figure('time', durationMs / 1000, 's', '', '', 0),
  ];
  return figures.filter((one) => one !== null);
}

function vitalsFigures(vitals: Vitals, settings: Settings): (string | null)[] {
  const { memory, swap, memoryPressure: pressure, worker } = vitals;
  const limits = settings.memory;
  const swapTotal = swap.totalBytes ?? 0;
  const swapUsed = swap.freeBytes === null ? null : swapTotal - swap.freeBytes;
  return [
    percentage('mem', (memory.usedBytes / memory.totalBytes) * 100, limits.warningPercent, limits.criticalPercent),
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

function diskFigures(disk: Disk, { disk: space, inodes }: Settings): (string | null)[] {
  // Much free space is never low, and a read-only file system can't fill up.
  const isJudged = !disk.readOnly && disk.availableBytes <= space.ignoreAboveGib * GIB;
  const [warning, critical] = isJudged ? [space.warningPercent, space.criticalPercent] : [null, null];
  const [few, fewest] = disk.readOnly ? [null, null] : [inodes.warningPercent, inodes.criticalPercent];
  return [
    percentage(`disk ${disk.mount}`, disk.usedPercent, warning, critical),
    percentage(`inodes ${disk.mount}`, disk.inodesUsedPercent, few, fewest),
  ];
}

const percentage = (label: string, used: number | null, warning: number | null, critical: number | null) =>
  figure(label, used, '%', limitOf(warning), limitOf(critical), 0, 100);

const limitOf = (available: number | null): number | '' => (available === null ? '' : 100 - available);

type Limit = number | '';

/** `'label'=value[unit];warn;crit;min;max`; null for what the host doesn't have. */
function figure(
  label: string,
  value: number | null | undefined,
  unit: string,
  warning: Limit,
  critical: Limit,
  min: Limit,
  max: Limit = '',
): string | null {
  if (value === null || value === undefined) return null;
  const fields = [`${labelText(label)}=${rounded(value)}${unit}`, ...[warning, critical, min, max].map(String)];
  return fields.join(';').replace(/;+$/, '');
}

/** Quoted where it holds a space; characters that would end it are replaced. */
function labelText(label: string): string {
  const safe = forTerminal(label).replace(/['=|;]/g, '_');
  return /^[\w/.-]+$/.test(safe) ? safe : `'${safe}'`;
}

const rounded = (value: number): number => Number(value.toFixed(3));
