/** The nouns of evidence: what AWS and the samples say of an instance that hangs, and what that speaks for. */

/** What EC2's status checks say is impaired. */
export interface Impairment {
  readonly what: 'system' | 'instance' | 'volumes';
  /** Null where EC2 doesn't say. */
  readonly since: Date | null;
}

/**
 * What the hypervisor measured over five minutes: metrics of AWS/EC2, which no guest can forge and no cut network can
 * hold back. Null: not published.
 */
export interface HypervisorPeriod {
  /** When the five minutes began. */
  readonly at: Date;
  /** Bytes. */
  readonly networkOut: number | null;
  readonly packetsOut: number | null;
  /** Percent, on average. */
  readonly cpu: number | null;
  /** Read operations on its EBS volumes; only Nitro instances have them. */
  readonly readOps: number | null;
  /** CPU credits left at most; only burstable instances have them. */
  readonly credits: number | null;
}

/** The last figures of an instance before it fell silent, as shares available, 0 to 1. */
export interface LastGood {
  readonly at: Date;
  readonly memory: number;
  readonly disk: number | null;
}

/** The console of an instance as the guest wrote it. */
export interface ConsoleOutput {
  /** One character a byte, at most 64 KiB. */
  readonly text: string;
  /** When EC2 last took it from the instance; null where EC2 doesn't say. */
  readonly at: Date | null;
}

/** What EC2, CloudWatch and the samples say of an instance that hangs, as it came. */
export interface RawEvidence {
  /** Empty: nothing is impaired. Null: not known. */
  readonly impaired: readonly Impairment[] | null;
  /** Null where it could not be had. */
  readonly console: ConsoleOutput | null;
  /** Oldest first, of a day before it failed and since. Null where they could not be read. */
  readonly hypervisor: readonly HypervisorPeriod[] | null;
  readonly lastGood: LastGood | null;
  /** When memory was to run out, by the forecast at its last answer; null: there was none. */
  readonly memoryEndsAt: Date | null;
  /** What could not be asked, a sentence each. */
  readonly gaps: readonly string[];
}

export type EvidenceKind = 'other transport' | 'EC2' | 'hypervisor' | 'console' | 'last figures';

export interface EvidenceItem {
  readonly kind: EvidenceKind;
  /** For a hang, to follow "corroborated by"; against it, a clause with "it". */
  readonly text: string;
  /** Direct, but a host that is only cut off may give it too: enough for a flag, never for an automatic reboot. */
  readonly flagsOnly?: true;
}
