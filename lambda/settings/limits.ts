/**
 * What one instance has in the place of the fleet's thresholds, and mounts that are left out: the tag
 * `crawlwatch:limits`, or the same text in an inventory. EC2 allows any character in the 256 of a tag's value, `;` and
 * `*` among them (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html).
 */
import type { Limits } from '../model/index.ts';
import { MOUNT_PATTERN } from './mounts.ts';
import type { Settings } from './settings.ts';

export const LIMITS_ALLOWED =
  'memory.warning, memory.critical, disk.warning, disk.critical, inodes.warning or inodes.critical = 0 to 100, once each, and ignore=/MOUNT, with semicolons between';

export type ReadLimits =
  | { readonly kind: 'limits'; readonly limits: Limits }
  /** `allowed` is a phrase for behind "allowed:". */
  | { readonly kind: 'bad'; readonly allowed: string };

type Threshold = Exclude<keyof Limits, 'ignore'>;

const THRESHOLDS: Readonly<Record<string, Threshold>> = {
  'memory.warning': 'memoryWarning',
  'memory.critical': 'memoryCritical',
  'disk.warning': 'diskWarning',
  'disk.critical': 'diskCritical',
  'inodes.warning': 'inodesWarning',
  'inodes.critical': 'inodesCritical',
};

/**
 * Reads `memory.warning=8;disk.critical=2;ignore=/scratch;ignore=/mnt/*`.
 * @param settings the fleet's: what the text leaves out stays theirs, and both together must be in order
 */
export function readLimits(text: string, settings: Settings): ReadLimits {
  const limits: { -readonly [K in Threshold]?: number } = {};
  const ignore: string[] = [];
  for (const part of text.split(';').map((one) => one.trim())) {
    const [key = '', value = ''] = part.split(/=(.*)/s).map((one) => one.trim());
    const threshold = Object.hasOwn(THRESHOLDS, key) ? THRESHOLDS[key] : undefined;
    if (key === 'ignore' && MOUNT_PATTERN.test(value)) ignore.push(value);
    else if (threshold !== undefined && limits[threshold] === undefined && isPercent(value)) {
      limits[threshold] = Number(value);
    } else return { kind: 'bad', allowed: LIMITS_ALLOWED };
  }
  const read: Limits = { ...limits, ...(ignore.length > 0 && { ignore }) };
  const { memory, disk, inodes } = settingsFor(settings, read);
  for (const [what, { criticalPercent, warningPercent }] of Object.entries({ memory, disk, inodes })) {
    if (criticalPercent > warningPercent) {
      return {
        kind: 'bad',
        allowed: `${what}.critical (here ${criticalPercent}) at most ${what}.warning (here ${warningPercent}); what is left out is as in the settings`,
      };
    }
  }
  return { kind: 'limits', limits: read };
}

const isPercent = (text: string): boolean => /^\d{1,3}(\.\d{1,6})?$/.test(text) && Number(text) <= 100;

/**
 * The settings as they hold for an instance. What the tag doesn't name moves along: a WARNING ends as far above it as in
 * the fleet's settings, and memory is never gone before it is CRITICAL.
 */
export function settingsFor(settings: Settings, limits: Limits | undefined): Settings {
  if (limits === undefined) return settings;
  const { memory, disk, inodes } = settings;
  const warning = limits.memoryWarning ?? memory.warningPercent;
  const critical = limits.memoryCritical ?? memory.criticalPercent;
  const above = (limit: number, margin: number) => Math.min(100, limit + margin);
  return {
    ...settings,
    memory: {
      ...memory,
      warningPercent: warning,
      clearPercent: above(warning, memory.clearPercent - memory.warningPercent),
      criticalPercent: critical,
      criticalClearPercent: above(critical, memory.criticalClearPercent - memory.criticalPercent),
      exhaustedPercent: Math.min(critical, memory.exhaustedPercent),
    },
    disk: {
      ...disk,
      warningPercent: limits.diskWarning ?? disk.warningPercent,
      criticalPercent: limits.diskCritical ?? disk.criticalPercent,
      ignore: [...(disk.ignore ?? []), ...(limits.ignore ?? [])],
    },
    inodes: {
      warningPercent: limits.inodesWarning ?? inodes.warningPercent,
      criticalPercent: limits.inodesCritical ?? inodes.criticalPercent,
    },
  };
}
