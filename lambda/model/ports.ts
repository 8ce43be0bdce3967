/** What features need of the world. The caller that starts a check or an act passes these in. */
import type { RawEvidence } from './evidence.ts';
import type { Instance, Transport } from './instance.ts';
import type { Reply } from './outcome.ts';

/** What the time is, so that pure code never asks the machine. */
export interface Clock {
  now(): Date;
}

/** Structured log: `event` is `noun.verb` and stable. */
export interface Log {
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

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

/** The ways to ask instances that are there, by name. */
export type Transports = Readonly<Partial<Record<Transport, ProbeTransport>>>;

/** What else is known of instances that are due for a flag: EC2's status, metrics, the console, the last figures. */
export type GatherEvidence = (instances: readonly Instance[]) => Promise<ReadonlyMap<string, RawEvidence>>;
