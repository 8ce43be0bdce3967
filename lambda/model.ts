/** The nouns of crawlwatch. Types and small tables only: no behaviour, no service. */
import type { OwnTagKey } from './names.ts';
import type { FailureReason, ReasonCode, Status } from './reasons.ts';
import type { Vitals } from './vitals.ts';

export * from './acts.ts';
export * from './reasons.ts';
export * from './vitals.ts';

export interface Reason {
  readonly code: ReasonCode;
  /** One sentence with the numbers. May quote the host: escape it where it is shown. */
  readonly text: string;
}

/** How an instance was asked. */
export type Transport = 'local' | 'ssh' | 'ssm' | 'file';

export interface Whereabouts {
  readonly region: string | null;
  readonly account: string | null;
  /** In another Region or account than crawlwatch's own; absent: at home. */
  readonly elsewhere?: boolean;
}

/** An instance as a source knows it, before anything is decided. */
export interface DescribedInstance extends Whereabouts {
  /** `i-...`, or the inventory's name. */
  readonly id: string;
  readonly name: string;
  /** EC2's state name; a host from an inventory counts as `running`. */
  readonly state: string;
  /** EC2's platform details, e.g. `Linux/UNIX` or `Windows`. */
  readonly platform: string;
  /** Where SSH connects, by the address setting; IPv4 or IPv6, or a name from an inventory. Never with a port. */
  readonly address: string | null;
  readonly launchedAt: Date | null;
  readonly tags: Readonly<Record<string, string>>;
  /** What an inventory says of the login; EC2 says it by the `crawlwatch:ssh` tag. */
  readonly login?: Partial<Login>;
  /** A Spot instance, which EC2 may take away; absent where the source knows of no such thing. */
  readonly spot?: boolean;
}

export interface Login {
  readonly user: string;
  readonly port: number;
  /** Path of a private key file; null: the transport's own key. */
  readonly privateKeyPath: string | null;
  /** Jump hosts on the way, the nearest first (ssh's ProxyJump); absent: none. */
  readonly jumps?: readonly JumpHost[];
}

/** A host that is logged in to only to reach another from there. */
export interface JumpHost {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly privateKeyPath: string | null;
}

/** One instance that is to be probed. */
export interface Instance extends Whereabouts {
  readonly id: string;
  readonly name: string;
  readonly address: string | null;
  readonly launchedAt: Date | null;
  readonly transport: Transport;
  readonly login: Login;
  /** The systemd unit (or process name) of the crawler; null where none is named. */
  readonly worker: string | null;
  /** A worker is expected here, named or not. */
  readonly workerExpected: boolean;
  /** The probe is to ask over SSM whether sshd answers. */
  readonly sshdExpected: boolean;
  /** Muted until then; null when not muted. An unreadable mute is `unreadable`: it alerts, but never acts. */
  readonly mutedUntil: Date | 'unreadable' | null;
  readonly memory: RememberedState;
  /** A tag that can't be read as it stands; the instance is not probed. */
  readonly problem: Reason | null;
}

/** An instance that carries the watch tag and is not probed. */
export interface SkippedInstance {
  readonly id: string;
  readonly name: string;
  readonly why: string;
}

/** What crawlwatch's own tags say of the last checks. Unreadable values read as absent. */
export interface RememberedState {
  readonly status: Status | null;
  /** What stood at the last check, all of one kind; the first `told` of them have been mailed. */
  readonly reasons: readonly ReasonCode[];
  readonly told: number;
  /** Mailed before it stopped answering, their end not yet known. */
  readonly kept: readonly ReasonCode[];
  /** What happened since the last mail that could have told it. */
  readonly events: readonly ReasonCode[];
  /** How many checks an UNKNOWN has stood, 1 to 3. */
  readonly stood: number;
  readonly since: Date | null;
  readonly failures: number;
  readonly flag: { readonly reason: ReasonCode; readonly at: Date } | null;
  /** SHA256 fingerprint, as `ssh-keygen -l` prints it: `SHA256:...` without padding. */
  readonly hostKey: string | null;
  readonly seen: { readonly boot: string; readonly oomKills: number | null } | null;
  readonly acted: string | null;
}

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

/** One instance in the report: DESIGN of the JSON, version 1. */
export interface InstanceReport extends Whereabouts {
  readonly id: string;
  readonly name: string;
  readonly address: string | null;
  readonly transport: Transport;
  readonly status: Status;
  /** ISO 8601 UTC, when that status began; null where nothing remembers. */
  readonly since: string | null;
  readonly reasons: readonly Reason[];
  readonly notes: readonly string[];
  readonly evidence: readonly string[];
  readonly recommendation: Recommendation;
  readonly flagged: boolean;
  readonly durationMs: number;
  readonly vitals: Vitals | null;
  readonly forecast: Forecast;
}

export type Summary = Readonly<Record<'checked' | 'ok' | 'warning' | 'critical' | 'unknown', number>>;

export interface Report {
  readonly version: 1;
  readonly checkedAt: string;
  readonly source: 'local' | 'hosts' | 'inventory' | 'file' | 'aws';
  readonly durationMs: number;
  readonly summary: Summary;
  readonly instances: readonly InstanceReport[];
  readonly skipped: readonly SkippedInstance[];
  /** What went wrong with the check itself, a sentence each. */
  readonly problems: readonly string[];
}

/** One value to publish. No dimensions: a fleet metric. */
export interface MetricPoint {
  readonly name: string;
  readonly value: number;
  readonly unit: 'Percent' | 'Count' | 'Milliseconds' | 'None';
  readonly dimensions: MetricDimensions | null;
}

/** The last two only of instances elsewhere: those at home keep the series that they have. */
export type MetricDimensions = Readonly<Record<'InstanceId' | 'Name', string> & { Region?: string; Account?: string }>;

/** One mail. */
export interface Alert {
  /** Under 100 ASCII characters, one line. */
  readonly subject: string;
  readonly body: string;
  readonly attributes: {
    readonly status: Status;
    readonly reasons: readonly ReasonCode[];
    readonly instanceIds: readonly string[];
  };
}

/** One CreateTags or DeleteTags call: the same for every id in it. */
export type TagWrite =
  | {
      readonly action: 'create';
      readonly ids: readonly string[];
      readonly tags: Readonly<Partial<Record<OwnTagKey, string>>>;
    }
  | { readonly action: 'delete'; readonly ids: readonly string[]; readonly keys: readonly OwnTagKey[] };

export interface TagFailure {
  readonly id: string;
  readonly text: string;
}
