/** The nouns of crawlwatch. Types and small tables only: no behaviour, no service. */
import type { OwnTagKey } from './names.ts';

export type Status = 'OK' | 'WARNING' | 'CRITICAL' | 'UNKNOWN';

/**
 * What kind of statement a reason makes.
 * `measured`: the host told us. `event`: it happened once. `hung`: SSH or the agent no longer serves a login.
 * `weak`: hung, but something else explains it as well. `ours`: the check itself could not be made.
 */
export type ReasonClass = 'measured' | 'event' | 'hung' | 'weak' | 'ours';

/** Every reason code, with its class. Nothing else may stand in a status. */
export const REASON_CLASS = {
  MemoryLow: 'measured',
  MemoryExhaustionForecast: 'measured',
  MemoryPressure: 'measured',
  DiskLow: 'measured',
  DiskFillForecast: 'measured',
  InodesLow: 'measured',
  ReadOnlyFilesystem: 'measured',
  MemoryExhaustedResponsive: 'measured',
  WorkerDown: 'measured',
  SshdDown: 'measured',
  OomKill: 'event',
  ConnectTimeout: 'hung',
  ConnectionReset: 'hung',
  ClosedBeforeBanner: 'hung',
  BannerTimeout: 'hung',
  HandshakeTimeout: 'hung',
  CommandTimeout: 'hung',
  ForkFailed: 'hung',
  SsmConnectionLost: 'hung',
  SsmDeliveryTimedOut: 'hung',
  ConnectionRefused: 'weak',
  ConnectionLost: 'weak',
  InstanceConnectRefused: 'weak',
  AuthenticationFailed: 'ours',
  HostKeyMismatch: 'ours',
  HostKeyUnknown: 'ours',
  NegotiationFailed: 'ours',
  ProtocolError: 'ours',
  HostUnreachable: 'ours',
  NoAddress: 'ours',
  NameNotResolved: 'ours',
  ExecRefused: 'ours',
  SshThrottled: 'ours',
  SsmNotManaged: 'ours',
  SsmAccessDenied: 'ours',
  BadOverride: 'ours',
  Unparsable: 'ours',
  /** The run's time was up before this instance had its turn, or its transport failed as a whole. */
  NotChecked: 'ours',
} as const satisfies Record<string, ReasonClass>;

export type ReasonCode = keyof typeof REASON_CLASS;
type CodeOf<C extends ReasonClass> = {
  [K in ReasonCode]: (typeof REASON_CLASS)[K] extends C ? K : never;
}[ReasonCode];
export type MeasuredReason = CodeOf<'measured' | 'event'>;
/** Why no vitals came. */
export type FailureReason = CodeOf<'hung' | 'weak' | 'ours'>;

export interface Reason {
  readonly code: ReasonCode;
  /** One sentence with the numbers. May quote the host: escape it where it is shown. */
  readonly text: string;
}

/** How an instance was asked. */
export type Transport = 'local' | 'ssh' | 'ssm' | 'file';

/** An instance as a source knows it, before anything is decided. */
export interface DescribedInstance {
  /** `i-...`, or the inventory's name. */
  readonly id: string;
  readonly name: string;
  /** EC2's state name; a host from an inventory counts as `running`. */
  readonly state: string;
  /** EC2's platform details, e.g. `Linux/UNIX` or `Windows`. */
  readonly platform: string;
  /** Where SSH connects, by the address setting; IPv4 or IPv6, or a name from an inventory. Never with a port. */
  readonly address: string | null;
  readonly region: string | null;
  readonly account: string | null;
  readonly launchedAt: Date | null;
  readonly tags: Readonly<Record<string, string>>;
  /** What an inventory says of the login; EC2 says it by the `crawlwatch:ssh` tag. */
  readonly login?: Partial<Login>;
}

export interface Login {
  readonly user: string;
  readonly port: number;
  /** Path of a private key file; null: the transport's own key. */
  readonly privateKeyPath: string | null;
}

/** One instance that is to be probed. */
export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly address: string | null;
  readonly region: string | null;
  readonly account: string | null;
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
  /** Reason codes in the tag's order; the first `told` of them have been mailed. */
  readonly reasons: readonly ReasonCode[];
  readonly told: number;
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

export interface Disk {
  readonly mount: string;
  readonly totalBytes: number;
  /** What a user other than root can still write. */
  readonly availableBytes: number;
  /** df's sum: used / (used + available to non-root) x 100. */
  readonly usedPercent: number;
  /** Null where the file system counts none. */
  readonly inodesUsedPercent: number | null;
  readonly readOnly: boolean;
}

export interface Vitals {
  readonly memory: {
    readonly totalBytes: number;
    readonly availableBytes: number;
    readonly freeBytes: number;
    /** Total less available. */
    readonly usedBytes: number;
    /** Kernels before 3.14 have no MemAvailable: it was estimated. */
    readonly estimated?: boolean;
  };
  readonly swap: { readonly totalBytes: number | null; readonly freeBytes: number | null };
  readonly disks: readonly Disk[];
  /** Kills since boot, the whole machine's; null before Linux 4.13. */
  readonly oomKills: number | null;
  /** Percent of the last ten seconds; null where the kernel has no PSI. */
  readonly memoryPressure: { readonly someAvg10: number; readonly fullAvg10: number } | null;
  readonly processes: readonly { readonly pid: number; readonly name: string; readonly residentBytes: number }[];
  /** `state` is systemd's ActiveState, or `running`/`absent` by process name; null when it can't be told. */
  readonly worker: { readonly unit: string; readonly state: string | null; readonly restarts: number | null } | null;
  /** Whether sshd answers on the host itself; null when not asked or no way to tell. */
  readonly sshd: boolean | null;
  readonly uptimeSeconds: number | null;
  readonly bootId: string | null;
  readonly load1: number | null;
  /** Kernel release and distribution, e.g. `6.1.0-18-amd64 debian 12`; null when the host doesn't say. */
  readonly system?: string | null;
}

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

/** What else is known of an instance that may be flagged. */
export interface Evidence {
  /** EC2's own status checks: `impaired` is a witness; null when not asked or unknown. */
  readonly ec2Impaired: boolean | null;
  /** Lines from the console that name an OOM kill, made safe. */
  readonly consoleLines: readonly string[];
  /** What could not be asked, a sentence each. */
  readonly gaps: readonly string[];
}

/** One instance in the report: DESIGN of the JSON, version 1. */
export interface InstanceReport {
  readonly id: string;
  readonly name: string;
  readonly address: string | null;
  readonly region: string | null;
  readonly account: string | null;
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

export interface Summary {
  readonly checked: number;
  readonly ok: number;
  readonly warning: number;
  readonly critical: number;
  readonly unknown: number;
}

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
  readonly dimensions: { readonly InstanceId: string; readonly Name: string } | null;
}

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
