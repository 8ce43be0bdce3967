/** What is remembered of instances between checks: the nouns of state.json.gz. */
import type { ReasonCode, Status } from './reasons.ts';

/**
 * One check of one instance. `.` OK, `w` WARNING, `c` CRITICAL by measurement, `h` hung, `k` hung but ambiguous,
 * `u` inconclusive, `-` not checked.
 */
export type Letter = '.' | 'w' | 'c' | 'h' | 'k' | 'u' | '-';
export type IncidentClass = Exclude<Letter, '.' | '-'>;

/** What was done or noted, and when: `reboot@2026-11-22T08:05:00Z`. */
export interface Stamp {
  readonly what: string;
  readonly at: Date;
}

/** The strongest evidence on a hang; `against` where there is any, however much there is for it. */
export const EVIDENCE_STRENGTHS = ['direct', 'circumstantial', 'none', 'against'] as const;
export type EvidenceStrength = (typeof EVIDENCE_STRENGTHS)[number];

export interface RebootFlag {
  readonly reason: ReasonCode;
  readonly at: Date;
  /** What it was decided on; absent in tags, and in what an earlier version wrote: then it is not known. */
  readonly evidence?: EvidenceStrength;
}

/** What one check decided about flagging an instance, in sentences that `crawlwatch why` shows. */
export interface PastDecision {
  readonly at: Date;
  readonly flag: boolean;
  readonly why: string;
  /** The evidence for a hang and against it. */
  readonly for: readonly string[];
  readonly against: readonly string[];
}

/** That a person knows of an incident: no reminders until it changes. */
export interface Ack {
  /** `ann@laptop`, as the remedy function was given it. */
  readonly by: string;
  readonly at: Date;
  readonly why: string | null;
  /** The worst class and the reasons that they knew of. */
  readonly class: IncidentClass;
  readonly codes: readonly ReasonCode[];
}

/** Trouble of one instance from the first check that isn't good until it has ended. */
export interface Incident {
  readonly openedAt: Date;
  /** The worst class that was ever due for a mail. */
  readonly due: IncidentClass | null;
  /** The worst class that a mail has named; null: none has. */
  readonly mailed: IncidentClass | null;
  readonly mailedAt: Date | null;
  /** Every reason it had, in order of appearance; bounded. */
  readonly codes: readonly ReasonCode[];
  /** Mails have said why it is not flagged, that it is, and that a reboot did not help. */
  readonly heldMailed: boolean;
  readonly flagMailed: boolean;
  readonly vainMailed: boolean;
  /** Absent: nobody has acknowledged it, or it has changed since and that was mailed. */
  readonly ack?: Ack;
}

/** What the last answer with a boot id said, as far as the next one is compared with it. */
export interface Seen {
  /** The first eight characters of the boot id. */
  readonly boot: string;
  readonly oomKills: number | null;
  /**
   * Mounts that were writable in this boot, as short hashes: one that is mounted read-only from the start is no fault.
   * Absent: the root is all there is, and writable; such a host costs nothing here.
   */
  readonly writable?: readonly string[];
  /** How long all tasks had waited for memory by then; kept only where they did much of the ten seconds before. */
  readonly waited?: { readonly upSeconds: number; readonly fullMicros: number };
  /** What was free of swap at some time of the past hour; kept only of hosts that have swap and little memory left. */
  readonly swap?: { readonly upSeconds: number; readonly freeBytes: number };
}

export interface InstanceState {
  /** The last 24 checks, the newest last. */
  readonly letters: string;
  /** How many of them came after the last end that was mailed. */
  readonly fresh: number;
  readonly incident: Incident | null;
  /** When its last incidents ended, of six hours. */
  readonly ends: readonly Date[];
  /** When mails named it, of the last 24 hours. */
  readonly mails: readonly Date[];
  /** What the last check said, and since when that is so. */
  readonly status: Status | null;
  readonly reasons: readonly ReasonCode[];
  readonly since: Date | null;
  /** Checks in a row that found it hung, and when the first of them was. */
  readonly failures: number;
  readonly failingSince: Date | null;
  readonly flag: RebootFlag | null;
  /** The last remedy, or a boot that somebody else caused. */
  readonly acted: Stamp | null;
  /** SHA256 fingerprint of the host key, as `ssh-keygen -l` prints it: `SHA256:...` without padding. */
  readonly pin: string | null;
  /** The tag `crawlwatch:host-key` said `renew`, and that was done. */
  readonly renewed: boolean;
  readonly seen: Seen | null;
  /** When it booted, by the uptime of its first answer since; null: not known. */
  readonly bootedAt: Date | null;
  /**
   * When its memory was given back by force in the past week: OOM kills, remedies, and boots before `bootedAt`, oldest
   * first. Absent: not known of any.
   */
  readonly freed?: readonly Date[];
  /** What happened since the last mail, such as an OOM kill. */
  readonly events: readonly ReasonCode[];
  /** The last six decisions about a flag, the newest last; checks that decided nothing leave none. */
  readonly decisions: readonly PastDecision[];
}

/** Of an instance that no check has seen yet. */
export const NOTHING_REMEMBERED: InstanceState = {
  letters: '',
  fresh: 0,
  incident: null,
  ends: [],
  mails: [],
  status: null,
  reasons: [],
  since: null,
  failures: 0,
  failingSince: null,
  flag: null,
  acted: null,
  pin: null,
  renewed: false,
  seen: null,
  bootedAt: null,
  events: [],
  decisions: [],
};

export interface Mailing {
  /** The first attempt, and the last: in between the same news may have gone out more than once. */
  readonly since: Date;
  readonly at: Date;
  /** The last that held all that was due; absent: the last one did. */
  readonly whole?: Date;
}

/** The state of the whole fleet: one file. */
export interface FleetState {
  /** When the last check wrote it, one that repeated another left out; null: none has. */
  readonly at: Date | null;
  readonly instances: ReadonlyMap<string, InstanceState>;
  readonly breaker: {
    readonly suppressed: boolean;
    readonly mailed: boolean;
    /** What was suspended: `the fleet`, or failure domains by name; absent where an earlier version wrote it. */
    readonly suspended?: readonly string[];
  };
  /** A mail that may or may not have gone out: nothing was written since, or its answer was lost. */
  readonly mailing: Mailing | null;
  /**
   * Since when a check waits for the remedy function, before its mail; null or absent: none does. Of that check's mail
   * nothing has gone out yet.
   */
  readonly asking?: Date | null;
}

export const EMPTY_STATE: FleetState = {
  at: null,
  instances: new Map(),
  breaker: { suppressed: false, mailed: false },
  mailing: null,
};
