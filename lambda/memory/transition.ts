/**
 * From what was remembered and what was just assessed to what is remembered next. Pure, and harmless when two runs
 * overlap: each derives the whole next state from the tags it read.
 */

import { writeState } from '../discover/index.ts';
import { minutesBetween } from '../kit/index.ts';
import type {
  Assessment,
  Instance,
  ProbedInstance,
  ProbeOutcome,
  ReasonCode,
  RememberedState,
  TagWrite,
} from '../model/index.ts';
import { assessmentClass, isHung, kindOf, OWN_TAG_KEYS, type OwnTagKey, shortBoot, TAG } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';

/** Hung mails count what was told: held back, then flagged, then each reminder. */
export const TOLD_HELD = 1;
export const TOLD_FLAGGED = 2;

export interface Transition {
  readonly instance: Instance;
  readonly assessment: Assessment;
  readonly outcome: ProbeOutcome;
  readonly durationMs: number;
  readonly kind: 'measured' | 'hung' | 'ours' | null;
  readonly before: RememberedState;
  /** What is remembered next, before flags are planned and before any mail was sent. */
  readonly after: RememberedState;
}

/** What the remembered status was about; null for OK, a first check or tags that could not be read. */
export function rememberedKind(state: RememberedState): Transition['kind'] {
  return state.status === null ? null : assessmentClass(state.reasons.map((code) => ({ code, text: '' })));
}

export function transition(
  { instance, outcome, hostKey, durationMs }: ProbedInstance,
  assessment: Assessment,
  now: Date,
  settings: Settings,
): Transition {
  const before = instance.memory;
  const kind = assessmentClass(assessment.reasons);
  const codes = assessment.reasons.map((reason) => reason.code);
  const was = rememberedKind(before);
  const same = before.status === assessment.status && was === kind;
  // What hung before a stop and start says nothing of how it hangs after.
  const relaunched = kind === 'hung' && instance.launchedAt !== null && (before.since ?? now) < instance.launchedAt;
  // UNKNOWN neither counts nor resets: what hung before it is one failure with what hangs after it.
  const isFailure = (of: Transition['kind']) => of === 'hung' || of === 'ours';
  const interrupted = before.failures > 0 && isFailure(was) && isFailure(kind);
  const stands = (same || interrupted) && !relaunched;
  const told = toldSoFar(before, kind, codes, assessment.status, now, settings);
  const failed = relaunched ? 0 : before.failures;
  const failures = kind === 'hung' ? failed + 1 : kind === 'ours' ? failed : 0;
  const after: RememberedState = {
    ...before,
    status: assessment.status,
    reasons: told.order,
    told: told.count,
    kept: outcome.kind === 'vitals' ? [] : mailedOf(before).filter((code) => kindOf(code) !== kind),
    events: [...new Set([...before.events, ...codes.filter(isEvent)])],
    stood: kind === 'ours' && same ? Math.min(before.stood + 1, UNKNOWN_CHECKS) : 1,
    since: stands && before.since !== null ? before.since : now,
    failures: Math.min(failures, settings.flag.afterFailures),
    flag: outcome.kind === 'vitals' ? null : before.flag,
    hostKey: before.hostKey ?? (outcome.kind === 'vitals' ? hostKey : null),
    seen: nextSeen(before, outcome),
    acted: nextActed(before, outcome, now),
  };
  return { instance, assessment, outcome, durationMs, kind, before, after };
}

/** Checks that an UNKNOWN must stand before it is mailed: most mend themselves, and none is the host's fault. */
export const UNKNOWN_CHECKS = 3;

const isEvent = (code: ReasonCode): boolean => kindOf(code) === 'event';

/** What a mail has named and whose end none has told. */
export function mailedOf(state: RememberedState): readonly ReasonCode[] {
  const hung = rememberedKind(state) === 'hung';
  return [...(hung && state.told > 0 ? state.reasons : state.reasons.slice(0, state.told)), ...state.kept];
}

/** One trouble in several degrees: who knows of the worse needs no mail about the milder. Mildest first. */
const DEGREES: readonly (readonly ReasonCode[])[] = [
  ['MemoryExhaustionForecast', 'MemoryLow', 'MemoryPressure', 'MemoryExhaustedResponsive'],
  ['DiskFillForecast', 'DiskLow'],
];

/** Whether one of `codes` is of the same trouble as this one, or the one itself. */
export const isSameTrouble = (code: ReasonCode, codes: readonly ReasonCode[]): boolean =>
  codes.includes(code) || DEGREES.some((of) => of.includes(code) && of.some((other) => codes.includes(other)));

const isCovered = (code: ReasonCode, mailed: readonly ReasonCode[]): boolean =>
  mailed.includes(code) ||
  DEGREES.some((of) => of.includes(code) && of.slice(of.indexOf(code)).some((worse) => mailed.includes(worse)));

/** What of the present reasons has been mailed already, with those codes first. */
function toldSoFar(
  before: RememberedState,
  kind: Transition['kind'],
  present: readonly ReasonCode[],
  status: Assessment['status'],
  now: Date,
  settings: Settings,
): { count: number; order: readonly ReasonCode[] } {
  const codes = present.filter((code) => !isEvent(code));
  const was = rememberedKind(before);
  const mailed = mailedOf(before);
  if (kind === 'hung') {
    if (was === 'hung') return { count: before.told, order: codes };
    // The flag outlives a spell of UNKNOWN, and so does what was said of it.
    const held = mailed.some(isHung) ? TOLD_HELD : 0;
    const standing = before.flag !== null ? TOLD_FLAGGED + remindersDue(before.flag.at, now, settings) : held;
    return { count: standing, order: codes };
  }
  // The worst has become CRITICAL: that is news, though its name was in a mail.
  const worsened = was === 'measured' && status === 'CRITICAL' && before.status !== 'CRITICAL' ? codes[0] : null;
  const told = codes.filter((code) => code !== worsened && isCovered(code, mailed));
  return { count: told.length, order: [...told, ...codes.filter((code) => !told.includes(code))] };
}

/** Reminders that should have gone out by now. */
export function remindersDue(flaggedAt: Date, now: Date, settings: Settings): number {
  const hours = settings.alerts.remindHours;
  return hours === 0 ? 0 : Math.max(0, Math.floor(minutesBetween(flaggedAt, now) / (hours * 60)));
}

function nextSeen(before: RememberedState, outcome: ProbeOutcome): RememberedState['seen'] {
  if (outcome.kind === 'failed' || outcome.vitals.bootId === null) return before.seen;
  return { boot: shortBoot(outcome.vitals.bootId), oomKills: outcome.vitals.oomKills };
}

/** Boots of which the clock and the uptime tell slightly different times are one. */
const BOOT_SLACK_MINUTES = 2;

/**
 * A boot that somebody else brought about (a person, AWS, a kernel panic) is noted as `booted@TIME`: a host that has
 * just come up may still fail for a while. One of ours is noted by the remedy itself.
 */
function nextActed(before: RememberedState, outcome: ProbeOutcome, now: Date): RememberedState['acted'] {
  if (outcome.kind === 'failed' || outcome.vitals.bootId === null || before.seen === null) return before.acted;
  if (shortBoot(outcome.vitals.bootId) === before.seen.boot) return before.acted;
  const bootedAt = new Date(now.getTime() - (outcome.vitals.uptimeSeconds ?? 0) * 1000);
  const { acted } = before;
  const ours =
    acted?.what === 'reboot' &&
    before.since !== null &&
    acted.at >= before.since &&
    minutesBetween(acted.at, bootedAt) > -BOOT_SLACK_MINUTES;
  return ours ? acted : { what: 'booted', at: bootedAt };
}

/** Muted now. An unreadable mute doesn't silence, but plan-flags won't act on such an instance. */
export const isMuted = (instance: Instance, now: Date): boolean =>
  instance.mutedUntil instanceof Date && instance.mutedUntil > now;

/** Launched or booted so lately that failing means little. */
export function inGrace(instance: Instance, now: Date, settings: Settings): boolean {
  const { acted } = instance.memory;
  const booted = acted?.what === 'reboot' || acted?.what === 'booted' ? acted.at : null;
  return [instance.launchedAt, booted].some(
    (at) => at !== null && minutesBetween(at, now) < settings.flag.graceMinutes,
  );
}

/** Tags that differ between two states, as one value a tag; null: delete. */
export function tagChanges(
  written: RememberedState,
  next: RememberedState,
  keys: readonly OwnTagKey[] = OWN_TAG_KEYS,
): Partial<Record<OwnTagKey, string | null>> {
  const [from, to] = [writeState(written), writeState(next)];
  return Object.fromEntries(keys.filter((key) => from[key] !== to[key]).map((key) => [key, to[key]]));
}

/** Tags that are written whether or not the mail goes out; status and since follow it. */
export const COUNTER_KEYS: readonly OwnTagKey[] = [TAG.failures, TAG.flag, TAG.seen, TAG.hostKey, TAG.acted];
export const TOLD_KEYS: readonly OwnTagKey[] = [TAG.status, TAG.since];

/** Groups equal changes, since one call gives every resource in it the same tags. */
export function groupTagWrites(
  changes: readonly { readonly id: string; readonly tags: Partial<Record<OwnTagKey, string | null>> }[],
): TagWrite[] {
  const idsByPair = new Map<string, { key: OwnTagKey; value: string | null; ids: string[] }>();
  for (const { id, tags } of changes) {
    for (const [key, value] of Object.entries(tags) as [OwnTagKey, string | null][]) {
      const pair = JSON.stringify([key, value]);
      const entry = idsByPair.get(pair) ?? { key, value, ids: [] };
      idsByPair.set(pair, entry);
      entry.ids.push(id);
    }
  }
  const writes = new Map<
    string,
    { ids: readonly string[]; tags: Partial<Record<OwnTagKey, string>>; gone: OwnTagKey[] }
  >();
  for (const { key, value, ids } of idsByPair.values()) {
    const group = JSON.stringify([value === null, ids]);
    const write = writes.get(group) ?? { ids, tags: {}, gone: [] };
    writes.set(group, write);
    if (value === null) write.gone.push(key);
    else write.tags[key] = value;
  }
  return [...writes.values()].map(({ ids, tags, gone }) =>
    gone.length > 0 ? { action: 'delete', ids, keys: gone } : { action: 'create', ids, tags },
  );
}
