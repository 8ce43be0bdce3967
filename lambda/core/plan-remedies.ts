/**
 * Whether an instance may be rebooted now, whoever asks, and for each answer why. Pure. Unknown or unreadable input to
 * a guard means no.
 */
import type { Act, DescribedInstance } from '../model.ts';
import { TAG } from '../names.ts';
import type { Settings } from '../settings.ts';
import { isoSeconds } from './remembered-state.ts';
import { selectInstances } from './select-instances.ts';
import { minutesBetween, plural } from './wording.ts';

export interface RebootPlan {
  readonly reboot: boolean;
  /** Completes `i-...: rebooted` or `i-...: not rebooted`. */
  readonly why: string;
}

/** Between any two acts in the fleet; within it the last one is verified, or given up. */
const APART_MINUTES = 15;
const HOST_LIMITS = [
  { minutes: 60, acts: 1, says: 'an hour' },
  { minutes: 24 * 60, acts: 3, says: 'a day' },
] as const;

/** Set by Auto Scaling on its members, which it may replace for failing a check while they boot. */
const AUTO_SCALING_TAG = 'aws:autoscaling:groupName';
/** What `crawlwatch:auto` may say; a person may ask for a reboot that crawlwatch wouldn't make by itself. */
const AUTO = ['restart', 'reboot', 'restart+reboot', 'never'];

/** @param acts every act of the last day, in the whole fleet */
export function planReboot(one: DescribedInstance, acts: readonly Act[], now: Date, settings: Settings): RebootPlan {
  const against = objection(one, now, settings) ?? tooSoon(one.id, acts, now);
  if (against !== null) return { reboot: false, why: against };
  return { reboot: true, why: `it carries the flag ${one.tags[TAG.flag]}` };
}

/** Why an instance as it is may not be rebooted; null if nothing about it stands against it. */
function objection(one: DescribedInstance, now: Date, settings: Settings): string | null {
  const { key, value } = settings.tag;
  if (one.tags[key] !== value) return `it does not carry the tag ${key}=${value}`;
  const { instances, skipped } = selectInstances([one], 'aws', settings);
  const [instance] = instances;
  if (instance === undefined) return `it ${skipped[0]?.why ?? 'is not watched'}`;
  const { mutedUntil, memory } = instance;
  const auto = one.tags[TAG.auto];
  if (auto !== undefined && !AUTO.includes(auto)) return unreadable(TAG.auto, AUTO.join(', '));
  if (auto === 'never') return `its tag ${TAG.auto} says never`;
  if (mutedUntil === 'unreadable') return unreadable(TAG.mute, 'until=2026-11-23T06:00:00Z');
  if (mutedUntil !== null && mutedUntil > now) return `it is muted until ${isoSeconds(mutedUntil)}`;
  if (one.tags[AUTO_SCALING_TAG] !== undefined) return 'it belongs to an Auto Scaling group, which may replace it';
  if (one.tags[TAG.flag] === undefined) return 'it carries no reboot flag';
  if (memory.flag === null) return unreadable(TAG.flag, 'BannerTimeout@2026-11-22T08:05:00Z');
  if (one.launchedAt === null) return 'EC2 does not tell since when it runs';
  if (one.launchedAt > memory.flag.at) return 'it was started anew since it was flagged';
  return null;
}

/** Why not yet; null where enough time has passed since the last acts. An act of the future counts as one just now. */
function tooSoon(id: string, acts: readonly Act[], now: Date): string | null {
  const since = (minutes: number) => acts.filter((act) => minutesBetween(act.at, now) < minutes);
  const last = since(APART_MINUTES).at(-1);
  if (last !== undefined) {
    return `crawlwatch rebooted ${last.instanceId} at ${isoSeconds(last.at)}, and reboots are ${APART_MINUTES} minutes apart`;
  }
  for (const { minutes, acts: most, says } of HOST_LIMITS) {
    const its = since(minutes).filter((act) => act.instanceId === id);
    if (its.length >= most)
      return `it was rebooted ${plural(its.length, 'time')} within ${says} already: have a look at it`;
  }
  return null;
}

const unreadable = (key: string, allowed: string): string => `its tag ${key} is unreadable; allowed: ${allowed}`;
