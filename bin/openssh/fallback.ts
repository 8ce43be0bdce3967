/**
 * Adds OpenSSH's client to the fast path: hosts that need it go through it at once, and those with which ssh2 has no
 * algorithm in common are asked again through it. Both ways together keep to the forks of the run.
 */
import { setMaxListeners } from 'node:events';
import type { Instance, OpensshWay, ProbeRun, ProbeTransport, Reply } from '../../lambda/model/index.ts';
import { type Failure, failure } from '../../lambda/ssh/index.ts';
import { findOpenssh, type OpensshClient } from './client.ts';
import { Forks } from './forks.ts';
import { type OpensshOptions, OpensshRun } from './transport.ts';

export interface FallbackOptions extends OpensshOptions {
  /** Gets the way that a host goes, where that is not the fast path. */
  readonly note?: (instance: Instance, way: string) => void;
}

/** Asking again needs as much of the deadline, in milliseconds. */
const WORTH_TRYING_MS = 500;

export function withOpenssh(fast: ProbeTransport, options: FallbackOptions): ProbeTransport {
  const { note } = options;
  let found: Promise<OpensshClient | null> | undefined;
  const client = () => {
    found ??= findOpenssh(options.env);
    return found;
  };

  return async (instances, run) => {
    // Every process listens to the run's signal: far more listeners than the ten that Node takes for a leak.
    setMaxListeners(0, run.signal);
    const through = instances.filter(({ login }) => login.openssh !== undefined);
    const direct = instances.filter(({ login }) => login.openssh === undefined);
    const forks = new Forks(run.forks, direct.length, through.length);
    const pending = new Set<Promise<void>>();
    let ssh: Promise<OpensshRun | null> | undefined;
    const openssh = () => {
      ssh ??= client().then((one) => (one === null ? null : new OpensshRun(options, one, run)));
      return ssh;
    };

    const byId = new Map(direct.map((one) => [one.id, one]));
    const overFast: ProbeRun = {
      ...run,
      forks: forks.fast,
      reply(id, reply, durationMs) {
        forks.fastReplied();
        const instance = byId.get(id);
        const way = reply.kind === 'failed' && instance !== undefined ? wayAgain(instance, reply) : null;
        const leftMs = run.hostDeadlineMs - durationMs;
        if (instance === undefined || way === null || leftMs < WORTH_TRYING_MS) return run.reply(id, reply, durationMs);
        start(askAgain(instance, way, reply as Failure, durationMs));
      },
    };
    const start = (work: Promise<void>) => {
      pending.add(work);
      work.finally(() => pending.delete(work)).catch(() => {});
    };

    async function askAgain(instance: Instance, way: OpensshWay, first: Failure, usedMs: number): Promise<void> {
      const through = await openssh();
      if (through === null) return run.reply(instance.id, first, usedMs);
      await forks.use(async () => {
        if (run.signal.aborted) return;
        note?.(instance, `again ${throughText(way)}`);
        const began = performance.now();
        const second = await through.ask({ instance, way, leftMs: run.hostDeadlineMs - usedMs });
        if (second !== null) run.reply(instance.id, better(first, second), usedMs + performance.now() - began);
      });
    }

    async function askThrough(instance: Instance, way: OpensshWay): Promise<void> {
      const through = await openssh();
      if (through === null) return run.reply(instance.id, noClient(instance, way), 0);
      await forks.use(async () => {
        if (run.signal.aborted) return;
        note?.(instance, throughText(way));
        const began = performance.now();
        const reply = await through.ask({ instance, way, leftMs: run.hostDeadlineMs });
        if (reply !== null) run.reply(instance.id, reply, performance.now() - began);
      });
    }

    for (const one of through) if (one.login.openssh !== undefined) start(askThrough(one, one.login.openssh));
    try {
      if (direct.length > 0) await fast(direct, overFast);
    } finally {
      forks.fastEnded();
      while (pending.size > 0) await Promise.all(pending);
      await (await ssh)?.close();
    }
  };
}

/** Words for `-v` and the doctor; null where a host goes the fast path. */
export const opensshWayText = ({ login }: Pick<Instance, 'login'>): string | null =>
  login.openssh === undefined ? null : throughText(login.openssh);

const throughText = ({ because }: OpensshWay): string => `through ssh (${because})`;

const noClient = ({ name }: Instance, { because }: OpensshWay): Reply => ({
  ...failure(
    'HostUnreachable',
    `${JSON.stringify(name)} was not asked: the way to it needs OpenSSH's client (${because}), and this machine has no ssh; install the package openssh-client.`,
  ),
  reached: false,
});

/**
 * Where no algorithm was in common, ssh may have newer ones. Another refusal is worth asking again only where ssh has more
 * to offer than that, e.g. a certificate.
 */
function wayAgain({ login: { opensshToo: way } }: Instance, { reason }: Failure): OpensshWay | null {
  if (way === undefined) return null;
  if (reason === 'NegotiationFailed') return way;
  const isRefusal = reason === 'AuthenticationFailed' || reason === 'HostKeyUnknown';
  return isRefusal && way.because !== 'algorithms' ? way : null;
}

/** The host answered a moment ago, so a time-out in what was left of its deadline says nothing new about it. */
function better(first: Failure, second: Reply): Reply {
  if (second.kind === 'output') return second;
  switch (second.reason) {
    case 'NegotiationFailed':
    case 'AuthenticationFailed':
    case 'HostKeyMismatch':
    case 'HostKeyUnknown':
    case 'ExecRefused':
    case 'ForkFailed':
    case 'CommandTimeout':
      return second;
    default:
      return first;
  }
}
