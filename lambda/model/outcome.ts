/** What one probe of an instance came to, from the bytes that came back to the verdict on them. */
import type { Instance } from './instance.ts';
import type { FailureReason, Reason, Status } from './reasons.ts';
import type { Vitals } from './vitals.ts';

/** What came back from one host, before it is read. Output is untrusted bytes, at most 64 KiB. */
export type Reply =
  | { readonly kind: 'output'; readonly output: string; readonly hostKey?: string }
  | {
      readonly kind: 'failed';
      readonly reason: FailureReason;
      /** One sentence: what happened on the wire, and where. */
      readonly text: string;
      /** What the host had printed by then. */
      readonly output?: string;
      readonly hostKey?: string;
    };

/** What one probe of one instance came to. */
export type ProbeOutcome =
  | {
      readonly kind: 'vitals';
      readonly vitals: Vitals;
      /** False when the host answered but could start no process. */
      readonly couldFork: boolean;
      /** Things worth a line that change no status, e.g. `12 more mounts`. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly text: string };

export type Recommendation = 'none' | 'restart-worker' | 'restart-sshd' | 'reboot' | 'investigate';

export interface Forecast {
  /** Minutes until it runs out; null where there is no confidence. */
  readonly memoryMinutes: number | null;
  readonly diskMinutes: number | null;
}

/** A sample of one resource: `available` as a share of the total, 0 to 1. */
export interface Sample {
  readonly at: Date;
  readonly available: number;
}

/** Past samples, oldest first. */
export interface History {
  readonly memory: readonly Sample[];
  readonly disk: readonly Sample[];
}

/** One instance's verdict in one check. */
export interface Assessment {
  readonly status: Status;
  /** Worst first; empty when OK. */
  readonly reasons: readonly Reason[];
  readonly notes: readonly string[];
  readonly recommendation: Recommendation;
  readonly forecast: Forecast;
}

/** The last figures of an instance before it fell silent, as shares available, 0 to 1. */
export interface LastGood {
  readonly at: Date;
  readonly memory: number;
  readonly disk: number | null;
}

/** What EC2 and the metrics say of an instance that hangs, as it came. */
export interface RawEvidence {
  readonly ec2Impaired: boolean | null;
  /** The console as the guest wrote it, one character a byte, at most 64 KiB; null where it could not be had. */
  readonly console: string | null;
  readonly lastGood: LastGood | null;
  readonly gaps: readonly string[];
}

/** What one probe of one instance came to, as the pipeline hands it on. */
export interface ProbedInstance {
  readonly instance: Instance;
  readonly outcome: ProbeOutcome;
  /** Fingerprint that the host showed; pinned once the host let us in. */
  readonly hostKey: string | null;
  readonly durationMs: number;
}
