/**
 * Jump hosts, as ssh's ProxyJump: one connection to each, shared by all hosts behind it. A fault of the jump host is never
 * attributed to a host behind it.
 */
import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Client } from 'ssh2';
import type { JumpHost, Reply } from '../model/index.ts';
import { endpointOf, type Failure, failure, quote } from './failures.ts';
import type { Limits } from './limits.ts';
import type { Attempt } from './session.ts';

/** Logs in to a jump host and keeps the connection; resolves when that has ended. */
export type Dial = (jump: JumpHost, via: Duplex | null, use: Attempt['use'], limits: Limits) => Promise<Reply | null>;

/** A connection to a host through its jump host. */
export interface Way {
  readonly stream: Duplex;
  /** The jump host opens a channel only once the host behind it has accepted; others may open one at once. */
  readonly provesAccept: boolean;
  /** The failure of the jump host, where that ended the connection; null: it is well. */
  broken(): Promise<Failure | null>;
}

interface Jump {
  readonly client: Client;
  readonly endpoint: string;
  readonly banner: string;
  /** How its connection ended; null while it is open. */
  ended: Failure | null;
}

/** The jump hosts of one run. */
export class JumpHosts {
  readonly #jumps = new Map<string, Promise<Jump | Failure | null>>();
  readonly #close = new Set<() => void>();

  constructor(
    private readonly dial: Dial,
    private readonly newLimits: () => Limits,
  ) {}

  /** @returns null where the run was aborted. */
  async wayTo(
    address: string,
    port: number,
    jumps: readonly JumpHost[],
    limits: Limits,
  ): Promise<Way | Failure | null> {
    const endpoint = endpointOf(address, port);
    const last = endpointOf(jumps.at(-1)?.address ?? '', jumps.at(-1)?.port ?? 0);
    const unusable = (why: Failure) =>
      failure(
        'HostUnreachable',
        `${endpoint} was not asked, since its jump host ${last} can't be used (${why.reason}): ${why.text}`,
      );
    const jump = await within<Jump | Failure | null>(limits, 'all', this.#reach(jumps), (seconds) =>
      unusable(failure('HandshakeTimeout', `it did not complete the login within ${seconds} s.`)),
    );
    if (jump === null) return null;
    if ('kind' in jump) return jump.reason === 'HostUnreachable' ? jump : unusable(jump);
    const stream = await within<Duplex | Failure>(limits, 'connecting', forward(jump, address, port), (seconds) =>
      failure(
        'ConnectTimeout',
        `${endpoint} did not accept a TCP connection from the jump host ${last} within ${seconds} s.`,
      ),
    );
    const broken = async () => {
      await turn(); // Its channels see its end before this side does.
      return jump.ended === null ? null : unusable(jump.ended);
    };
    if ('kind' in stream) return (await broken()) ?? stream;
    return { stream, provesAccept: OPENS_WHEN_CONNECTED.test(jump.banner), broken };
  }

  /** Ends every connection. */
  close(): void {
    for (const close of this.#close) close();
  }

  #reach(jumps: readonly JumpHost[]): Promise<Jump | Failure | null> {
    const key = JSON.stringify(jumps);
    const known = this.#jumps.get(key) ?? this.#connect(jumps, () => this.#jumps.delete(key));
    this.#jumps.set(key, known);
    return known;
  }

  /** @param ended called when a login that succeeded is over: the next host may try again. A failed login is kept. */
  async #connect(jumps: readonly JumpHost[], ended: () => void): Promise<Jump | Failure | null> {
    const last = jumps.at(-1);
    if (last === undefined) return null;
    const before = jumps.slice(0, -1);
    const limits = this.newLimits();
    const way = before.length === 0 ? null : await this.wayTo(last.address, last.port, before, limits);
    if (before.length > 0 && (way === null || 'kind' in way)) return way;
    return new Promise((resolve) => {
      let jump: Jump | null = null;
      const use: Attempt['use'] = (client, { endpoint }, banner, done) => {
        const close = () => done({ kind: 'output', output: '' });
        this.#close.add(close);
        jump = { client, endpoint, banner, ended: null };
        resolve(jump);
        return { output: () => '', errors: () => '' };
      };
      const over = (reply: Reply | null) => {
        const why = reply?.kind === 'failed' ? reply : failure('NotChecked', 'the run was ended.');
        if (jump !== null) {
          jump.ended = why;
          ended();
        } else {
          resolve(reply === null ? null : why);
        }
      };
      this.dial(last, way === null || 'kind' in way ? null : way.stream, use, limits).then(over);
    });
  }
}

/** OpenSSH's server confirms a channel after its connect has succeeded (channels.c), and so does dropbear. */
const OPENS_WHEN_CONNECTED = /^SSH-2\.0-(OpenSSH|dropbear)_/;

/** Reason codes of a refused channel (RFC 4254, 5.1). */
const PROHIBITED = 1;
const CONNECT_FAILED = 2;

function forward({ client, endpoint: jump }: Jump, address: string, port: number): Promise<Duplex | Failure> {
  const endpoint = endpointOf(address, port);
  return new Promise((resolve) => {
    const refused = (error: Error & { readonly reason?: unknown }) => {
      const said = `the jump host ${jump} says ${quote(error.message)}`;
      if (error.reason === PROHIBITED) {
        resolve(failure('HostUnreachable', `${endpoint} was not asked: ${said}; allow TCP forwarding there.`));
      } else if (error.reason !== CONNECT_FAILED) {
        resolve(failure('HostUnreachable', `${endpoint} was not asked: ${said}.`));
      } else {
        const [reason] = CONNECT_ERRORS.find(([, pattern]) => pattern.test(error.message)) ?? ['HostUnreachable'];
        resolve(failure(reason, `${endpoint} can't be connected to, ${said}.`));
      }
    };
    try {
      client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
        if (error) refused(error);
        else resolve(channel);
      });
    } catch (error) {
      // Its connection has just broken.
      refused(error as Error);
    }
  });
}

/** OpenSSH passes on the words of its libc. */
const CONNECT_ERRORS = [
  ['ConnectionRefused', /refused/i],
  ['ConnectTimeout', /timed out/i],
  ['NameNotResolved', /resol|not known|no address/i],
] as const;

/** The result of `work`, or of `late` once the limit has passed; a connection that comes after that is closed. */
function within<T extends object | null>(
  limits: Limits,
  what: 'connecting' | 'all',
  work: Promise<T>,
  late: (seconds: number) => T,
): Promise<T> {
  return new Promise((resolve) => {
    let isLate = false;
    limits.start(what, (afterMs) => {
      isLate = true;
      resolve(late(Number((afterMs / 1000).toFixed(1))));
    });
    work.then((done) => {
      if (isLate && done !== null && 'destroy' in done) (done as unknown as Duplex).destroy();
      if (isLate) return;
      limits.stop();
      resolve(done);
    });
  });
}
