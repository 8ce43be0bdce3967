/** Checks one instance right before an act: over its own path and, where that hangs, by all other evidence as well. */

import { type Evidence, evidenceSentences, freshEvidence, otherWay, sshdIsDown, weigh } from '../flag/index.ts';
import { assess, instanceReport } from '../judge/index.ts';
import { messageOf } from '../kit/index.ts';
import { transition } from '../memory/index.ts';
import type { Clock, FreshCheck, GatherEvidence, Instance, Log, ProbedInstance, Transports } from '../model/index.ts';
import { NO_EVIDENCE, shortBoot } from '../model/index.ts';
import { probeFleet } from '../probe/index.ts';
import type { Settings } from '../settings/index.ts';

export interface FreshPorts {
  readonly transports: Transports;
  readonly log: Log;
  readonly gatherEvidence: GatherEvidence;
  readonly clock: Clock;
  /** What AWS has scheduled for it, as sentences. */
  scheduledEvents(id: string): Promise<readonly string[]>;
}

/**
 * @param deadlineMs for each of the two paths
 * @throws where the instance can't be probed at all (stopped, or no Linux), or the evidence can't be gathered
 */
export async function freshCheck(
  one: Instance,
  ports: FreshPorts,
  settings: Settings,
  deadlineMs: number,
): Promise<FreshCheck> {
  const at = ports.clock.now();
  if (one.skipped !== null) throw new Error(`it ${one.skipped}`);
  const probe = async (of: Instance): Promise<ProbedInstance | undefined> =>
    (await probeFleet([of], ports, settings, { deadlineMs }))[0];
  const judge = (probed: ProbedInstance) =>
    transition(probed, assess(probed.instance, probed.outcome, settings), at, settings);

  const events = ports.scheduledEvents(one.id).catch((error: unknown) => {
    ports.log.error('step.failed', { step: 'events', instanceId: one.id, text: messageOf(error) });
    return null;
  });
  const probed = await probe(one);
  if (probed === undefined) throw new Error('it did not come up for a probe');
  let t = judge(probed);
  let evidence: Evidence | undefined;
  if (t.kind === 'hung') {
    const way = otherWay(one, ports.transports, settings);
    const [raw, other] = await Promise.all([ports.gatherEvidence([one]), way === null ? undefined : probe(way)]);
    evidence = weigh(t, raw.get(one.id) ?? null, other ?? null, at, settings);
    // An instance that answers over any path is not hung: that answer is the verdict.
    if (other?.outcome.kind === 'vitals') t = judge(sshdIsDown(other) ?? other);
  }
  const vitals = t.outcome.kind === 'vitals' ? t.outcome.vitals : null;
  return {
    at,
    report: instanceReport(t, true, evidenceSentences(evidence)),
    kind: t.kind,
    boot: vitals?.bootId ? shortBoot(vitals.bootId) : null,
    evidence: evidence === undefined ? NO_EVIDENCE : freshEvidence(evidence),
    scheduledEvents: await events,
  };
}
