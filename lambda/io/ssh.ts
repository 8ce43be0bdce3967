/** The SSH transport: many hosts at a time, each within its own deadline. */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeRun, ProbeTransport } from '../check-fleet.ts';
import type { Instance, Reply } from '../model.ts';
import { type HostKeyPolicy, hostKeyChecks } from './known-hosts.ts';
import { type Failure, failure, quote } from './ssh-failures.ts';
import { type KeyOptions, loginMethods } from './ssh-keys.ts';
import { attemptSsh } from './ssh-session.ts';

export type { HostKeyPolicy } from './known-hosts.ts';

export interface SshOptions extends KeyOptions {
  readonly hostKeys: HostKeyPolicy;
}

/** Lambda has 1,024 file descriptors in all (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const MAX_SOCKETS = 500;

/** A unit name that a shell can't misread; the SSM document's `allowedPattern` is the same. */
const UNIT = /^[A-Za-z0-9:_.@-]+$/;

/** Asks hosts over SSH: `sh -s -- UNIT` with the script on its input. */
export function sshTransport(options: SshOptions): ProbeTransport {
  const loginFor = loginMethods(options);
  const hostKeyOf = hostKeyChecks(options.hostKeys);

  async function ask(instance: Instance, run: ProbeRun, began: number): Promise<Reply | null> {
    const { address } = instance;
    if (address === null) {
      return failure(
        'NoAddress',
        `${quote(instance.name)} has no address to connect to; check the setting ssh.address.`,
      );
    }
    const attempt = async () => {
      const login = await loginFor(instance);
      if ('reason' in login) return login;
      return attemptSsh({
        address,
        port: instance.login.port,
        user: instance.login.user,
        login,
        hostKey: hostKeyOf(instance, address),
        command: commandFor(instance),
        stdin: run.script,
        deadlineMs: run.hostDeadlineMs,
        leftMs: began + run.hostDeadlineMs - performance.now(),
        signal: run.signal,
      });
    };
    const first = await attempt();
    if (first?.kind !== 'failed') return first;
    const pauseMs = pauseAfter(first);
    if (pauseMs === null || performance.now() + pauseMs >= began + run.hostDeadlineMs) return first;
    await sleep(pauseMs, undefined, { signal: run.signal }).catch(() => {}); // Aborted: the next attempt says so.
    return afterBoth(first, await attempt());
  }

  return async (instances, run) => {
    // Every open connection listens to the run's end: far more than the ten that Node takes for a leak.
    setMaxListeners(0, run.signal);
    const queue = instances.values();
    const work = async () => {
      for (const instance of queue) {
        if (run.signal.aborted) return;
        const began = performance.now();
        const reply = await ask(instance, run, began);
        if (reply) run.reply(instance.id, reply, performance.now() - began);
      }
    };
    await Promise.all(Array.from({ length: Math.min(run.forks, MAX_SOCKETS, instances.length) }, work));
  };
}

function commandFor({ worker }: Instance): string {
  return worker !== null && UNIT.test(worker) ? `sh -s -- ${worker}` : 'sh -s';
}

/**
 * How long to wait before the one second attempt; null where none is made. A time-out isn't retried, and a refusal is
 * given longer: hasty returns are what sshd's PerSourcePenalties punish.
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

/** An sshd that turned one attempt away in words is alive, even if the other never saw a banner. */
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
