/** What a mail says of one host: from it come its place in the mail, the subject, the lines, and the entry for chat and events. */

import type { AlertEntry, Instance, ReasonCode, Status } from '../model/index.ts';
import type { Step } from './commands.ts';

/** In the order of a mail, the most urgent first: what a person must do, what crawlwatch does, what is over. */
export const URGENCY = [
  'suppressed',
  'in vain',
  'not done',
  'flagged',
  'reminder',
  'critical',
  'held',
  'rebooting',
  'restarted',
  'waiting',
  'unknown',
  'warning',
  'recovered',
  'departed',
  'event',
] as const;
export type Urgency = (typeof URGENCY)[number];

export interface HostNews {
  readonly id: string;
  readonly name: string;
  /** Null where only the record of acts speaks of it. */
  readonly instance: Instance | null;
  readonly status: Status;
  readonly codes: readonly ReasonCode[];
  readonly change: AlertEntry['change'];
  readonly openedAt: Date | null;
  readonly urgency: Urgency;
  /** First in the subject: `CRIT`, `FLAGGED`. */
  readonly word: string;
  /** Behind the name in the subject: `disk 96%`. */
  readonly reason: string;
  /** To follow `Do:`; null: nothing is to be done. */
  readonly todo: string | null;
  /** To follow `Nothing to do:` where that is so. */
  readonly handled: string;
  /** Behind the name in the mail: `FLAGGED FOR REBOOT: SSH silent`. */
  readonly what: string;
  /** `since 08:05 UTC (10 minutes)`; null where that says nothing. */
  readonly since: string | null;
  /** Sentences of ours. */
  readonly notes: readonly string[];
  /** What was seen and said, a line each. */
  readonly said: readonly string[];
  readonly steps: readonly Step[];
  /** Many with the same share a block; null: it has its own. */
  readonly cause: string | null;
}
