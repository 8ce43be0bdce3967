/** The probing step: every transport over its instances, within the run's time. One host never costs another its result. */
import type { Outlets, Ports } from './check-fleet.ts';
import { countFailures } from './core/breaker.ts';
import { parseVitals } from './core/parse-vitals.ts';
import { type Confirmation, needsConfirmation } from './core/plan-flags.ts';
import { SENT_SCRIPT } from './core/probe-script.ts';
import { isHung } from './core/remembered-state.ts';
import type { ProbedInstance, Transition } from './core/transitions.ts';
import { type Evidence, needsOtherWay, otherWay, sshdIsDown, weigh } from './core/witnesses.ts';
import type { Instance, ProbeOutcome, RawEvidence, Reply, Transport } from './model.ts';
import type { Settings } from './settings.ts';

/** One run of a transport over its instances. */
export interface ProbeRun {
  /** Aborted when the run's time is up or a person gave up: close every connection at once. */
  readonly signal: AbortSignal;
  /** Deadline of one host, in milliseconds from when its turn begins. */
  readonly hostDeadlineMs: number;
  /** Hosts asked at the same time. */
  readonly forks: number;
  /** The probe script's text. */
  readonly script: string;
  /** To be called once per instance, as soon as its reply is there. */
  reply(id: string, reply: Reply, durationMs: number): void;
}

/**
 * Asks each instance for its vitals. Resolves when every instance has had its reply or the signal fired.
 * A rejection means that the transport failed as a whole: those without a reply read `NotChecked`.
 */
export type ProbeTransport = (instances: readonly Instance[], run: ProbeRun) => Promise<void>;

export interface ProbeLimits {
  /** Milliseconds from now in which every reply must be in; later ones read NotChecked. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** After the signal a transport has this long to close its sockets before its late replies no longer count. */
const CLOSING_MS = 1000;

export async function probeFleet(
  instances: readonly Instance[],
  ports: Pick<Ports, 'transports' | 'log'>,
  settings: Settings,
  limits: ProbeLimits,
  onProbed: (probed: ProbedInstance) => void = () => {},
): Promise<ProbedInstance[]> {
  const results = new Map<string, ProbedInstance>();
  const byId = new Map(instances.map((instance) => [instance.id, instance]));
  let closed = false;
  const settle = (id: string, outcome: ProbeOutcome, hostKey: string | null, durationMs: number) => {
    const instance = byId.get(id);
    if (closed || instance === undefined || results.has(id)) return;
    const probed = { instance, outcome, hostKey, durationMs };
    results.set(id, probed);
    onProbed(probed);
  };
  const reply = (id: string, got: Reply, durationMs: number) => {
    settle(id, read(got, byId.get(id)?.worker ?? null), got.hostKey ?? null, Math.round(durationMs));
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
      const text = error instanceof Error ? error.message : String(error);
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

function read(reply: Reply, worker: string | null): ProbeOutcome {
  if (reply.kind === 'output') return parseVitals(reply.output, worker);
  // A host that can't start a shell command may still have told its memory by the shell's own means.
  if (reply.output !== undefined && reply.output !== '') {
    const partial = parseVitals(reply.output, worker);
    if (partial.kind === 'vitals') return partial;
  }
  return { kind: 'failed', reason: reply.reason, text: reply.text };
}

const notChecked = (text: string): ProbeOutcome => ({ kind: 'failed', reason: 'NotChecked', text });

function closing(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const later = () => setTimeout(resolve, CLOSING_MS);
    if (signal.aborted) later();
    else signal.addEventListener('abort', later, { once: true });
  });
}

export interface SecondOpinions {
  /** Those that answered after all, or over the other transport: to be judged anew. */
  readonly answered: readonly ProbedInstance[];
  readonly evidence: ReadonlyMap<string, Evidence>;
  readonly confirmations: ReadonlyMap<string, Confirmation>;
}

/**
 * One more attempt on those that are due for a flag; and on those that fail it too, everybody else who may know: EC2,
 * the console, the metrics, and the other transport.
 *
 * @param ports `gatherEvidence` must not reject here
 * @param limits the time that is left, asked for each time
 */
export async function secondOpinions(
  transitions: readonly Transition[],
  ports: Pick<Ports, 'transports' | 'log'> & Pick<Outlets, 'gatherEvidence'>,
  settings: Settings,
  limits: () => ProbeLimits,
  now: Date,
): Promise<SecondOpinions> {
  const probe = async (instances: readonly Instance[]) =>
    instances.length === 0 ? [] : probeFleet(instances, ports, settings, limits());
  const failures = countFailures(transitions, now, settings);
  // Of many that fell silent together only another witness could tell: once an hour is often enough to look for one.
  const isFirstOfHour = now.getUTCMinutes() < settings.schedule.everyMinutes;
  const due = transitions
    .filter((t) => failures.recent.length <= failures.limit && needsConfirmation(t, now, settings))
    .filter((t) => isFirstOfHour || failures.begunWith(t) < failures.limit);
  const again = new Map((await probe(due.map((t) => t.instance))).map((one) => [one.instance.id, one]));
  const dead = due.filter((t) => {
    const outcome = again.get(t.instance.id)?.outcome;
    return outcome?.kind === 'failed' && isHung(outcome.reason);
  });
  const isRevived = (t: Transition) => again.get(t.instance.id)?.outcome.kind === 'vitals';
  const suspects = [...new Set([...dead, ...transitions.filter((t) => needsOtherWay(t) && !isRevived(t))])];
  const [raw, others] = await Promise.all([
    dead.length === 0 ? new Map<string, RawEvidence>() : ports.gatherEvidence(dead.map((t) => t.instance)),
    probe(suspects.flatMap((t) => otherWay(t.instance, ports.transports, settings) ?? [])),
  ]);
  const otherById = new Map(others.map((one) => [one.instance.id, one]));
  const alive = others.flatMap((one) => sshdIsDown(one) ?? []);
  const evidence = new Map(
    suspects.map((t) => {
      const { id } = t.instance;
      // Where the other transport's word is the verdict, what failed is the evidence.
      const isAlive = alive.some((one) => one.instance.id === id);
      const other = isAlive ? { ...t, hostKey: null } : (otherById.get(id) ?? null);
      return [id, weigh(t, raw.get(id) ?? null, other, now)];
    }),
  );
  return {
    answered: [...[...again.values()].filter((one) => one.outcome.kind === 'vitals'), ...alive],
    evidence,
    confirmations: new Map(
      dead.map(({ instance: { id } }) => [id, { confirmed: true, evidence: evidence.get(id) ?? null }]),
    ),
  };
}
