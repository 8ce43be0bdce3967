/** The nouns of acting: what may be done to an instance, what was done, and what is known right before. */

import type { ReasonCode } from './reasons.ts';
import type { InstanceReport } from './report.ts';

/** Gentlest first. */
export const REMEDIES = ['restart-worker', 'restart-sshd', 'reboot'] as const;
export type Remedy = (typeof REMEDIES)[number];

/**
 * The state of an act. `begun`: the lease is taken, and it is not known whether the act was executed. `done`: it was
 * executed, and is given time to prove itself. `worked`: seen to have helped. `failed`: refused, or no help in time.
 */
export type ActState = 'begun' | 'done' | 'worked' | 'failed';

/** Something that was done to an instance, as in the record of recent acts. */
export interface Act {
  readonly remedy: Remedy;
  readonly instanceId: string;
  /** Its name at that time; absent in the record of an earlier version. */
  readonly name?: string;
  readonly at: Date;
  readonly state: ActState;
  /** `schedule`, or the name of a person. No decision depends on it. */
  readonly requester: string;
  /** First 8 of the boot id before it; null where it was not known. */
  readonly boot: string | null;
  /** When the trouble began that it should end; null where that is not known. */
  readonly since: Date | null;
  /** The reason that it should end, by the check right before it; absent where that is not known. */
  readonly trouble?: ReasonCode;
  /** Why it is certain that nothing was done, though the act was tried: it was refused, or came too soon for AWS. */
  readonly undone?: 'refused' | 'throttled';
}

/** As long as it lasts nothing is done: for any requester, or, where it is crawlwatch's own, by itself. */
export interface Pause {
  readonly who: string;
  readonly why: string;
  readonly from: Date;
  /** Null: until somebody resumes. */
  readonly until: Date | null;
}

/** What decisions are based on, as the table holds it. */
export interface ActRecord {
  /** Of the last 24 hours, oldest first; the last reboots in vain however old. */
  readonly acts: readonly Act[];
  readonly pause: Pause | null;
  /** When a person last resumed; null: nobody ever has. */
  readonly resumedAt: Date | null;
}

/** The guards that a person may set aside. */
export const OVERRIDES = ['asg', 'spot', 'event'] as const;
export type Override = (typeof OVERRIDES)[number];

/** Who asks for an act: crawlwatch's own schedule, or a person at a terminal or dashboard. */
export type Requester =
  | { readonly kind: 'schedule' }
  | { readonly kind: 'person'; readonly name: string; readonly overrides: readonly Override[] };

/** Sentences for a hang and against it, and on what could not be known. */
export interface FreshEvidence {
  readonly direct: readonly string[];
  readonly circumstantial: readonly string[];
  readonly against: readonly string[];
  /** What would have to be known first: figures not read, or not published yet. */
  readonly unknown: readonly string[];
}

export const NO_EVIDENCE: FreshEvidence = { direct: [], circumstantial: [], against: [], unknown: [] };

/** A check of one instance right before an act. */
export interface FreshCheck {
  readonly at: Date;
  readonly report: InstanceReport;
  /** Its result: `null` is well, `inconclusive`: it could not be checked. */
  readonly kind: 'measured' | 'hung' | 'inconclusive' | null;
  /** First 8 of the boot id; null where that was not read. */
  readonly boot: string | null;
  /** Evidence besides the path that failed, as sentences. */
  readonly evidence: FreshEvidence;
  /** What AWS has scheduled for it, as sentences; null where that could not be read. */
  readonly scheduledEvents: readonly string[] | null;
}

/** What holds an act back. Stable names: they are in the log and in the history. */
export const GUARDS = [
  'off',
  'opted-out',
  'not-opted-in',
  'unwatched',
  'not-running',
  'muted',
  'unreadable',
  'paused',
  'in-vain',
  'breaker',
  'window',
  'not-flagged',
  'not-needed',
  'unknown',
  'no-unit',
  'asg',
  'spot',
  'event',
  'evidence',
  'grace',
  'spacing',
  'in-flight',
  'budget',
  'lease',
  'refused',
  'escalated',
] as const;
export type Guard = (typeof GUARDS)[number];

/** The planner's decision on one instance: an act, or the guard that holds it back. */
export interface Decision {
  readonly instanceId: string;
  readonly name: string;
  /** The remedy that is due; `escalated`: crawlwatch has done what it may, and a person has to see to it. */
  readonly remedy: Remedy | 'escalated';
  /** Null: no guard holds it back. */
  readonly heldBy: Guard | null;
  /** Completes `NAME (i-...): restart-worker: ...`; printable ASCII, no full stop. */
  readonly why: string;
}

/** One entry in an instance's history. */
export interface HistoryEntry {
  readonly at: Date;
  readonly instanceId: string;
  readonly remedy: Remedy | 'escalated' | 'unflag' | 'ack';
  /** `held` with the guard, or the state of the act. */
  readonly outcome: ActState | 'held';
  readonly heldBy: Guard | null;
  readonly why: string;
  readonly requester: string;
  /** Saved before an act that would destroy it; printable ASCII lines, bounded. */
  readonly evidence: readonly string[];
}

/** What an act on record came to. */
export interface ActOutcome {
  /** With its state until now: `begun` where it isn't known whether it was executed. */
  readonly act: Act;
  /** The instance's name, or its id where it is gone. */
  readonly name: string;
  readonly outcome: 'worked' | 'failed';
  /** From the act to its proof, or to now. */
  readonly minutes: number;
  /** Printable ASCII, with its full stop. */
  readonly sentence: string;
  /** A restart has ended what else a reboot would have ended. */
  readonly rebootAvoided: boolean;
  /** From the beginning of the trouble to its end; null where it hasn't ended, or its beginning isn't known. */
  readonly recoveryMinutes: number | null;
}

/** One act of this run, and how it went. */
export interface ActNews {
  readonly decision: Decision;
  readonly act: Act;
  /** In the host's or EC2's words. */
  readonly text: string;
  readonly evidence: readonly string[];
}

export interface RemedyNews {
  /** Acts of earlier runs that are verified or given up. */
  readonly outcomes: readonly ActOutcome[];
  /** The pause of automatic acts that they bring about; null: none. */
  readonly pausedNow: Pause | null;
  readonly acted: readonly ActNews[];
  /** Instances for which crawlwatch can do no more, not yet mailed. */
  readonly escalated: readonly Decision[];
  readonly now: Date;
}

/** Whether there is anything to mail of it. */
export const isNews = ({ outcomes, pausedNow, acted, escalated }: Omit<RemedyNews, 'now'>): boolean =>
  outcomes.length > 0 || pausedNow !== null || acted.length > 0 || escalated.length > 0;
