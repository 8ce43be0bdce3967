/** What acting needs of the world. Every function but `execute` rejects where it fails. */

import type {
  Ack,
  Act,
  ActRecord,
  FreshCheck,
  HistoryEntry,
  Instance,
  MetricPoint,
  Pause,
  Remedy,
  RemedyNews,
  Stamp,
} from '../model/index.ts';

/** What an act came to, in the words of the host or of EC2. */
export interface Execution {
  /** Null: it is not known whether it was done. */
  readonly ok: boolean | null;
  /** Printable ASCII, one line of at most 300 characters, no full stop. */
  readonly text: string;
  /** Where AWS refused the call, so that nothing was done. */
  readonly undone?: Act['undone'];
}

export interface RemedyPorts {
  readonly clock: { now(): Date };
  readonly log: {
    info(event: string, fields?: Readonly<Record<string, unknown>>): void;
    error(event: string, fields?: Readonly<Record<string, unknown>>): void;
  };
  describeFleet(): Promise<readonly Instance[]>;
  describeInstance(id: string): Promise<Instance>;
  /** As of this moment. */
  readRecord(): Promise<ActRecord & { readonly version: number }>;
  /** @returns false where the record is no longer of this version */
  saveActs(version: number, acts: readonly Act[]): Promise<boolean>;
  savePause(pause: Pause): Promise<void>;
  saveResumed(who: string, at: Date): Promise<void>;
  /** Whether flagging was suppressed in the last check; null where that is not known. */
  wasSuppressed(): Promise<boolean | null>;
  freshCheck(one: Instance): Promise<FreshCheck>;
  rehearseReboot(id: string): Promise<void>;
  execute(remedy: Remedy, one: Instance, fresh: FreshCheck): Promise<Execution>;
  /** Remembers the act with the instance, for the checks, and shows it in a tag. */
  noteActed(id: string, acted: Stamp): Promise<void>;
  removeFlag(id: string): Promise<void>;
  /** Remembers with its incident that a person knows of it; null takes that back. */
  saveAck(id: string, ack: Pick<Ack, 'by' | 'at' | 'why'> | null): Promise<void>;
  saveHistory(entry: HistoryEntry): Promise<void>;
  /** Newest first. */
  readHistory(id: string, most?: number): Promise<readonly HistoryEntry[]>;
  /** Mails what this run has to say. */
  notify(news: RemedyNews): Promise<void>;
  publish(points: readonly MetricPoint[], at: Date): Promise<void>;
}

export interface RemedyOptions {
  /** Milliseconds from now in which an act may begin or go on. */
  readonly deadlineMs: number;
}
