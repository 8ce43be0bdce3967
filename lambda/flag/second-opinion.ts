import type { Transition } from '../memory/index.ts';
import type { GatherEvidence, Log, ProbedInstance, Transports } from '../model/index.ts';
import { type Instance, isHung, type RawEvidence } from '../model/index.ts';
import { type ProbeLimits, probeFleet } from '../probe/index.ts';
import type { Settings } from '../settings/index.ts';
import { countFailures } from './breaker.ts';
import { type Evidence, weigh } from './evidence/index.ts';
import { needsOtherWay, otherWay, sshdIsDown } from './other-way.ts';
import { type Confirmation, needsConfirmation } from './plan.ts';
export interface SecondOpinions {
  /** Those that answered after all, or over the other transport: to be judged again. */
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
  ports: { readonly transports: Transports; readonly log: Log; readonly gatherEvidence: GatherEvidence },
  settings: Settings,
  limits: () => ProbeLimits,
  now: Date,
): Promise<SecondOpinions> {
  const probe = async (instances: readonly Instance[]) =>
    instances.length === 0 ? [] : probeFleet(instances, ports, settings, limits());
  const failures = countFailures(transitions, now, settings);
  // Of many that fell silent together only other evidence could decide: once an hour is often enough to look for it.
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
      return [id, weigh(t, raw.get(id) ?? null, other, now, settings)];
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
