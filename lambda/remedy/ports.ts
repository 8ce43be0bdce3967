/** What acting needs of the world. Every function but `carryOut` rejects where it fails. */
import type {
  Act,
  ActRecord,
  Alert,
  Decision,
  FreshCheck,
  HistoryEntry,
  Instance,
  MetricPoint,
  Pause,
  Remedy,
} from '../model/index.ts';
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
  /** Whether flagging was suppressed in the last check; null when none tells. */
  wasSuppressed(): Promise<boolean | null>;
  freshCheck(one: Instance): Promise<FreshCheck>;
  rehearseReboot(id: string): Promise<void>;
  /** `ok` null: it is not known whether it was done. */
  carryOut(
    remedy: Remedy,
    one: Instance,
    fresh: FreshCheck,
  ): Promise<{ readonly ok: boolean | null; readonly text: string }>;
  tagActed(id: string, stamp: string): Promise<void>;
  removeFlag(id: string): Promise<void>;
  saveHistory(entry: HistoryEntry): Promise<void>;
  /** Newest first. */
  readHistory(id: string, most?: number): Promise<readonly HistoryEntry[]>;
  notify(alert: Alert): Promise<void>;
  publish(points: readonly MetricPoint[], at: Date): Promise<void>;
}

/** The answer to whoever asked. In JSON its dates are ISO 8601. */
export interface RemedyAnswer {
  readonly done: boolean;
  /** Null where what was given is no instance's id, or it is about the whole stack. */
  readonly instanceId: string | null;
  readonly why: string;
  readonly decisions?: readonly Decision[];
  readonly history?: readonly HistoryEntry[];
  readonly pause?: Pause | null;
  readonly acts?: readonly Act[];
  /** What went wrong beside, a sentence each. */
  readonly problems?: readonly string[];
}

export interface RemedyOptions {
  /** Milliseconds from now in which an act may begin or go on. */
  readonly deadlineMs: number;
}
