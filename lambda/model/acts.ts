/** The nouns of acting: what may be done to an instance, what was done, and what is known right before. */

import type { ReasonCode } from './reasons.ts';
import type { InstanceReport } from './report.ts';

/** Gentlest first. */
export const REMEDIES = ['restart-worker', 'restart-sshd', 'reboot'] as const;
export type Remedy = (typeof REMEDIES)[number];

/**
 * Where an act stands. `begun`: the lease is taken, and whether the host or EC2 was told is not known. `done`: it was
 * taken, and has its time to prove itself. `worked`: seen to have helped. `failed`: refused, or it didn't help in time.
 */
export type ActState = 'begun' | 'done' | 'worked' | 'failed';

/** Something that was done to an instance, as the record of recent acts has it. */
export interface Act {
  readonly remedy: Remedy;
  readonly instanceId: string;
  readonly at: Date;
  readonly state: ActState;
  /** `schedule`, or who asked for it. Data only: it decides nothing. */
  readonly asker: string;
  /** First 8 of the boot id before it; null where it was not known. */
  readonly boot: string | null;
  /** When the trouble began that it was to end; null where that is not known. */
  readonly since: Date | null;
  /** The reason it was to end, as the check right before it saw it; absent where that is not known. */
  readonly trouble?: ReasonCode;
}

/** Nothing is done while this stands, whoever asks. */
export interface Pause {
  readonly who: string;
  readonly why: string;
  readonly from: Date;
  /** Null: until somebody resumes. */
  readonly until: Date | null;
}

/** What the table holds that a decision is made upon. */
export interface ActRecord {
  /** Of the last 24 hours, oldest first. */
  readonly acts: readonly Act[];
  readonly pause: Pause | null;
}

/** A guard that a person may set aside, by name. */
export const OVERRIDES = ['asg', 'spot', 'event'] as const;
export type Override = (typeof OVERRIDES)[number];

/** Whoever asks for an act. */
export type Asker =
  | { readonly kind: 'schedule' }
  | { readonly kind: 'person'; readonly name: string; readonly overrides: readonly Override[] };

/** One instance, asked anew right before an act. */
export interface FreshCheck {
  readonly at: Date;
  readonly report: InstanceReport;
  /** What it came to: `null` is well, `ours` is not known. */
  readonly kind: 'measured' | 'hung' | 'inconclusive' | null;
  /** First 8 of the boot id; null where it did not tell. */
  readonly boot: string | null;
  /** Who bears a hang out, of another kind than the path that failed; sentences. */
  readonly witnesses: readonly string[];
  /** What AWS has scheduled for it, as sentences; null where that could not be read. */
  readonly scheduledEvents: readonly string[] | null;
}

/** What holds an act back. Stable names: they are logged and stand in the history. */
export const GUARDS = [
  'off',
  'opted-out',
  'unwatched',
  'not-running',
  'muted',
  'unreadable',
  'paused',
  'breaker',
  'window',
  'not-flagged',
  'not-needed',
  'unknown',
  'no-unit',
  'asg',
  'spot',
  'event',
  'one-witness',
  'grace',
  'spacing',
  'in-flight',
  'budget',
  'lease',
  'refused',
  'person',
] as const;
export type Guard = (typeof GUARDS)[number];

/** What the planner says of one instance: the act, or which guard held it back. */
export interface Decision {
  readonly instanceId: string;
  readonly name: string;
  /** The rung that is due; `person`: crawlwatch has done what it may, or none of its acts would help. */
  readonly remedy: Remedy | 'person';
  /** Null: nothing stands against it. */
  readonly heldBy: Guard | null;
  /** Completes `NAME (i-...): restart-worker: ...`; printable ASCII, no full stop. */
  readonly why: string;
}

/** One line of an instance's history. */
export interface HistoryEntry {
  readonly at: Date;
  readonly instanceId: string;
  readonly remedy: Remedy | 'person' | 'unflag';
  /** `held` with the guard, or how the act stands. */
  readonly outcome: ActState | 'held';
  readonly heldBy: Guard | null;
  readonly why: string;
  readonly asker: string;
  /** Saved before an act that would destroy it; printable ASCII lines, bounded. */
  readonly evidence: readonly string[];
}
