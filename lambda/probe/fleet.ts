/** The probing step: runs each transport over its instances, within the run's time. No host delays or fails another. */
import { messageOf } from '../kit/index.ts';
import type { Instance, Log, ProbedInstance, ProbeOutcome, Reply, Transport, Transports } from '../model/index.ts';
import { type Settings, settingsFor } from '../settings/index.ts';
import { readReply } from './read-reply.ts';
import { SENT_SCRIPT } from './script.ts';

export interface ProbeLimits {
  /** Milliseconds from now in which every reply must be in; later ones read NotChecked. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** How long a transport has after the signal to close its sockets; later replies don't count. */
const CLOSING_MS = 1000;

/** @param onProbed gets each host as it has answered, and says whether the result is to have it, too */
export async function probeFleet(
  instances: readonly Instance[],
  ports: { readonly transports: Transports; readonly log: Log },
  settings: Settings,
  limits: ProbeLimits,
  onProbed: (probed: ProbedInstance) => boolean = () => true,
): Promise<ProbedInstance[]> {
  /** Null: not kept. */
  const results = new Map<string, ProbedInstance | null>();
  const byId = new Map(instances.map((instance) => [instance.id, instance]));
  let closed = false;
  const settle = (id: string, outcome: ProbeOutcome, hostKey: string | null, durationMs: number) => {
    const instance = byId.get(id);
    if (closed || instance === undefined || results.has(id)) return;
    const probed = { instance, outcome, hostKey, durationMs };
    // First, so that nothing can settle it again.
    results.set(id, null);
    if (onProbed(probed)) results.set(id, probed);
  };
  const reply = (id: string, got: Reply, durationMs: number) => {
    const instance = byId.get(id);
    if (instance === undefined) return;
    settle(
      id,
      readReply(got, instance, settingsFor(settings, instance.limits)),
      got.hostKey ?? null,
      Math.round(durationMs),
    );
  };

  const askable = instances.filter((instance) => instance.problem === null);
  for (const { id, problem } of instances) {
    if (problem !== null) settle(id, { kind: 'failed', reason: 'BadOverride', text: problem.text }, null, 0);
  }
  const timer = new AbortController();
  const signal = limits.signal === undefined ? timer.signal : AbortSignal.any([timer.signal, limits.signal]);
  const timeout = setTimeout(() => timer.abort(), limits.deadlineMs);
  const runs = [...new Set(askable.map((instance) => instance.transport))].map(async (name: Transport) => {
    const group = askable.filter((instance) => instance.transport === name);
    const transport = ports.transports[name];
    try {
      if (transport === undefined) throw new Error(`there is no ${name} transport here`);
      const seconds = name === 'ssm' ? settings.timeouts.ssmSeconds : settings.timeouts.sshSeconds;
      const hostDeadlineMs = Math.min(seconds * 1000, limits.deadlineMs);
      await transport(group, { signal, hostDeadlineMs, forks: settings.forks, script: SENT_SCRIPT, reply });
    } catch (error) {
      const text = messageOf(error);
      ports.log.error('transport.failed', { transport: name, text });
      for (const { id } of group) settle(id, notChecked(`The ${name} transport failed: ${text}`), null, 0);
    }
  });
  await Promise.race([Promise.all(runs), closing(signal)]);
  clearTimeout(timeout);
  for (const { id } of askable) settle(id, notChecked('The time of this run was up before it had answered.'), null, 0);
  closed = true;
  return instances.flatMap(({ id }) => results.get(id) ?? []);
}

const notChecked = (text: string): ProbeOutcome => ({ kind: 'failed', reason: 'NotChecked', text });

function closing(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const later = () => setTimeout(resolve, CLOSING_MS);
    if (signal.aborted) later();
    else signal.addEventListener('abort', later, { once: true });
  });
}
