import type { Reason, ReasonCode, Status } from './reasons.ts';

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
