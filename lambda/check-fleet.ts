/**
 * THE PIPELINE: the only file that knows the order of a check, and what a check needs of the world.
 *
 *     discover -> probe -> assess -> publish | (notify, then tags)
 */
import type {
  Alert,
  DescribedInstance,
  Evidence,
  History,
  Instance,
  InstanceReport,
  MetricPoint,
  Reply,
  TagFailure,
  TagWrite,
  Transport,
} from './model.ts';

/** One run of a transport over its instances. */
export interface ProbeRun {
  /** Aborted when the run's time is up or a person gave up: close every connection at once. */
  readonly signal: AbortSignal;
  /** Deadline of one host, in milliseconds from when its turn begins. */
  readonly hostDeadlineMs: number;
  /** Hosts asked at the same time. */
  readonly forks: number;
  /** The probe script's text. */
  readonly script: string;
  /** To be called once per instance, as soon as its reply is there. */
  reply(id: string, reply: Reply, durationMs: number): void;
}

/**
 * Asks each instance for its vitals. Resolves when every instance has had its reply or the signal fired.
 * A rejection means that the transport failed as a whole: those without a reply read `NotChecked`.
 */
export type ProbeTransport = (instances: readonly Instance[], run: ProbeRun) => Promise<void>;

export interface Clock {
  now(): Date;
}

/** Structured log: `event` is `noun.verb` and stable. */
export interface Log {
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Where a check's results go. A check that only reads has none. */
export interface Outlets {
  publish(points: readonly MetricPoint[], at: Date): Promise<void>;
  notify(alert: Alert): Promise<void>;
  /** Returns the instances whose tags could not be written, each with why. */
  writeTags(writes: readonly TagWrite[]): Promise<readonly TagFailure[]>;
  /** What else is known of instances that are about to be flagged; EC2's status and console. */
  gatherEvidence(instances: readonly Instance[]): Promise<ReadonlyMap<string, Evidence>>;
  /** Whether flagging was suppressed in the last check that published; null when none did. */
  wasSuppressed(): Promise<boolean | null>;
}

/** What a check needs of the world. */
export interface Ports {
  readonly source: 'local' | 'hosts' | 'inventory' | 'file' | 'aws';
  readonly clock: Clock;
  readonly log: Log;
  readonly transports: Readonly<Partial<Record<Transport, ProbeTransport>>>;
  /** Every instance that carries the watch tag, whatever its state. Rejects when it can't be told. */
  discover(): Promise<readonly DescribedInstance[]>;
  /** Past samples, for forecasts; instances without any are absent. */
  history(instances: readonly Instance[]): Promise<ReadonlyMap<string, History>>;
  readonly outlets: Outlets | null;
  /** Called as hosts finish. */
  readonly watch?: {
    discovered?(count: number): void;
    assessed?(instance: InstanceReport): void;
  };
}
