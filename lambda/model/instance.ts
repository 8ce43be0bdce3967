import type { Reason, ReasonCode, Status } from './reasons.ts';
import type { InstanceState, RebootFlag, Stamp } from './state.ts';

/** How an instance was asked. */
export type Transport = 'local' | 'ssh' | 'ssm' | 'file';

export interface Whereabouts {
  readonly region: string | null;
  readonly account: string | null;
  /** In another Region or account than crawlwatch's own; absent: at home. */
  readonly elsewhere?: boolean;
}

/** What an instance shares with others: one cut can make all of them silent. Absent: not known. */
export interface Surroundings {
  readonly subnet?: string;
  readonly zone?: string;
  /** In ascending order. */
  readonly securityGroups?: readonly string[];
}

export interface Login extends Entry {
  /** Jump hosts on the way, the nearest first (ssh's ProxyJump); absent: none. */
  readonly jumps?: readonly JumpHost[];
  /** Only OpenSSH's own client can go this way; absent: ssh2 can. */
  readonly openssh?: OpensshWay;
  /** How OpenSSH's client would go where ssh2 turns out to lack something; absent: it is not installed, or not asked. */
  readonly opensshToo?: OpensshWay;
}

/** How one sshd is entered. */
interface Entry {
  readonly user: string;
  readonly port: number;
  /** Path of a private key file; null: the transport's own key. It doesn't count where there are `identities`. */
  readonly privateKeyPath: string | null;
  /** The keys to offer; absent: `privateKeyPath`, then those of the transport's agent. */
  readonly identities?: Identities;
  /** How its host key is judged; absent: as the transport does by itself. */
  readonly trust?: HostKeyTrust;
  /** Those that ssh_config allows of the algorithms that ssh2 is used with; absent: all. */
  readonly algorithms?: AllowedAlgorithms;
}

/** The keys that are offered to an sshd, as ssh_config lists them. */
export interface Identities {
  /** Paths of private key files in the order of ssh_config. */
  readonly files: readonly string[];
  /** Offer of an agent's keys only those that `files` name (IdentitiesOnly). */
  readonly only: boolean;
  /** Path of the agent's socket; null: no agent is asked. */
  readonly agent: string | null;
}

/** How a host key is judged, as ssh_config says. */
export interface HostKeyTrust {
  /** The name under which known_hosts has it (HostKeyAlias); null: its address and port. */
  readonly alias: string | null;
  /** Paths of known_hosts files (UserKnownHostsFile, GlobalKnownHostsFile). */
  readonly files: readonly string[];
  /** Where an accepted key is written; null: nowhere. */
  readonly addTo: string | null;
  /** Accept the key of a host that has none there. A changed key is never accepted. */
  readonly acceptNew: boolean;
  /** Nobody is asked about such a key (StrictHostKeyChecking yes). @default false */
  readonly strict?: boolean;
}

export interface AllowedAlgorithms {
  readonly kex: readonly string[];
  readonly cipher: readonly string[];
  readonly hmac: readonly string[];
  readonly hostKey: readonly string[];
}

/** How OpenSSH's client is called for a host. */
export interface OpensshWay {
  /** The name that ssh_config's `Host` patterns see. */
  readonly destination: string;
  /** Arguments before the destination, e.g. `['-F', 'ssh.cfg']`. They come from a person's own inventory or flags. */
  readonly options: readonly string[];
  /** Why ssh2 can't, e.g. `ProxyCommand`. */
  readonly because: string;
}

/** A host that is logged in to only to reach another from there. */
export interface JumpHost extends Entry {
  readonly address: string;
}

/** What one instance has in the place of the fleet's thresholds: percents that must be available or free. */
export interface Limits {
  readonly memoryWarning?: number;
  readonly memoryCritical?: number;
  readonly diskWarning?: number;
  readonly diskCritical?: number;
  readonly inodesWarning?: number;
  readonly inodesCritical?: number;
  /** Patterns of mounts to leave out, besides those of `disk.ignore`. */
  readonly ignore?: readonly string[];
}

/** What crawlwatch may do by itself to an instance, by its tag. */
export const AUTO_WORDS = ['restart', 'reboot', 'restart+reboot', 'never'] as const;
export type Auto = (typeof AUTO_WORDS)[number];

/** When an instance is muted: until a time, or in windows that recur. */
export type Mute =
  | { readonly kind: 'until'; readonly until: Date; readonly why: string | null }
  /** Each like `Sat 02:00-06:00 Europe/Berlin`. */
  | { readonly kind: 'windows'; readonly windows: readonly string[]; readonly why: string | null };

/** What the tag `crawlwatch:mute` may be. */
export const MUTE_ALLOWED =
  'until=2026-11-23T06:00:00Z or window=Sat 02:00-06:00 Europe/Berlin, with ;why=... after it if you like';

/** One host of the fleet, with all that its source and its tags say of it. Its tags are parsed nowhere else. */
export interface Instance extends Whereabouts, Surroundings {
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
  /** A Spot instance, which EC2 may take away. */
  readonly spot: boolean;
  /** A member of an Auto Scaling group, which may replace it while it boots. */
  readonly autoScaling: boolean;
  /** It carries the watch tag with the value of the settings. */
  readonly watched: boolean;
  /** Why it isn't probed, e.g. `is stopped, not running`; null: it is. */
  readonly skipped: string | null;
  readonly transport: Transport;
  readonly login: Login;
  /** The systemd unit (or process name) of the crawler; null where none is named. */
  readonly worker: string | null;
  /** A worker is expected here, named or not. */
  readonly workerExpected: boolean;
  /** Its own thresholds, and mounts to leave out; absent: the fleet's settings hold. */
  readonly limits?: Limits;
  /** The probe is to ask over SSM whether sshd answers. */
  readonly sshdExpected: boolean;
  /** Null: the tag is missing. */
  readonly auto: Auto | 'unreadable' | null;
  /** When it is muted; null: the tag is missing. One that can't be read silences nothing, and keeps everything from acting. */
  readonly mute: Mute | 'unreadable' | null;
  /** The stack that watches it, by its tag; null: none has claimed it yet. */
  readonly stack: string | null;
  /** It is skipped because another stack watches it. */
  readonly isElsewhereWatched: boolean;
  /** A key pinned by hand, or `renew`; null: the tag is missing. */
  readonly hostKeyTag: string | null;
  /** The host key that it has to show; null: the first that it shows is taken. */
  readonly hostKey: string | null;
  /** What crawlwatch's tags say: the display. The flag counts only where it is remembered as well. */
  readonly tagged: Tagged;
  /** What earlier checks remember. */
  readonly remembered: InstanceState;
  /** Keys of crawlwatch's own tags whose values can't be read; they count as absent. */
  readonly unreadable: readonly string[];
  /** A tag that can't be read as it is; the instance is not probed. */
  readonly problem: Reason | null;
  /** The watch tag and those of crawlwatch, word for word: to quote to a person, never to decide upon. */
  readonly tags: Readonly<Record<string, string>>;
}

/** An instance that carries the watch tag and is not probed. */
export interface SkippedInstance {
  readonly id: string;
  readonly name: string;
  readonly why: string;
}

/** What crawlwatch's own tags say of an instance. Unreadable values read as absent. */
export interface Tagged {
  readonly status: Status | null;
  readonly reasons: readonly ReasonCode[];
  readonly flag: RebootFlag | null;
  readonly acted: Stamp | null;
}

export const UNTAGGED: Tagged = { status: null, reasons: [], flag: null, acted: null };
