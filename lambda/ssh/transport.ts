/** The SSH transport: many hosts at a time, each within its own deadline. */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FailureReason, Instance, ProbeRun, ProbeTransport, Reply } from '../model/index.ts';
import { probeArguments } from '../probe/index.ts';
import { runCommand } from './command.ts';
import { endpointOf, type Failure, failure, keyNotTaken, quote, turnedAway } from './failures.ts';
import { type Dial, JumpHosts } from './jump.ts';
import { type KeyOptions, loginMethods } from './keys.ts';
import { type HostKeyPolicy, hostKeyChecks } from './known-hosts.ts';
import { Limits } from './limits.ts';
import { type Attempt, attemptSsh } from './session.ts';

export type { HostKeyPolicy } from './known-hosts.ts';

/** Makes a host accept our public key for a short while. A failure is that host's reply. */
export type PushKey = (instance: Instance, signal: AbortSignal) => Promise<Failure | null>;

export interface SshOptions extends KeyOptions {
  readonly hostKeys: HostKeyPolicy;
  /** For a host's name and the TCP connection to it, of its deadline. @default null: all of it */
  readonly connectSeconds?: number | null;
  /** Called right before each login; `privateKey` is then the matching private key. */
  readonly pushKey?: PushKey;
}

/** One host's turn in a run. */
interface Turn {
  readonly instance: Instance;
  /** The script, in bytes. */
  readonly stdin: Buffer;
  readonly run: ProbeRun;
  readonly limits: Limits;
  readonly jumpHosts: JumpHosts;
  /** When an sshd last accepted a login, by the route to it. */
  readonly servedAt: Map<string, number>;
}

/** Lambda has 1,024 file descriptors in all (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const MAX_SOCKETS = 500;

/** Runs the script on hosts over SSH: `sh -s -- UNIT` with the script on its input. */
export function sshTransport(options: SshOptions): ProbeTransport {
  const { pushKey, connectSeconds = null } = options;
  const connectMs = connectSeconds === null ? null : connectSeconds * 1000;
  const loginFor = loginMethods(options);
  const hostKeyOf = hostKeyChecks(options.hostKeys);

  return async (instances, run) => {
    // Every open connection listens to the run's signal: far more listeners than the ten that Node takes for a leak.
    setMaxListeners(0, run.signal);
    const newLimits = () => new Limits(performance.now(), run.hostDeadlineMs, connectMs);
    const jumpHosts = new JumpHosts(dial(run), newLimits);
    const servedAt = new Map<string, number>();
    const stdin = Buffer.from(run.script);
    const queue = instances.values();
    const work = async () => {
      for (const instance of queue) {
        if (run.signal.aborted) return;
        const limits = newLimits();
        const reply = await ask({ instance, stdin, run, limits, jumpHosts, servedAt });
        if (reply) run.reply(instance.id, reply, performance.now() - limits.began);
      }
    };
    await Promise.all(Array.from({ length: Math.min(run.forks, MAX_SOCKETS, instances.length) }, work));
    jumpHosts.close();
  };

  async function ask(turn: Turn): Promise<Reply | null> {
    const { instance, run, limits, servedAt } = turn;
    const { address } = instance;
    if (address === null) {
      return failure(
        'NoAddress',
        `${quote(instance.name)} has no address to connect to; check the setting ssh.address.`,
      );
    }
    const { port, jumps = [], openssh } = instance.login;
    if (openssh !== undefined) {
      const { because } = openssh;
      return failure('HostUnreachable', `${quote(instance.name)} was not asked: ${because} needs OpenSSH's client.`);
    }
    const route = JSON.stringify([address, port, jumps]);
    let isUnsure = false;
    const attempt = async (unsure: (() => void) | null) => {
      const reply = await attemptOne(turn, address, unsure);
      if (reply?.kind === 'output') servedAt.set(route, performance.now());
      return reply;
    };
    const first = await attempt(() => {
      isUnsure = true;
    });
    if (first?.kind !== 'failed') return first;
    const pauseMs = isUnsure ? 0 : pauseAfter(first);
    if (pauseMs === null || pauseMs >= limits.leftMs()) return first;
    if (pauseMs > 0) await sleep(pauseMs, undefined, { signal: run.signal }).catch(() => {}); // Where this was aborted, the next attempt returns null.
    // Each step waits for the host, so that how it ends says all there is to know.
    const second = await attempt(null);
    if (isUnsure) return second?.kind === 'failed' && LESS_FAR.has(second.reason) ? first : second;
    if (second?.kind !== 'failed' || !isDropped(second)) return afterBoth(first, second);
    // The same sshd has accepted other logins meanwhile, so it can fork: it drops connections because there are too many.
    // Only logins at the same address and port count; that other hosts are well says nothing about this one.
    const hasServed = (servedAt.get(route) ?? 0) > limits.began;
    return hasServed ? turnedAway(endpointOf(address, port)) : afterBoth(first, second);
  }

  /** @param unsure null: nothing is sent ahead of the host's answers */
  async function attemptOne(
    { instance, stdin, run, limits, jumpHosts }: Turn,
    address: string,
    unsure: (() => void) | null,
  ): Promise<Reply | null> {
    const { signal } = run;
    const { port, user, jumps = [], trust, algorithms } = instance.login;
    const login = await loginFor(instance.login);
    if ('reason' in login) return login;
    if (pushKey !== undefined) {
      const notPushed = await pushKey(instance, AbortSignal.any([signal, AbortSignal.timeout(limits.leftMs())]));
      if (notPushed !== null) return signal.aborted ? null : notPushed;
    }
    const way = jumps.length === 0 ? null : await jumpHosts.wayTo(address, port, jumps, limits);
    // An abort ends the jump hosts' connections first, which is no failure of theirs.
    if (way !== null && 'kind' in way) return signal.aborted ? null : way;
    if (way === null && jumps.length > 0) return null;
    let isKeyTaken = false;
    const hostKey = hostKeyOf({ address, port, pin: instance.hostKey, trust });
    const reply = await attemptSsh({
      keyTaken: () => {
        isKeyTaken = true;
      },
      ...{ address, port, user, login, algorithms, limits, signal, via: way?.stream ?? null, keepaliveMs: null },
      hostKey,
      ...(unsure === null ? { ahead: 'nothing' } : { ahead: hostKey.isKnown ? 'all' : 'login', unsure }),
      use: (client, where, banner, done) =>
        runCommand(client, { command: commandFor(instance), stdin }, where, banner, done),
    });
    if (reply?.kind !== 'failed') return reply;
    if (pushKey !== undefined && reply.reason === 'AuthenticationFailed' && !isKeyTaken) {
      return keyNotTaken(endpointOf(address, port), user);
    }
    const broken = (await way?.broken()) ?? null;
    if (broken !== null) return broken;
    return way?.provesAccept && isAfterAccept(reply) ? { ...reply, reached: true } : reply;
  }

  /** A jump host is no instance and has no pin: with pins its key is accepted as seen. */
  function dial(run: ProbeRun): Dial {
    return async (jump, via, use, limits) => {
      const { address, port, user, algorithms } = jump;
      const login = await loginFor(jump);
      if ('reason' in login) return login;
      const hostKey = hostKeyOf({ address, port, pin: null, trust: jump.trust });
      // Its silence must be noticed before it is taken for silence of the hosts behind it.
      const keepaliveMs = run.hostDeadlineMs / 5;
      const attempt: Attempt = {
        ...{ address, port, user, login, algorithms, hostKey, via, limits, keepaliveMs, use },
        // One connection serves all hosts behind it: there is no time to win.
        ahead: 'nothing',
        signal: run.signal,
      };
      return attemptSsh(attempt);
    };
  }
}

/** What a host is to run, with the script on its input. */
export function commandFor({ worker }: Instance): string {
  const units = probeArguments(worker === null ? [] : [worker], null);
  return units.length === 0 ? 'sh -s' : `sh -s -- ${units.join(' ')}`;
}

/**
 * How long to wait before the one second attempt; null where none is made. A time-out isn't retried, and a refusal waits
 * longer: hasty retries are what sshd's PerSourcePenalties punish.
 */
function pauseAfter({ reason }: Failure): number | null {
  switch (reason) {
    case 'SshThrottled':
      return 1000 + 1000 * Math.random();
    case 'ConnectionReset':
    case 'ClosedBeforeBanner':
      return 200 + 200 * Math.random();
    default:
      return null;
  }
}

/** Of a second attempt that came less far than the first. */
const LESS_FAR: ReadonlySet<FailureReason> = new Set([
  ...(['ConnectTimeout', 'ConnectionRefused', 'ConnectionReset', 'ClosedBeforeBanner', 'BannerTimeout'] as const),
  ...(['HandshakeTimeout', 'SshThrottled'] as const),
]);

const isAfterAccept = (reply: Failure): boolean => isDropped(reply) || reply.reason === 'BannerTimeout';

const isDropped = ({ reason }: Failure): boolean => reason === 'ConnectionReset' || reason === 'ClosedBeforeBanner';

/** An sshd that refused one attempt in words is alive, even if the other never got a banner. */
function afterBoth(first: Failure, second: Reply | null): Reply | null {
  if (first.reason !== 'SshThrottled' || second?.kind !== 'failed') return second;
  switch (second.reason) {
    case 'ConnectTimeout':
    case 'ConnectionReset':
    case 'ClosedBeforeBanner':
    case 'BannerTimeout':
      return first;
    default:
      return second;
  }
}
