/**
 * What OpenSSH's client writes into its log with `-vvv`: how far a connection came and what ended it. Pure.
 * Its words are those of OpenSSH 7.3 to 10 (sshconnect.c, sshconnect2.c, kex.c, packet.c, clientloop.c), in the C locale.
 * A host can put lines of its own into the log only after its banner, and so lie about itself alone.
 */

/** How far it came. `kex` and `login` come after the host's banner; `command` after the login. */
export type LogPhase = 'start' | 'resolve' | 'connect' | 'banner' | 'kex' | 'login' | 'command';

export interface SshLog {
  readonly phase: LogPhase;
  /** What is between this machine and the host; null: a connection of ssh itself. */
  readonly proxy: 'ProxyCommand' | 'ProxyJump' | null;
  /** Where it went, by ssh's configuration; null where it didn't come so far. */
  readonly endpoint: { readonly host: string; readonly port: number } | null;
  readonly user: string | null;
  /** The host's identification, e.g. `OpenSSH_9.2p1`; null: its sshd has not said a word. */
  readonly software: string | null;
  /** This side has sent its own identification: its keys and configuration are read by then. */
  readonly hasBegun: boolean;
  /** What came in place of an identification, its first line; empty: nothing. */
  readonly received: string;
  /** `TYPE FINGERPRINT` of the key that the host showed. */
  readonly hostKey: { readonly type: string; readonly fingerprint: string } | null;
  /** How many keys ssh meant to try; 0 where its version doesn't say. */
  readonly keysHere: number;
  /** How many keys were offered; not those whose file is missing or can't be used. */
  readonly keysOffered: number;
  /** A certificate was among them. */
  readonly hasCertificate: boolean;
  /** It knew one of them. */
  readonly hasProved: boolean;
  /** Whose turn it was: the host's, to answer a packet, or this side's, e.g. an agent's or a person's to touch a key. */
  readonly turn: 'host' | 'here';
  /** How the command ended, where the host said so. */
  readonly exit: 'status' | 'signal' | null;
  /** Lines that are no debugging: errors and warnings, in order. */
  readonly complaints: readonly string[];
}

/** Lines that show how far it came, in the order in which they come. */
const STEPS: readonly (readonly [LogPhase, RegExp])[] = [
  ['resolve', /^resolving "/],
  ['connect', /^Connecting to \S+ \[/],
  ['banner', /^(Connection established\.|Executing proxy (dialer )?command: )/],
  ['kex', /^Remote protocol version \d/],
  ['login', /^SSH2_MSG_NEWKEYS received/],
  ['command', /^(Authenticated to |Authentication succeeded \()/],
];
const ORDER: readonly LogPhase[] = ['start', ...STEPS.map(([phase]) => phase)];

const COMPLAINTS_MAX = 40;
/** At the levels INFO and VERBOSE, and no complaint. */
const NO_COMPLAINT = /^(Authenticated to |Transferred: |Bytes per second: |Warning: Permanently added |OpenSSH_)/;

/** Follows `Trying private key: PATH`: there was none. */
const UNUSED_KEY = /^(?:no such identity: |Load key ")/;

/** What lines of debugging say, one each. Where a host could repeat a line, the first counts. */
const FACTS: readonly (readonly [RegExp, (match: readonly string[], log: SshLog) => Partial<SshLog>])[] = [
  [/^send packet: type \d/, () => ({ turn: 'host' })],
  // Neither words nor notices are an answer (RFC 4250, 4.1.2): ignore, debug, extensions, the login's banner, global requests.
  [/^receive packet: type (?!(?:[247]|53|80)\b)\d/, () => ({ turn: 'here' })],
  [/^Setting implicit ProxyCommand from ProxyJump/, () => ({ proxy: 'ProxyJump' })],
  [/^Executing proxy (?:dialer )?command: /, (_, { proxy }) => ({ proxy: proxy ?? 'ProxyCommand' })],
  [/^Connecting to (\S+) \[[^\]]*\] port (\d+)/, ([, host = '', port]) => ({ endpoint: { host, port: Number(port) } })],
  [
    /^Remote protocol version [\d.]+, remote software version (.*)/,
    // Until ssh sends a packet it reads host keys of this side, e.g. by a KnownHostsCommand.
    ([, name = ''], { software }) => ({ software: software ?? name, ...(software === null && { turn: 'here' }) }),
  ],
  [
    /^(?:kex_exchange_identification: banner line \d+|ssh_exchange_identification): (.*)/,
    ([, line = ''], { received }) => ({ received: received || line, hasBegun: true }),
  ],
  [/^(?:Local version string |(?:kex|ssh)_exchange_identification: )/, () => ({ hasBegun: true })],
  [
    /^Authenticating to (\S+):(\d+) as '(.*)'$/,
    ([, host = '', port, name = ''], { user }) => ({ endpoint: { host, port: Number(port) }, user: user ?? name }),
  ],
  [
    /^Server host key: (\S+) (\S+)$/,
    ([, type = '', fingerprint = ''], { hostKey }) => ({ hostKey: hostKey ?? { type, fingerprint } }),
  ],
  [/^Will attempt key: /, (_, { keysHere }) => ({ keysHere: keysHere + 1 })],
  [
    /^(?:Offering (?:\S+ )?public key|Trying private key): (.*)/,
    ([, file = ''], { keysOffered, hasCertificate }) => ({
      keysOffered: keysOffered + 1,
      hasCertificate: hasCertificate || /-CERT(-| )/.test(file),
    }),
  ],
  [UNUSED_KEY, (_, { keysOffered }) => ({ keysOffered: Math.max(0, keysOffered - 1) })],
  [/^Server accepts key: /, () => ({ hasProved: true })],
  [
    /^client_input_channel_req: channel \d+ rtype exit-(status|signal) /,
    ([, how], { exit }) => ({ exit: exit ?? (how === 'signal' ? 'signal' : 'status') }),
  ],
];

/** Reads a log as far as it was kept. Lines that aren't known say nothing. */
export function readLog(text: string): SshLog {
  const complaints: string[] = [];
  let log: SshLog = {
    phase: 'start',
    proxy: null,
    endpoint: null,
    user: null,
    software: null,
    hasBegun: false,
    received: '',
    hostKey: null,
    keysHere: 0,
    keysOffered: 0,
    hasCertificate: false,
    hasProved: false,
    turn: 'host',
    exit: null,
    complaints,
  };
  for (const line of text.split('\n')) {
    const [, level, said = ''] = /^(debug[123]: )?(.*?)\r*$/.exec(line) ?? [];
    const [step] = STEPS.find(([, pattern]) => pattern.test(said)) ?? [];
    if (step !== undefined && ORDER.indexOf(step) > ORDER.indexOf(log.phase)) log = { ...log, phase: step };
    if (level === undefined) {
      if (/^Authenticated .*with partial success/.test(said)) log = { ...log, hasProved: true };
      if (UNUSED_KEY.test(said)) log = { ...log, keysOffered: Math.max(0, log.keysOffered - 1) };
      if (said !== '' && !NO_COMPLAINT.test(said) && complaints.length < COMPLAINTS_MAX) complaints.push(said);
      continue;
    }
    const [pattern, note] = FACTS.find(([fact]) => fact.test(said)) ?? [];
    if (pattern !== undefined) log = { ...log, ...note?.(pattern.exec(said) ?? [], log) };
  }
  return log;
}
