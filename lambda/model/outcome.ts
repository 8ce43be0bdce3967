/** What one probe of an instance came to, from the bytes that came back to the verdict on them. */
import type { Growth, ProcessSnapshot } from './growth.ts';
import type { Instance } from './instance.ts';
import type { FailureReason, Reason, Status } from './reasons.ts';
import type { Vitals } from './vitals.ts';

/** What came back from one host, before it is read. Output is untrusted bytes, at most 64 KiB. */
export type Reply =
  | {
      readonly kind: 'output';
      readonly output: string;
      /** The error stream, at most 4 KiB; absent: it was empty, or is the output. */
      readonly errors?: string;
      /** How the login's command ended; absent: it was cut off, or the transport has no such thing. */
      readonly exitStatus?: number;
      readonly hostKey?: string;
    }
  | {
      readonly kind: 'failed';
      readonly reason: FailureReason;
      /** One sentence: what happened on the wire, and where. */
      readonly text: string;
      /** What the host had printed by then. */
      readonly output?: string;
      /** What it had said besides: the error stream and the login's messages, at most 8 KiB. */
      readonly errors?: string;
      /** AWS refused to send the host anything. */
      readonly unsent?: 'refused' | 'throttled';
      readonly hostKey?: string;
      /** Whether the host's own kernel had accepted a connection; absent: as the reason implies (wasReached). */
      readonly reached?: boolean;
    };

/** What one probe of one instance came to. */
export type ProbeOutcome =
  | {
      readonly kind: 'vitals';
      readonly vitals: Vitals;
      /** False when the host answered but could start no process. */
      readonly couldFork: boolean;
      /** Our deadline cut it off after these vitals: it is slow now, not only in the seconds before. */
      readonly isSlow?: boolean;
      /** Things worth a line that change no status, e.g. `12 more mounts`. */
      readonly notes: readonly string[];
    }
  | {
      readonly kind: 'failed';
      readonly reason: FailureReason;
      readonly text: string;
      /** As in the reply. */
      readonly reached?: boolean;
      /** What the host had said before it failed, a sentence each; absent: nothing. */
      readonly notes?: readonly string[];
    };

/** Failures after the host's TCP connection was accepted, before its sshd had said a word. */
const ACCEPTED: readonly FailureReason[] = ['ConnectionReset', 'ClosedBeforeBanner', 'BannerTimeout'];
/** Failures after the host's sshd or its SSM agent itself had answered. */
const ANSWERED: readonly FailureReason[] = [
  'HandshakeTimeout',
  'CommandTimeout',
  'ForkFailed',
  'ConnectionLost',
  'InstanceConnectRefused',
];

/**
 * Whether the host itself was reached: its own kernel accepted the connection, or its agent took the command. A cut road
 * never gives that, so what failed afterwards failed on the host. Asked of a hung instance: what is inconclusive says
 * nothing about its kernel and counts as not reached. ConnectionRefused counts as not reached: a firewall
 * on the way rejects in the same way. Through a jump host an open channel alone proves nothing, unless the transport
 * knows that this jump host opens one only once it is connected (`reached` is then set).
 */
export function wasReached(outcome: ProbeOutcome, { login }: Pick<Instance, 'login'>): boolean {
  if (outcome.kind === 'vitals') return true;
  if (outcome.reached !== undefined) return outcome.reached;
  return ANSWERED.includes(outcome.reason) || (ACCEPTED.includes(outcome.reason) && (login.jumps ?? []).length === 0);
}

export type Recommendation = 'none' | 'restart-worker' | 'restart-sshd' | 'reboot' | 'investigate';

export interface Forecast {
  /** Minutes until it runs out; null where there is no confidence. */
  readonly memoryMinutes: number | null;
  readonly diskMinutes: number | null;
  /** Who took the memory that was lost; absent where none is clear. */
  readonly grew?: Growth;
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
  /** Who held the memory in the past six hours, of hosts that were low or falling; absent: not known. */
  readonly processes?: readonly ProcessSnapshot[];
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

/** What one probe of one instance came to, as the pipeline hands it on. */
export interface ProbedInstance {
  readonly instance: Instance;
  readonly outcome: ProbeOutcome;
  /** Fingerprint that the host showed; pinned once the host let us in. */
  readonly hostKey: string | null;
  readonly durationMs: number;
}
