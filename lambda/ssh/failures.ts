/**
 * The reason and sentence of a failed SSH attempt, from what happened on the wire. Pure: no socket, no clock.
 * Every sentence names address, port and phase; what the host sent is quoted, printable and cut.
 */
import { endpointOf, ownLimit, quote, quoteWords, shellWord } from '../kit/index.ts';
import type { FailureReason, Reply } from '../model/index.ts';
import { refusalIn, refusedSentence } from '../probe/index.ts';
import { isNewerOnly } from './algorithms.ts';

export { endpointOf, quote };

/** How far an attempt has come. `kex` and `login` are both the handshake: after the banner, before a command. */
export type Phase = 'resolve' | 'connect' | 'banner' | 'kex' | 'login' | 'command';

export type Failure = Extract<Reply, { kind: 'failed' }>;

/** Where an attempt goes and how long it may take, for the sentences. */
export interface Where {
  /** `10.0.1.7:22`, `[2001:db8::1]:22`. */
  readonly endpoint: string;
  readonly deadlineMs: number;
}

export const failure = (reason: FailureReason, text: string): Failure => ({ kind: 'failed', reason, text });

/** The deadline fell in this phase. `received` is what had come instead of a banner. */
export function timedOut(phase: Phase, { endpoint, deadlineMs }: Where, received: string): Failure {
  const within = `within ${Number((deadlineMs / 1000).toFixed(1))} s`;
  switch (phase) {
    case 'resolve':
      return failure(
        'NameNotResolved',
        `The name in ${endpoint} was not resolved ${within}; check DNS or the inventory.`,
      );
    case 'connect':
      return failure('ConnectTimeout', `${endpoint} did not accept a TCP connection ${within}.`);
    case 'banner':
      return looksLikeBanner(received)
        ? failure('BannerTimeout', `${endpoint} accepted the connection but sent no SSH banner ${within}.`)
        : notSsh(endpoint, received);
    case 'kex':
      return failure('HandshakeTimeout', `${endpoint} sent its SSH banner but no key exchange was done ${within}.`);
    case 'login':
      return failure('HandshakeTimeout', `${endpoint} exchanged keys but did not answer the login ${within}.`);
    case 'command':
      return failure('CommandTimeout', `${endpoint} accepted the login but the probe did not end ${within}.`);
    default:
      return phase satisfies never;
  }
}

/** The host ended the connection in this phase, cleanly: an end of stream, no error. */
export function closedBy(phase: Phase, { endpoint }: Where, received: string): Failure {
  switch (phase) {
    case 'resolve':
    case 'connect':
    case 'banner':
      return looksLikeBanner(received)
        ? failure('ClosedBeforeBanner', `${endpoint} accepted the connection and closed it before an SSH banner.`)
        : notSsh(endpoint, received);
    case 'kex':
      return failure('ConnectionLost', `${endpoint} closed the connection after its SSH banner, in the key exchange.`);
    case 'login':
      return failure('ConnectionLost', `${endpoint} closed the connection during the login.`);
    case 'command':
      return failure('ConnectionLost', `${endpoint} closed the connection before the probe had ended.`);
    default:
      return phase satisfies never;
  }
}

/** Reasons while connecting, by the error's code; any other code is HostUnreachable. */
const CONNECT_ERRORS: Readonly<Record<string, readonly [FailureReason, string]>> = {
  ECONNREFUSED: ['ConnectionRefused', 'refused the TCP connection: nothing listens there, or a firewall rejects it'],
  ETIMEDOUT: ['ConnectTimeout', 'did not accept a TCP connection before the kernel gave up'],
  ECONNRESET: ['ConnectionReset', 'reset the connection before an SSH banner'],
  EPIPE: ['ConnectionReset', 'reset the connection before an SSH banner'],
};

/** The socket failed in this phase. */
export function socketFailed(phase: Phase, where: Where, error: NodeJS.ErrnoException, received: string): Failure {
  const { endpoint } = where;
  const code = codeOf(error);
  const limit = ownLimit(code);
  if (limit !== null) return failure('HostUnreachable', `${endpoint} was not asked: ${limit}.`);
  switch (phase) {
    case 'resolve':
      return failure(
        'NameNotResolved',
        `The name in ${endpoint} can't be resolved (${code}); check DNS or the inventory.`,
      );
    case 'connect': {
      const [reason, says] = CONNECT_ERRORS[code] ?? [
        'HostUnreachable' as const,
        `can't be reached from here (${code}); check the route, security groups and this machine`,
      ];
      // No answer to the first packet comes from a host whose kernel has accepted.
      return { ...failure(reason, `${endpoint} ${says}.`), reached: false };
    }
    case 'banner':
      // The kernel's own time-out: the host went silent after it had accepted.
      if (code === 'ETIMEDOUT') return timedOut(phase, where, received);
      return looksLikeBanner(received)
        ? failure('ConnectionReset', `${endpoint} accepted the connection and reset it before an SSH banner (${code}).`)
        : notSsh(endpoint, received);
    case 'kex':
      return failure(
        'ConnectionLost',
        `The connection to ${endpoint} broke after its SSH banner, in the key exchange (${code}).`,
      );
    case 'login':
      return failure('ConnectionLost', `The connection to ${endpoint} broke during the login (${code}).`);
    case 'command':
      return failure('ConnectionLost', `The connection to ${endpoint} broke before the probe had ended (${code}).`);
    default:
      return phase satisfies never;
  }
}

/** Several addresses tried at once fail as an AggregateError; a limit of this side, else the last code, is taken for all. */
function codeOf(error: NodeJS.ErrnoException): string {
  const errors = error instanceof AggregateError ? (error.errors as readonly NodeJS.ErrnoException[]) : [];
  const inner = errors.find(({ code }) => ownLimit(code) !== null) ?? errors.at(-1);
  return inner?.code ?? error.code ?? error.message;
}

/**
 * What sshd writes in place of a banner when it is well and refuses a client:
 * MaxStartups (sshd.c, drop_connection) and PerSourcePenalties from OpenSSH 9.8 on (https://man.openbsd.org/sshd_config).
 */
const REFUSAL = /^(Exceeded MaxStartups|Not allowed at this time)/;

export const isRefusal = (line: string): boolean => REFUSAL.test(line);

export const refused = ({ endpoint }: Where, line: string): Failure =>
  failure(
    'SshThrottled',
    `sshd at ${endpoint} turned the connection away, ${quote(line)}: raise MaxStartups there, or exempt this address in PerSourcePenalties.`,
  );

/** Whether what has come is nothing, or the beginning of a banner. */
const looksLikeBanner = (received: string): boolean => 'SSH-'.startsWith(received.slice(0, 4));

export const notSsh = (endpoint: string, received: string): Failure =>
  failure(
    'ProtocolError',
    `${endpoint} answered with something that is not SSH 2, ${quote(received)}; check the port.`,
  );

/** An error that ssh2 raised on an open connection. `code` is set when the host sent SSH_MSG_DISCONNECT. */
export interface SshError extends Error {
  readonly level?: string;
  readonly code?: number | string;
}

/** Disconnect reasons of RFC 4253, section 11.1. */
const KEY_EXCHANGE_FAILED = 3;
const TOO_MANY_CONNECTIONS = 12;

/** @param offer what the host offered where nothing was in common; may be empty */
export function sshFailed(phase: Phase, { endpoint }: Where, error: SshError, offer: string): Failure {
  const said = quote(error.message);
  // Once the command runs it may have done its work: a second attempt would do it twice.
  if (error.code === TOO_MANY_CONNECTIONS && phase !== 'command') {
    return failure('SshThrottled', `sshd at ${endpoint} has too many connections, ${said}.`);
  }
  if (typeof error.code === 'number') {
    if (phase === 'kex' && error.code === KEY_EXCHANGE_FAILED) return noCommonAlgorithm(endpoint, said, offer);
    if (phase === 'login') return failure('AuthenticationFailed', `${endpoint} broke off the login, ${said}.`);
    if (phase === 'command') {
      const refusal = refusalIn(error.message);
      if (refusal !== null) {
        return failure('ExecRefused', refusedSentence(endpoint, refusal.words, refusal, 'disconnected'));
      }
      return failure('ConnectionLost', `${endpoint} disconnected before the probe had ended, ${said}.`);
    }
  }
  if (/no matching/i.test(error.message)) return noCommonAlgorithm(endpoint, said, offer);
  return failure('ProtocolError', `${endpoint} does not keep to the SSH protocol, ${said}.`);
}

/** ssh2's message ends in one of these; the order is that of the lists in the packet (RFC 4253, 7.1). */
const LISTS = ['key exchange algorithm', 'host key format', 'C->S cipher', 'S->C cipher', 'C->S MAC', 'S->C MAC'];
/** Packet length, padding length, message number, cookie. */
const FIRST_LIST = 4 + 1 + 1 + 16;

/**
 * `it offers only "..."`, from the host's SSH_MSG_KEXINIT; empty where that can't be read.
 * @param sent what the host sent from its identification line on, unencrypted
 * @param complaint ssh2's message, `Handshake failed: no matching ...`
 */
export function offeredOnly(sent: Buffer, complaint: string): string {
  const wanted = LISTS.findIndex((list) => complaint.endsWith(list));
  let at = sent.indexOf(10) + 1 + FIRST_LIST;
  for (let list = 0; wanted >= 0 && at + 4 <= sent.length; list++) {
    const end = at + 4 + sent.readUInt32BE(at);
    if (list === wanted) return `it offers only ${quote(sent.toString('latin1', at + 4, end))}`;
    at = end;
  }
  return '';
}

function noCommonAlgorithm(endpoint: string, said: string, offer: string): Failure {
  const words = [said, ...(offer ? [offer] : [])].join(': ');
  const [, list = ''] = /^it offers only "(.*)"$/.exec(offer) ?? [];
  const why = isNewerOnly(list)
    ? 'this client is older than that: OpenSSH has it'
    : 'SHA-1 and older are refused here: update its sshd';
  return failure('NegotiationFailed', `${endpoint} has no algorithm in common with this client, ${words}; ${why}.`);
}

/** At most so many of our own keys are named in a sentence. */
const TROUBLES_MAX = 5;

/** What became of the keys in a login. */
export interface KeysTried {
  /** What the host would still take. */
  readonly left: readonly string[];
  /** What went wrong with our own keys, each a phrase with nothing in it that isn't quoted. */
  readonly troubles: readonly string[];
  /** How many were offered. */
  readonly tried: number;
  /** The private key file to advise; null: none is known. */
  readonly keyFile: string | null;
  /** The host had accepted one of them. */
  readonly hasProved: boolean;
  /** What it had said. */
  readonly words: string;
}

/** No key was accepted, or a key alone is not enough. */
export function loginRefused({ endpoint }: Where, user: string, keys: KeysTried): Failure {
  const { left, troubles, tried, keyFile, hasProved, words } = keys;
  const methods = quote(left.join(', '));
  const shown = troubles.slice(0, TROUBLES_MAX);
  const more = troubles.length > shown.length ? [`and ${troubles.length - shown.length} more`] : [];
  const own = troubles.length > 0 ? `; here: ${[...shown, ...more].join('; ')}` : '';
  const said = words === '' ? '' : `; it says ${quoteWords(words, 120)}`;
  const refused = (what: string) => failure('AuthenticationFailed', `${endpoint} ${what}.`);
  if (left.length > 0 && !left.includes('publickey')) {
    return hasProved
      ? refused(
          `took our key for ${quote(user)} and asks for ${methods} as well${said}; crawlwatch answers no second factor: exempt this user from it there (AuthenticationMethods publickey, in a Match block)`,
        )
      : refused(
          `takes no key from ${quote(user)}, only ${methods}${own}${said}; passwords aren't used: set PubkeyAuthentication yes in its sshd_config, then ${copyKey(endpoint, user, keyFile)}`,
        );
  }
  const takes = left.length > 0 ? ` (it takes ${methods})` : '';
  const withKeys =
    tried === 0
      ? 'and there was no key to try'
      : `with ${tried === 1 ? 'the one key' : `each of the ${tried} keys`} tried`;
  const passwords = left.some((method) => method === 'password' || method === 'keyboard-interactive');
  const noKey =
    troubles.length > 0 ? 'put that right, or give another private key' : 'give a private key, or start an ssh-agent';
  const none = tried === 0 ? noKey : 'check the user and its authorized_keys';
  const adding =
    tried === 0
      ? `or to make a key and add it: ssh-keygen -t ed25519 && ${copyKey(endpoint, user, null)}`
      : `to add a key: ${copyKey(endpoint, user, keyFile)}`;
  const fix = passwords ? `passwords aren't used; ${tried === 0 ? `${none}, ` : ''}${adding}` : none;
  return refused(`refused the login of ${quote(user)} ${withKeys}${takes}${own}${said}; ${fix}`);
}

/** The command that adds a key; one with a name that a shell would not read as one word isn't given. */
function copyKey(endpoint: string, user: string, keyFile: string | null): string {
  const copy = `ssh-copy-id ${keyFile === null ? '' : `-i ${shellWord(`${keyFile}.pub`)} `}`;
  const [, host, port] = /^\[?([\w.:-]+?)\]?:(\d+)$/.exec(endpoint) ?? [];
  if (host === undefined || !/^[\w.-]+$/.test(user)) return `${copy}USER@HOST`;
  return `${copy}${port === '22' ? '' : `-p ${port} `}${user}@${host}`;
}

/**
 * A login that came to no answer: words to this user say why. sshd ends one with them where PAM's account rules refuse the
 * user (auth2.c, userauth_finish).
 * @param found what it is without words
 */
export function loginLost(
  { endpoint }: Where,
  user: string,
  { toUser, hasProved }: { readonly toUser: string; readonly hasProved: boolean },
  found: Failure,
): Failure {
  const hasEnded = found.reason === 'ConnectionLost';
  const refusal = refusalIn(toUser);
  const and = (more: string): Failure => ({ ...found, text: `${found.text.replace(/\.$/, '')}${more}.` });
  if (toUser === '') {
    return hasProved && hasEnded
      ? and(', after it had accepted our key; rules of its PAM (pam_access) end a login like that, too: its log says')
      : found;
  }
  if (!hasEnded && refusal === null) return and(`; it had said ${quoteWords(toUser)}`);
  const does = `${hasEnded ? 'ended the login' : 'does not go on with the login'} of ${quote(user)}`;
  const fix = refusal?.advice ?? 'see its log and the account rules of its PAM: /var/log/auth.log, /etc/pam.d/sshd';
  return failure('AuthenticationFailed', `${endpoint} ${does} and says ${quoteWords(toUser)}; ${fix}.`);
}

/** sshd hung up at its MaxAuthTries: before the right key's turn, or where it allows one try and there is one key. */
export function tooManyKeys({ endpoint }: Where, user: string, keys: number): Failure {
  const why =
    keys > 1
      ? `: it allows fewer tries than there are keys here (${keys}); name the right one (IdentityFile with IdentitiesOnly yes, or --private-key)`
      : ', with the one key tried; check the user and its authorized_keys';
  const words = `${endpoint} broke off the login of ${quote(user)}, "Too many authentication failures"`;
  return failure('AuthenticationFailed', `${words}${why}.`);
}

/** It closed the connection twice without a word while it accepted other logins. */
export const turnedAway = (endpoint: string): Failure =>
  failure(
    'SshThrottled',
    `sshd at ${endpoint} twice closed the connection before its banner, while it let others in: raise MaxStartups there, or lower the setting forks.`,
  );

/**
 * It refused the key that EC2 Instance Connect had pushed. Its AuthorizedKeysCommand forks and asks the instance's metadata
 * within five seconds: where memory is gone that fails, and sshd reports no more than a refused key.
 */
export const keyNotTaken = (endpoint: string, user: string): Failure =>
  failure(
    'InstanceConnectRefused',
    `${endpoint} refused the key that EC2 Instance Connect had just given it for ${quote(user)}: too little memory or processes are left to look it up, or ec2-instance-connect is not set up there.`,
  );
