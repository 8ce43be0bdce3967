/**
 * One attempt at one host over SSH: resolve, connect, banner, key exchange, login, use. However it ends, the connection
 * is closed and the end is one value. The banner is read here and not by ssh2, which loses bytes of one that comes in
 * more than two pieces, and can't tell a refusal line from a banner that never came.
 */
import { closeSync, openSync } from 'node:fs';
import { isIP, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type Algorithms, type Client, type ConnectConfig, type ParsedKey } from 'ssh2';
import { messageOf } from '../kit/index.ts';
import type { AllowedAlgorithms, Reply } from '../model/index.ts';
import { ALGORITHMS } from './algorithms.ts';
import { BannerReader } from './banner.ts';
import { type Dialing, dialName } from './connect.ts';
import {
  closedBy,
  endpointOf,
  type Failure,
  failure,
  loginLost,
  loginRefused,
  offeredOnly,
  type Phase,
  quote,
  type SshError,
  socketFailed,
  sshFailed,
  timedOut,
  tooManyKeys,
  type Where,
} from './failures.ts';
import {
  disconnect,
  exchangeQuickly,
  type Identified,
  ignoreOtherHostKeys,
  loginAtOnce,
  padQuickly,
  signAtOnce,
  speakFirst,
  whenRefused,
  whenSigned,
} from './inside-ssh2.ts';
import type { Login } from './keys.ts';
import { fingerprint, type HostKeyCheck } from './known-hosts.ts';
import type { Limits } from './limits.ts';
import { LoginWords, withProof } from './said.ts';

/** What one attempt at a host needs. */
export interface Attempt {
  /** IPv4, IPv6 or a name. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly login: Login;
  readonly hostKey: HostKeyCheck;
  /** Those of our algorithms that may be used; absent: all. */
  readonly algorithms?: AllowedAlgorithms | undefined;
  /** The connection through a jump host; null: a socket of our own. */
  readonly via: Duplex | null;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /**
   * Null: the connection is for one use, within its limits. Otherwise it stays open after the login, without a limit,
   * and sends a keepalive each time these milliseconds have passed.
   */
  readonly keepaliveMs: number | null;
  /**
   * What is sent without waiting for the host's answer to what came before. `login`: the login request, signed at once where
   * there is one key only. `all`: our identification and key exchange, too, and behind a signed request the channel for the
   * command. That is for hosts that are known: one that closes with it unread resets the connection, so how it ended says less.
   */
  readonly ahead: 'nothing' | 'login' | 'all';
  /** Called where the host ended the connection, and an attempt with nothing sent ahead may say more. */
  readonly unsure?: () => void;
  /** Called when the host has accepted one of our keys, whatever becomes of the login then; not where the login succeeds. */
  readonly keyTaken?: () => void;
  /** What the login is for; `done` ends it, unless the connection ends first. */
  use(client: Client, where: Where, banner: string, done: (reply: Reply) => void): Use;
}

/** The work on a connection after the login. */
export interface Use {
  /** What the host has printed so far. */
  output(): string;
  /** What it has printed on the error stream, where that is not the output. */
  errors(): string;
}

/** Unanswered keepalives after which a lasting connection counts as lost. */
const UNANSWERED = 2;

/** More than an honest banner, key exchange and login need; and more than those and a probe. */
const BYTES_BEFORE_COMMAND = 256 * 1024;
const BYTES_TOTAL = 1024 * 1024;
/**
 * Our own identification waits for the host's: data left unread turns the host's close into a reset, and hides which it
 * was. After this long it is sent all the same, since a web server speaks only when spoken to.
 */
const NUDGE_MS = 1000;
const IDENT = 'crawlwatch';
/**
 * Servers known to do what RFC 4252, 5.1 and 6 ask for: what comes behind the login request is passed on where that succeeds
 * (OpenSSH hands its input buffer to the process of the session, packet.c, ssh_packet_get_state). Where it fails, others
 * disconnect.
 */
const PASSES_ON = /^SSH-2\.0-OpenSSH_/;

/** Never rejects. Resolves once the socket is closed: to the reply, or to null where the run was aborted first. */
export async function attemptSsh(attempt: Attempt): Promise<Reply | null> {
  if (attempt.signal.aborted) return null;
  return new Promise((resolve) => new Session(attempt, resolve).open());
}

class Session {
  readonly #attempt: Attempt;
  readonly #resolve: (reply: Reply | null) => void;
  readonly #where;
  /** Null until a name's address has accepted. */
  #socket: Duplex | null = null;
  #dialing: Dialing | null = null;
  readonly #client = new ssh2.Client();
  readonly #bannerReader: BannerReader;
  #phase: Phase;
  #settled = false;
  #received = 0;
  #nudge: NodeJS.Timeout | undefined;
  #identSent = false;
  #hostKey: Buffer | undefined;
  #banner = '';
  /** What came in the clear, from the banner on. */
  #kexBytes: Buffer = Buffer.alloc(0);
  #running: Use | undefined;
  readonly #said = new LoginWords();
  /** Methods that the host would still take, and what went wrong with our own keys. */
  #methodsLeft: readonly string[] = [];
  readonly #keyTroubles: string[] = [];
  #signsAtOnce: boolean;
  /** Public keys of the files that were offered, an RSA key being offered twice; the agent counts its own. */
  readonly #filesTried = new Set<string>();

  constructor(attempt: Attempt, resolve: (reply: Reply | null) => void) {
    this.#attempt = attempt;
    this.#resolve = resolve;
    this.#where = { endpoint: endpointOf(attempt.address, attempt.port), deadlineMs: attempt.limits.deadlineMs };
    this.#bannerReader = new BannerReader(this.#where);
    this.#signsAtOnce = attempt.ahead !== 'nothing' && attempt.login.hasOneKey;
    this.#phase = attempt.via !== null || isIP(attempt.address) ? 'connect' : 'resolve';
  }

  open(): void {
    const { address, port, limits, signal, via } = this.#attempt;
    signal.addEventListener('abort', this.#cancel);
    limits.start('connecting', this.#expire);
    // Late errors come here too, when the session is settled. A host may exchange keys again: only the first counts.
    this.#client.on('error', this.#sshError).once('handshake', this.#keysExchanged).once('ready', this.#loggedIn);
    this.#client.on('banner', (message) => this.#said.push(message));
    if (via !== null) {
      this.#listenTo(via);
      this.#connected(via);
    } else if (isIP(address)) {
      const socket = new Socket();
      this.#listenTo(socket);
      socket.once('connect', () => this.#connected(socket)).connect({ host: address, port });
    } else {
      this.#dialing = dialName(address, port, {
        resolved: () => {
          this.#phase = 'connect';
        },
        connected: (socket) => {
          this.#dialing = null;
          this.#listenTo(socket);
          this.#connected(socket);
        },
        failed: this.#socketError,
      });
    }
  }

  #listenTo(socket: Duplex): void {
    this.#socket = socket;
    socket
      .on('error', this.#socketError)
      .on('close', () => this.#lost(closedBy(this.#phase, this.#where, this.#bannerReader.received)));
  }

  readonly #socketError = (error: Error) => {
    const cause = this.#phase === 'resolve' ? (noMoreFiles() ?? error) : error;
    this.#lost(socketFailed(this.#phase, this.#where, cause, this.#bannerReader.received));
  };
  readonly #cancel = () => this.#settle(null);
  readonly #expire = (afterMs: number) => {
    if (this.#phase === 'login' && this.#attempt.login.agent?.isPending) {
      this.#keyTroubles.push('the ssh-agent did not answer');
      this.#settle(this.#loginRefused());
    } else {
      const where = { ...this.#where, deadlineMs: afterMs };
      this.#lost(timedOut(this.#phase, where, this.#bannerReader.received));
    }
  };

  #connected(socket: Duplex): void {
    this.#phase = 'banner';
    this.#attempt.limits.connected();
    // Many small packets that wait for each other: Nagle's algorithm would double the time of a login.
    if (socket instanceof Socket) socket.setNoDelay(true);
    const readBanner = (chunk: Buffer) => this.#readBanner(chunk, socket, readBanner);
    if (this.#attempt.ahead === 'all') {
      this.#startSsh(socket, (chunk) => this.#identified(chunk));
      return;
    }
    socket.on('data', readBanner);
    this.#nudge = setTimeout(() => {
      this.#identSent = true;
      socket.write(`SSH-2.0-${IDENT}\r\n`);
    }, NUDGE_MS);
  }

  #readBanner(chunk: Buffer, socket: Duplex, reader: (chunk: Buffer) => void): void {
    const read = this.#bannerReader.push(chunk);
    switch (read.kind) {
      case 'more':
        return;
      case 'failed':
        this.#settle(read.failure);
        return;
      case 'banner':
        socket.off('data', reader).pause().unshift(read.rest);
        clearTimeout(this.#nudge);
        this.#phase = 'kex';
        this.#banner = read.line;
        if (this.#identSent) dropNextWrite(socket);
        this.#startSsh(socket, null);
        return;
      default:
        read satisfies never;
    }
  }

  /** The same where our own identification and key exchange have been sent. */
  #identified(chunk: Buffer): Identified | null {
    const read = this.#bannerReader.push(chunk);
    if (read.kind === 'failed') this.#settle(read.failure);
    if (read.kind !== 'banner') return null;
    this.#phase = 'kex';
    this.#banner = read.line;
    this.#kexBytes = read.rest;
    return { line: read.line, rest: read.rest.subarray(read.rest.indexOf(10) + 1) };
  }

  /** @param identify null: the host has sent its identification, which ssh2 reads again */
  #startSsh(socket: Duplex, identify: ((chunk: Buffer) => Identified | null) | null): void {
    const { hostKey, login, user, keepaliveMs, algorithms } = this.#attempt;
    const untried = login.methods[Symbol.iterator]();
    const proved = () => {
      this.#said.hasProved = true;
      this.#attempt.keyTaken?.();
    };
    let lastType: string | undefined;
    const config: ConnectConfig = {
      sock: socket,
      ident: IDENT,
      username: user,
      readyTimeout: 0,
      ...(keepaliveMs !== null && { keepaliveInterval: keepaliveMs, keepaliveCountMax: UNANSWERED }),
      algorithms: algorithmsFor(hostKey.algorithms, algorithms),
      hostVerifier: this.#verify,
      authHandler: (left: readonly string[] | null, isPartial, next) => {
        this.#methodsLeft = left ?? [];
        if (isPartial) proved();
        // A second factor is asked for, and no key is one.
        const wantsMore = this.#said.hasProved && left !== null && left.length > 0 && !left.includes('publickey');
        const method = wantsMore ? undefined : untried.next().value;
        if (method?.type === 'publickey') this.#filesTried.add(publicKeyOf(method.key as ParsedKey));
        // ssh2 doesn't pass on what the host would still take after an agent's keys: it is asked for.
        const asks = method === undefined && lastType === 'agent' && this.#said.hasProved;
        lastType = method?.type;
        if (this.#signsAtOnce && method?.type === 'publickey') this.#signAtOnce(method.key as ParsedKey);
        if (method !== undefined) next(withProof(method, proved));
        else next(asks ? { type: 'none', username: user } : (false as never));
      },
    };
    const gather = () => gatherWrites(socket);
    gather();
    try {
      this.#client.connect(config);
      ignoreOtherHostKeys(this.#client);
      padQuickly(this.#client);
      exchangeQuickly(this.#client);
      if (identify !== null) speakFirst(this.#client, identify);
      if (this.#attempt.ahead === 'all') {
        whenSigned(this.#client, this.#signed);
        whenRefused(this.#client, (left, isPartial) => {
          if (this.#running === undefined) return true;
          // The channel that was asked for behind this request is lost, whatever another key may do.
          this.#methodsLeft = left;
          if (isPartial) proved();
          this.#attempt.unsure?.();
          this.#settle(this.#loginRefused());
          return false;
        });
      }
    } catch (error) {
      // This Node was built without one of the algorithms.
      this.#settle(failure('NegotiationFailed', `This client can't speak SSH here: ${quote(messageOf(error))}.`));
    }
    socket.prependListener('data', gather).on('data', this.#count);
  }

  readonly #verify = (key: Buffer): boolean => {
    const distrust = this.#attempt.hostKey.verify(key);
    if (distrust) this.#settle(distrust);
    this.#hostKey = Buffer.from(key);
    return distrust === null;
  };

  readonly #keysExchanged = () => {
    this.#phase = 'login';
    if (this.#hostKey) this.#attempt.hostKey.proved(this.#hostKey);
    // What the host lists behind its keys decides how an agent's RSA key signs: it has come when the service is accepted.
    const { ahead, login } = this.#attempt;
    if (ahead !== 'nothing' && login.agent === null) loginAtOnce(this.#client, () => !this.#settled);
  };

  /** For the first request alone: a host that refuses this key is asked about the others. */
  #signAtOnce(key: ParsedKey): void {
    this.#signsAtOnce = false;
    signAtOnce(this.#client, (data) => {
      const signature = key.sign(data);
      return signature instanceof Error ? null : signature;
    });
  }

  readonly #signed = () => {
    if (this.#settled || this.#running !== undefined || !PASSES_ON.test(this.#banner)) return;
    try {
      this.#begin();
    } catch {
      // The host has just ended the connection, of which the socket says more.
    }
  };

  readonly #loggedIn = () => {
    this.#phase = 'command';
    if (this.#running === undefined) this.#begin();
    if (this.#attempt.keepaliveMs !== null) this.#attempt.limits.stop();
  };

  #begin(): void {
    this.#running = this.#attempt.use(this.#client, this.#where, this.#banner, (reply) => {
      if (this.#phase === 'command') return this.#settle(reply);
      // It has not said yet what becomes of the login, and other servers than OpenSSH refuse a channel before that.
      this.#attempt.unsure?.();
      this.#settle(
        failure('ProtocolError', `${this.#where.endpoint} ended the session before it had accepted the login.`),
      );
    });
  }

  /** Cuts off a host that floods, by bytes and not only by time. */
  readonly #count = (chunk: Buffer) => {
    // What precedes its identification has a bound of its own (banner.ts).
    if (this.#phase === 'banner') return;
    if (this.#phase === 'kex') this.#kexBytes = Buffer.concat([this.#kexBytes, chunk]);
    this.#received += chunk.length;
    const sent = this.#received;
    if (this.#attempt.keepaliveMs !== null && this.#phase === 'command') return;
    if (this.#phase !== 'command' && sent > BYTES_BEFORE_COMMAND) {
      const text = `${this.#where.endpoint} sent ${BYTES_BEFORE_COMMAND / 1024} KiB before the login was done.`;
      this.#settle(failure('ProtocolError', text));
    } else if (sent > BYTES_TOTAL) {
      this.#settle({ kind: 'output', output: this.#running?.output() ?? '' });
    }
  };

  readonly #sshError = (error: SshError) => {
    const final = error.message.startsWith('All configured authentication methods failed');
    if (error.level === 'agent' || (error.level === 'client-authentication' && !final)) {
      this.#keyTroubles.push(quote(error.message)); // ssh2 goes on to the next key.
    } else if (final) {
      this.#settle(this.#loginRefused());
    } else if (this.#phase === 'login' && /too many authentication failures/i.test(error.message)) {
      this.#settle(tooManyKeys(this.#where, this.#attempt.user, this.#keysTried()));
    } else {
      const found = sshFailed(this.#phase, this.#where, error, offeredOnly(this.#kexBytes, error.message));
      if (found.reason !== 'NegotiationFailed' && found.reason !== 'SshThrottled') this.#endedByHost();
      this.#settle(found);
    }
  };

  #keysTried(): number {
    return this.#filesTried.size + (this.#attempt.login.agent?.offered ?? 0);
  }

  #loginRefused(): Failure {
    const { all: words, hasProved } = this.#said;
    const troubles = [...this.#attempt.login.troubles(), ...this.#keyTroubles];
    const tried = this.#keysTried();
    return loginRefused(this.#where, this.#attempt.user, {
      left: this.#methodsLeft,
      troubles,
      tried,
      keyFile: this.#attempt.login.keyFile,
      hasProved,
      words,
    });
  }

  #endedByHost(): void {
    const { ahead, unsure } = this.#attempt;
    const isAhead = this.#phase === 'login' ? ahead !== 'nothing' : this.#phase === 'kex' && ahead === 'all';
    if (isAhead && !this.#settled) unsure?.();
  }

  #lost(found: Failure): void {
    if (found.reason !== 'HandshakeTimeout') this.#endedByHost();
    this.#settle(this.#phase === 'login' ? loginLost(this.#where, this.#attempt.user, this.#said, found) : found);
  }

  #settle(reply: Reply | null): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#attempt.limits.stop();
    clearTimeout(this.#nudge);
    this.#attempt.signal.removeEventListener('abort', this.#cancel);
    this.#attempt.login.agent?.release();
    const result = reply && this.#complete(reply);
    this.#dialing?.cancel();
    const socket = this.#socket;
    if (socket === null) {
      this.#resolve(result);
      return;
    }
    // A channel through a jump host closes once that answers, which isn't waited for.
    const isGone = socket.closed || !(socket instanceof Socket);
    if (!isGone) socket.once('close', () => this.#resolve(result));
    // After a login, disconnects in SSH's words: sshd then logs no error. Then closes at once, whatever is pending.
    if (this.#phase === 'command' && socket.readable && socket.writable) disconnect(this.#client);
    socket.uncork();
    socket.destroy();
    if (isGone) this.#resolve(result);
  }

  /** Adds what the host had printed, and its key: only that of a host that accepted the login is remembered. */
  #complete(reply: Reply): Reply {
    const output = this.#running?.output() ?? '';
    const printed = reply.kind === 'failed' && reply.output === undefined && output !== '' ? { output } : {};
    const errors = [this.#said.toUser, this.#running?.errors() ?? ''].filter((text) => text !== '').join('\n');
    const said = this.#phase === 'command' && errors !== '' ? { errors } : {};
    const known = this.#phase === 'command' && this.#hostKey ? { hostKey: fingerprint(this.#hostKey) } : {};
    return { ...reply, ...printed, ...said, ...known };
  }
}

function algorithmsFor(hostKeys: readonly string[], allowed: AllowedAlgorithms | undefined): Algorithms {
  const { kex, cipher, hmac } = allowed ?? ALGORITHMS;
  const serverHostKey = allowed === undefined ? hostKeys : hostKeys.filter((one) => allowed.hostKey.includes(one));
  return { ...ALGORITHMS, kex, cipher, hmac, serverHostKey } as unknown as Algorithms;
}

const publicKeyOf = (key: ParsedKey): string => key.getPublicSSH().toString('base64');

/** The error of opening one more file; null: it can be opened. Without one, libc reports that a name doesn't exist. */
function noMoreFiles(): NodeJS.ErrnoException | null {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return null;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

/**
 * Sends together what is written until this turn of the event loop ends: ssh2 writes each packet in three pieces. A login
 * takes a third of the system calls, and fewer packets.
 */
function gatherWrites(socket: Duplex): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}

/** Drops ssh2's first write, our identification, where that has been sent already. */
function dropNextWrite(socket: Duplex): void {
  socket.write = () => {
    Reflect.deleteProperty(socket, 'write');
    return true;
  };
}
