/**
 * The reason and sentence of a host that was asked through OpenSSH's client, from what ssh logged and how it ended. Pure.
 * They are those of the fast path (lambda/ssh); what it says here was seen on the wire, ssh says in its messages.
 * Only what the host itself did counts as hung: a cut way, a ProxyCommand that fails, or ssh's own trouble never does.
 */
import type { FailureReason, Login, OpensshWay, Reply } from '../../lambda/model/index.ts';
import { refusalIn, refusedSentence, wordsOf } from '../../lambda/probe/index.ts';
import {
  closedBy,
  commandEnded,
  endpointOf,
  execRefused,
  type Failure,
  failure,
  isRefusal,
  loginLost,
  loginRefused,
  notSsh,
  quote,
  refused,
  socketFailed,
  sshFailed,
  timedOut,
  tooManyKeys,
} from '../../lambda/ssh/index.ts';
import { type JumpTrace, readJumpTrace } from './jump-trace.ts';
import { readLog, type SshLog } from './log.ts';

/** How one call of ssh ended. */
export interface Ended {
  /**
   * `exit`: by itself; `deadline`: the host's time was up; `connecting`: that of the connection; `flood`: of output;
   * `refused`: the login's command said in known words that it runs nothing, and went on.
   */
  readonly by: 'exit' | 'deadline' | 'connecting' | 'flood' | 'refused';
  /** Exit status; null where a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** ssh's own log. */
  readonly log: string;
  readonly stdout: string;
  /** The host's banner, its error stream, and what a ProxyCommand or a jump host's ssh prints. */
  readonly stderr: string;
}

/** Which host was asked, and for how long. */
export interface Asked {
  readonly address: string | null;
  readonly login: Pick<Login, 'user' | 'port' | 'privateKeyPath'>;
  readonly way: OpensshWay;
  /** The time that was given, in milliseconds: the host's deadline or, where that ran out, the connection's. */
  readonly givenMs: number;
}

/** Characters kept of an error stream (see Reply in lambda/model). */
const WORDS_MAX = 4 * 1024;

/** ssh's own exit status for an error of its own; a command may end with it as well. */
const OWN_ERROR = 255;

/** The reply to a call of ssh. Every failure says whether the host itself was reached. */
export function replyFrom(ended: Ended, asked: Asked): Reply {
  const log = readLog(ended.log);
  const { host, port } = log.endpoint ?? { host: asked.address ?? asked.way.destination, port: asked.login.port };
  const at: At = {
    ended,
    log,
    where: { endpoint: endpointOf(host, port), deadlineMs: asked.givenMs },
    user: log.user ?? asked.login.user,
    keyFile: asked.login.privateKeyPath,
    jump: log.proxy === 'ProxyJump' ? readJumpTrace(ended.stderr) : null,
    host,
  };
  const reply = verdict(at, asked);
  const known = log.phase === 'command' && log.hostKey !== null ? { hostKey: log.hostKey.fingerprint } : {};
  if (reply.kind === 'output') return { ...reply, ...known };
  const printed =
    log.phase === 'command' && reply.output === undefined && ended.stdout !== '' ? ended.stdout : undefined;
  return {
    ...reply,
    ...(printed === undefined ? {} : { output: printed }),
    ...known,
    reached: reply.reached ?? wasReached(at),
  };
}

interface At {
  readonly ended: Ended;
  readonly log: SshLog;
  readonly where: { readonly endpoint: string; readonly deadlineMs: number };
  readonly user: string;
  readonly keyFile: string | null;
  /** How far the jump hosts came; null: there are none that ssh itself goes through. */
  readonly jump: JumpTrace | null;
  /** The host's name as ssh says it. */
  readonly host: string;
}

/** A kernel's accept proves something only where nothing is in between. */
function wasReached({ log, jump }: At): boolean {
  if (log.software !== null) return true;
  return log.phase === 'banner' && (log.proxy === null || jump?.state === 'accepted');
}

const unreachable = (text: string): Failure => ({ ...failure('HostUnreachable', text), reached: false });

function verdict(at: At, asked: Asked): Reply {
  const { ended, log, where } = at;
  const changed = keyMismatch(at);
  // ssh goes on where StrictHostKeyChecking is off; what another host may have answered is no answer.
  if (changed !== null) return changed;
  if (ended.by === 'flood') {
    if (log.phase === 'command') return { kind: 'output', output: ended.stdout };
    return failure('ProtocolError', `${where.endpoint} sent more than a login needs, and no end of it.`);
  }
  if (ended.by === 'exit' && ended.signal !== null) {
    return unreachable(`${where.endpoint} was not read: ssh on this machine was killed by ${ended.signal}.`);
  }
  switch (log.phase) {
    case 'start':
    case 'resolve':
    case 'connect':
      return notConnected(at, asked);
    case 'banner':
      return notBegun(at, asked) ?? (log.proxy === null ? noBanner(at) : noBannerByProxy(at));
    case 'kex':
    case 'login':
      return brokenWay(at) ?? blameless(at, notLoggedIn(at));
    case 'command':
      return log.exit === null ? (brokenWay(at) ?? blameless(at, commandOf(at))) : commandOf(at);
    default:
      return log.phase satisfies never;
  }
}

/** A connection that ends within a ProxyCommand may have been ended by that, whatever it printed. */
function blameless({ ended, log, where }: At, reply: Reply): Reply {
  const isCut = reply.kind === 'failed' && reply.reason === 'ConnectionLost' && ended.by === 'exit';
  if (!isCut || log.proxy !== 'ProxyCommand') return reply;
  return unreachable(
    `The connection to ${where.endpoint} ended within its ProxyCommand (${log.phase === 'command' ? 'before the probe had ended' : 'before the login was done'}): that may have broken off, so the host is not blamed.`,
  );
}

/** strerror's words, of glibc, musl and BSD. */
const CODES: readonly (readonly [RegExp, string])[] = [
  [/refused/i, 'ECONNREFUSED'],
  [/timed out/i, 'ETIMEDOUT'],
  [/reset/i, 'ECONNRESET'],
  [/no route to host|host is (unreachable|down)/i, 'EHOSTUNREACH'],
  [/network is unreachable|network unreachable/i, 'ENETUNREACH'],
  [/assign requested address|address not available/i, 'EADDRNOTAVAIL'],
  [/too many open files/i, 'EMFILE'],
];
const errorOf = (words: string): NodeJS.ErrnoException =>
  Object.assign(new Error(words), { code: CODES.find(([pattern]) => pattern.test(words))?.[1] ?? words });

function notConnected({ ended, log, where }: At, { way }: Asked): Failure {
  const said = [...log.complaints, ...linesOf(ended.stderr)];
  const find = (pattern: RegExp) => said.map((line) => pattern.exec(line)).find((match) => match !== null)?.[1];
  if (ended.by !== 'exit') {
    if (log.phase !== 'start') return { ...timedOut(log.phase as 'resolve' | 'connect', where, ''), reached: false };
    const within = `${Number((where.deadlineMs / 1000).toFixed(1))} s`;
    return unreachable(
      `${where.endpoint} was not asked: ssh did not begin to connect within ${within} (${way.because}); see what its configuration runs first.`,
    );
  }
  const unresolved = find(/Could not resolve host(?:name)? \S+: (.*)/) ?? find(/(Could not resolve host ".*)/);
  if (unresolved !== undefined) {
    return { ...socketFailed('resolve', where, errorOf(unresolved), ''), reached: false };
  }
  const refusal = find(/^ssh: connect to host \S+ port \d+: (.*)/);
  if (refusal !== undefined) return { ...socketFailed('connect', where, errorOf(refusal), ''), reached: false };
  if (said.length === 0) {
    return unreachable(
      `${where.endpoint} was not asked: ssh ended with status ${ended.code}, without a word (${way.because}).`,
    );
  }
  return unreachable(
    `${where.endpoint} was not asked, ssh says ${quote(said.slice(0, 3).join('; '))} (${way.because}).`,
  );
}

/** ssh gave up, or waits, before it has sent its own banner: it reads the keys of this side between the two. */
function notBegun({ ended, log, where }: At, { way }: Asked): Failure | null {
  const ofWay = /^(?:banner exchange: |Connection (?:closed|reset) |(?:kex|ssh)_exchange_identification: )/;
  if (log.hasBegun || log.complaints.some((line) => ofWay.test(line))) return null;
  if (ended.by !== 'exit') {
    const within = `within ${Number((where.deadlineMs / 1000).toFixed(1))} s`;
    return unreachable(
      `${where.endpoint} was not asked: ssh here did not read its own keys ${within} (${way.because}); see the files that ssh -G ${quote(way.destination)} names.`,
    );
  }
  // Without a word of its own: a proxy ended, or the host's kernel closed the connection.
  if (log.complaints.length === 0) return null;
  return unreachable(
    `${where.endpoint} was not asked, ssh says ${quote(log.complaints.slice(0, 3).join('; '))} (${way.because}).`,
  );
}

/** A connection of ssh itself, which the host's kernel accepted. */
function noBanner({ ended, log, where }: At): Failure {
  const { received, complaints } = log;
  if (isRefusal(received)) return refused(where, received);
  if (ended.by !== 'exit') return timedOut('banner', where, received);
  const said = complaints.join('\n');
  if (/banner exchange.*timed out|timed out during banner|banner exchange: .* timed out/i.test(said)) {
    return timedOut('banner', where, received);
  }
  const foreign =
    /^Bad remote protocol version identification: '(.*)'/m.exec(said)?.[1] ??
    /(Protocol major versions differ: .*|banner line contains invalid characters|banner line too long|No SSH version received.*)/.exec(
      said,
    )?.[1];
  if (foreign !== undefined) return notSsh(where.endpoint, received || foreign);
  if (/reset by peer|broken pipe|reset by /i.test(said))
    return socketFailed('banner', where, errorOf('reset'), received);
  return closedBy('banner', where, received);
}

/** What a jump host's sshd says of a connection that it was to make, in its libc's words. */
const JUMP_SAYS: readonly (readonly [FailureReason, RegExp])[] = [
  ['ConnectionRefused', /refused/i],
  ['ConnectTimeout', /timed out/i],
  ['NameNotResolved', /resol|not known|no address/i],
];

/** No word of the host's sshd came through what is in between. */
function noBannerByProxy({ ended, log, where, jump }: At): Failure {
  const { endpoint } = where;
  const { received } = log;
  const name = log.proxy ?? 'ProxyCommand';
  if (isRefusal(received)) return { ...refused(where, received), reached: true };
  const lines = linesOf(ended.stderr);
  const words = lines.slice(-3).join('; ');
  const saying = words === '' ? '' : `, ${quote(words)}`;
  const opened = lines
    .map((line) => /^channel \d+: open failed: (.*)/.exec(line)?.[1])
    .find((said) => said !== undefined);
  if (opened !== undefined && lines.some((line) => line.startsWith('stdio forwarding failed'))) {
    const connect = /^connect failed: (.*)/.exec(opened)?.[1];
    if (connect === undefined) {
      return unreachable(`${endpoint} was not asked: the jump host says ${quote(opened)}; allow TCP forwarding there.`);
    }
    const reason = JUMP_SAYS.find(([, pattern]) => pattern.test(connect))?.[0] ?? 'HostUnreachable';
    const text = `${endpoint} can't be connected to, the jump host says ${quote(opened)}.`;
    return { ...failure(reason, text), reached: false };
  }
  if (ended.by !== 'exit') {
    // An OpenSSH jump host confirms a channel once the host behind it has accepted.
    if (jump?.state === 'accepted') return timedOut('banner', where, received);
    const within = `within ${Number((where.deadlineMs / 1000).toFixed(1))} s`;
    if (jump?.state === 'asked') {
      const text = `${endpoint} did not accept a TCP connection from the jump host ${within}.`;
      return { ...failure('ConnectTimeout', text), reached: false };
    }
    if (received !== '') return byProxyNotSsh(endpoint, name, received);
    return unreachable(
      `${endpoint} sent no SSH banner through its ${name} ${within}${saying}: that way may be cut, so the host is not blamed.`,
    );
  }
  if (jump?.state === 'accepted' && words === '') return closedBy('banner', where, received);
  if (received !== '' || /Bad remote protocol version|invalid characters|too long/.test(log.complaints.join('\n'))) {
    return byProxyNotSsh(endpoint, name, received || log.complaints.join('; '));
  }
  return unreachable(
    `${endpoint} was not asked: its ${name} ended without an SSH banner${saying === '' ? ', without a word' : saying}; run ssh -v to see why.`,
  );
}

const byProxyNotSsh = (endpoint: string, name: string, received: string): Failure =>
  unreachable(`${endpoint} was not asked: its ${name} answered with something that is not SSH, ${quote(received)}.`);

/** What ssh prints where the connection to a jump host ends; the host itself is named otherwise. */
const WAY_ENDED =
  /^(?:Connection to (\S+) closed by remote host|Timeout, server (\S+) not responding|Connection (?:closed|reset) by |Read from remote host (\S+): |client_loop: send disconnect: |packet_write_wait: |ssh_exchange_identification: |kex_exchange_identification: )/;

/** The connection to a jump host broke while the host behind it was being asked: that is no fault of the host. */
function brokenWay({ ended, log, where, host }: At): Failure | null {
  if (log.proxy === null || ended.by !== 'exit') return null;
  const line = linesOf(ended.stderr).findLast((said) => {
    const match = WAY_ENDED.exec(said);
    return match !== null && ![match[1], match[2], match[3]?.replace(/:$/, '')].includes(host);
  });
  if (line === undefined) return null;
  return unreachable(`${where.endpoint} was not read: the ${log.proxy} on the way to it broke, ${quote(line)}.`);
}

/** The host's sshd has sent its banner. */
function notLoggedIn(at: At): Failure {
  const { ended, log, where, user, keyFile } = at;
  const phase = log.phase as 'kex' | 'login';
  const { complaints } = log;
  const find = (pattern: RegExp) => complaints.map((line) => pattern.exec(line)).find((match) => match !== null);
  const words = linesOf(ended.stderr).join('\n').slice(0, WORDS_MAX);
  const lost = (found: Failure): Failure => {
    const toUser = log.hasProved || refusalIn(words) !== null ? words : '';
    return phase === 'login' ? loginLost(where, user, { toUser, hasProved: log.hasProved }, found) : found;
  };
  const broken = find(/^kex_protocol_error: .*/);
  if (broken) {
    return log.proxy === null
      ? sshFailed(phase, where, new Error(broken[0]), '')
      : byProxyNotSsh(where.endpoint, log.proxy, broken[0]);
  }
  if (ended.by !== 'exit') return log.turn === 'here' ? stuckHere(at, phase) : lost(timedOut(phase, where, ''));
  const denied = find(/Permission denied \(([^)]*)\)/);
  if (denied) {
    const methods = (denied[1] ?? '').split(',').filter((method) => method !== '');
    const { keysOffered: tried, hasProved } = log;
    return loginRefused(where, user, { left: methods, troubles: ownTroubles(log), tried, keyFile, hasProved, words });
  }
  if (find(/^Host key verification failed|^Exiting, you have requested strict checking/)) return keyUnknown(at);
  const disconnect = disconnectOf(log);
  if (disconnect !== null) {
    const isOfKeys = phase === 'login' && /too many authentication failures/i.test(disconnect.message);
    return isOfKeys
      ? tooManyKeys(where, user, Math.max(log.keysHere, log.keysOffered))
      : sshFailed(phase, where, disconnect, '');
  }
  const ownCommand = complaints.filter((line) => line.startsWith('KnownHostsCommand'));
  if (ownCommand.length > 0) {
    return failure(
      'HostUnreachable',
      `${where.endpoint} was not read: ssh here could not judge its host key, ${quote(ownCommand.join('; '))}.`,
    );
  }
  const algorithms = find(/(no matching .*? found)\. Their offer: (.*)/) ?? find(/(no matching .*)/i);
  if (algorithms) return noCommonAlgorithm(where.endpoint, algorithms[1] ?? '', algorithms[2] ?? '');
  if (find(/Unable to negotiate/)) return noCommonAlgorithm(where.endpoint, complaints.at(-1) ?? '', '');
  const shortKey = find(/Invalid key length|key length/i);
  if (shortKey)
    return failure('NegotiationFailed', `ssh does not take the host key of ${where.endpoint}, ${quote(shortKey[0])}.`);
  if (find(/Protocol major versions differ/)) return notSsh(where.endpoint, complaints[0] ?? '');
  if (find(/timed out|^Timeout, server/i)) return timedOut(phase, where, '');
  if (find(/^Connection closed by |^Received disconnect |^Disconnected from /)) return lost(closedBy(phase, where, ''));
  if (find(/^Connection reset by |: Connection reset by peer/)) return socketFailed(phase, where, errorOf('reset'), '');
  if (find(/Broken pipe/)) return socketFailed(phase, where, Object.assign(new Error(), { code: 'EPIPE' }), '');
  return sshFailed(phase, where, new Error(complaints.at(-1) ?? `ssh ended with status ${ended.code}`), '');
}

/** A disconnection in SSH's own words (RFC 4253, 11.1); null: none, or a farewell, after which it just closes. */
function disconnectOf({ complaints }: SshLog): (Error & { readonly code: number }) | null {
  for (const line of complaints) {
    const [, code, said = ''] = /^Received disconnect from .*?:\s?(\d+): ?(.*)/.exec(line) ?? [];
    if (code !== undefined)
      return Number(code) === BY_APPLICATION ? null : Object.assign(new Error(said), { code: Number(code) });
  }
  return null;
}

const BY_APPLICATION = 11;

/** The host had answered; what it waited for is on this side. */
function stuckHere({ where }: At, phase: 'kex' | 'login'): Failure {
  const within = `within ${Number((where.deadlineMs / 1000).toFixed(1))} s`;
  return phase === 'login'
    ? failure(
        'AuthenticationFailed',
        `${where.endpoint} waited for a key that was not used ${within}: an agent, or a security key that is to be touched, did not answer here.`,
      )
    : failure(
        'HostUnreachable',
        `${where.endpoint} has a host key, but ssh here did not judge it ${within}; see its known_hosts and its KnownHostsCommand.`,
      );
}

/** What went wrong with our own keys, as ssh complains of it. */
function ownTroubles({ complaints, hasCertificate }: SshLog): string[] {
  const about =
    /^(Load key |sign_and_send_pubkey: |no such identity: |Permissions \d+ for |Warning: Identity file |get_agent_identities: |Certificate |Too many )/;
  // sshd refuses one that has expired, is for another user or by an authority that it does not know, without saying why.
  const certificate = hasCertificate
    ? ['a certificate was refused: ssh-keygen -L -f FILE shows until when it is valid and for whom']
    : [];
  return [...complaints.filter((line) => about.test(line)).slice(0, 4), ...certificate];
}

/** Algorithms of which an offer that has nothing else is too old. */
const OLD = /sha1|ssh-rsa|ssh-dss|-cbc|arcfour|md5|group1-/;

function noCommonAlgorithm(endpoint: string, said: string, offer: string): Failure {
  const offers = offer === '' ? '' : `: it offers only ${quote(offer)}`;
  const fix =
    offer === ''
      ? 'compare ssh -Q with its sshd -T'
      : OLD.test(offer)
        ? 'SHA-1 and older are refused here: update its sshd'
        : 'update the ssh of this machine, which is older';
  return failure(
    'NegotiationFailed',
    `${endpoint} has no algorithm in common with this machine's ssh, ${quote(said)}${offers}; ${fix}.`,
  );
}

const CHANGED = /REMOTE HOST IDENTIFICATION HAS CHANGED|has changed and you have requested strict checking/;
const REVOKED = /is marked as revoked|revoked by file|was revoked and you have/;
const OTHER_ADDRESS = /POSSIBLE DNS SPOOFING|differs from the key for the IP address/;

/** The host showed another key than the one that is known. */
function keyMismatch({ log, where }: At): Failure | null {
  const said = log.complaints.join('\n');
  const how = REVOKED.test(said)
    ? 'which is marked as revoked; nothing was run'
    : CHANGED.test(said) || OTHER_ADDRESS.test(said)
      ? 'not the one in known_hosts'
      : null;
  if (how === null) return null;
  const line = /^Offending .*? in (.+:\d+)$/m.exec(said)?.[1];
  const fix = line === undefined ? '' : `; if the host was rebuilt, forget the old key: ${quote(line)}`;
  return failure('HostKeyMismatch', `${shownKey(log, where.endpoint)}, ${how}${fix}.`);
}

function keyUnknown({ log, where, ended }: At): Failure {
  const unread = log.complaints.find((line) => line.startsWith('Error checking host key '));
  if (unread !== undefined) {
    return failure(
      'HostKeyUnknown',
      `${shownKey(log, where.endpoint)}, which ssh can't judge, ${quote(unread)}; nothing was run.`,
    );
  }
  const why = log.complaints.filter((line) => /^Certificate |not permitted by HostkeyAlgorithms|CA /.test(line));
  const words = [...why, ...linesOf(ended.stderr).filter((line) => /KnownHostsCommand/.test(line))].slice(0, 2);
  const said = words.length === 0 ? '' : ` (${quote(words.join('; '))})`;
  return failure(
    'HostKeyUnknown',
    `${shownKey(log, where.endpoint)}, which ssh does not trust${said}; nothing was run; to add it: log in once with ssh, or --accept-new-host-keys.`,
  );
}

const shownKey = ({ hostKey }: SshLog, endpoint: string): string =>
  hostKey === null
    ? `${endpoint} showed a host key`
    : `${endpoint} showed the ${quote(hostKey.type)} host key ${hostKey.fingerprint}`;

/** It let us in. */
function commandOf({ ended, log, where, host }: At): Reply {
  const { complaints } = log;
  const find = (pattern: RegExp) => complaints.map((line) => pattern.exec(line)).find((match) => match !== null);
  const stderr = linesOf(ended.stderr)
    .filter((line) => !isOwnFarewell(line, host))
    .join('\n');
  const texts = { stdout: ended.stdout, stderr: stderr === '' ? '' : `${stderr}\n`.slice(0, WORDS_MAX) };
  // Where it said how the command ended, it is of no interest that ssh itself was slow to end.
  if (log.exit === 'status')
    return commandEnded(where, { exitStatus: ended.code ?? OWN_ERROR, signal: undefined, ...texts });
  if (log.exit === 'signal') return commandEnded(where, { exitStatus: null, signal: 'a signal', ...texts });
  const refusal = ended.by === 'refused' ? refusalIn(`${texts.stderr}\n${texts.stdout}`) : null;
  if (refusal !== null) {
    const words = wordsOf(texts.stdout, texts.stderr, refusal);
    return { ...failure('ExecRefused', refusedSentence(where.endpoint, words, refusal, null)), output: texts.stdout };
  }
  if (ended.by !== 'exit') {
    const errors = texts.stdout === '' || texts.stderr === '' ? {} : { errors: texts.stderr };
    return { ...timedOut('command', where, ''), output: texts.stdout || texts.stderr, ...errors };
  }
  const request = find(/^(?:exec|shell|subsystem) request failed on channel.*/);
  if (request) return execRefused(where, `SSH-2.0-${log.software ?? ''}`, new Error(request[0]));
  const channel = find(/^channel \d+: open failed: (.*)/);
  if (channel) {
    return execRefused(where, `SSH-2.0-${log.software ?? ''}`, Object.assign(new Error(channel[1]), { reason: 1 }));
  }
  const disconnect = disconnectOf(log);
  if (disconnect !== null) return sshFailed('command', where, disconnect, '');
  if (ended.code !== OWN_ERROR) return commandEnded(where, { exitStatus: ended.code, signal: undefined, ...texts });
  return closedBy('command', where, '');
}

const isOwnFarewell = (line: string, host: string): boolean =>
  line === `Connection to ${host} closed by remote host.` || line === `Connection to ${host} closed.`;

/** Lines of an error stream without what a jump host's ssh logs. */
const linesOf = (stderr: string): string[] =>
  stderr.split('\n').flatMap((line) => {
    const text = line.replace(/\r+$/, '');
    return text.trim() === '' || LOGGED.test(text) ? [] : [text];
  });

const LOGGED =
  /^(debug[123]: |Authenticated to \S+ (\(\[|\(via proxy\)|using )|Transferred: sent \d+|Bytes per second: sent |OpenSSH_\d)/;
