/** The flags -w and -c: thresholds for one run, in percent of what is available. Pure. */
import type { Limits } from '../../lambda/model/index.ts';
import { type Settings, settingsFor } from '../../lambda/settings/index.ts';
import { UsageError } from '../terminal/index.ts';

/** As they were typed, each as often as the flag was given. */
export interface ThresholdFlags {
  readonly warning?: readonly string[];
  readonly critical?: readonly string[];
}

const RESOURCES = ['memory', 'disk', 'inodes'] as const;
type Resource = (typeof RESOURCES)[number];
type Percents = Partial<Readonly<Record<Resource, number>>>;

const FLAGS = { warning: '-w, --warning', critical: '-c, --critical' } as const;
const ALLOWED =
  'memory, disk or inodes = 0 to 100 percent available, once each, with commas between: memory=12,disk=10';

/**
 * The settings under these thresholds. Those that aren't given move along as with the tag `crawlwatch:limits`: a status
 * ends as far above its threshold as it did, and memory counts as exhausted at the critical threshold at the latest.
 * @throws UsageError where a flag can't be read, or where critical would be above warning
 */
export function withThresholds(settings: Settings, flags: ThresholdFlags): Settings {
  const warning = readPercents('warning', flags.warning);
  const critical = readPercents('critical', flags.critical);
  const limits = withoutAbsent({
    memoryWarning: warning.memory,
    memoryCritical: critical.memory,
    diskWarning: warning.disk,
    diskCritical: critical.disk,
    inodesWarning: warning.inodes,
    inodesCritical: critical.inodes,
  });
  if (Object.keys(limits).length === 0) return settings;
  const result = settingsFor(settings, limits);
  for (const resource of RESOURCES) {
    const { warningPercent: most, criticalPercent: least } = result[resource];
    if (least <= most) continue;
    throw new UsageError(
      critical[resource] === undefined
        ? `${FLAGS.warning}: got ${resource}=${most}; allowed: at least ${least}, below which it is CRITICAL (-c ${resource}=${most} lowers that)`
        : `${FLAGS.critical}: got ${resource}=${least}; allowed: at most ${most}, below which it is WARNING${warning[resource] === undefined ? ` (-w ${resource}=${least} raises that)` : ''}`,
    );
  }
  return result;
}

function readPercents(flag: keyof typeof FLAGS, given: readonly string[] = []): Percents {
  const read: { -readonly [R in keyof Percents]: Percents[R] } = {};
  for (const part of given.flatMap((text) => text.split(','))) {
    const [, name = '', percent = ''] = /^\s*(\w+)\s*=\s*(\d{1,3}(?:\.\d{1,6})?)\s*%?\s*$/.exec(part) ?? [];
    const resource = RESOURCES.find((one) => one === name);
    if (resource === undefined || Number(percent) > 100 || read[resource] !== undefined) {
      throw new UsageError(`${FLAGS[flag]}: got ${JSON.stringify(part.slice(0, 80))}; allowed: ${ALLOWED}`);
    }
    read[resource] = Number(percent);
  }
  return read;
}

const withoutAbsent = (limits: { readonly [K in keyof Limits]: Limits[K] | undefined }): Limits =>
  Object.fromEntries(Object.entries(limits).filter(([, percent]) => percent !== undefined));
