/** One instance as the report shows it. Pure. */
import type { Evidence, InstanceReport } from '../model.ts';
import { printableAscii } from './escape.ts';
import { isoSeconds } from './remembered-state.ts';
import type { Transition } from './transitions.ts';

/** `evidence` is null where none was gathered. A check that doesn't write shows the state the tags tell. */
export function instanceReport(t: Transition, writes: boolean, evidence: Evidence | null): InstanceReport {
  const { instance, assessment, outcome, before, after } = t;
  const flagged = (writes ? after : before).flag !== null;
  // Without tags nothing knows how long it has been so.
  const since = writes || (before.since !== null && after.since === before.since) ? after.since : null;
  return {
    id: instance.id,
    name: instance.name,
    address: instance.address,
    region: instance.region,
    account: instance.account,
    transport: instance.transport,
    status: assessment.status,
    since: since === null ? null : isoSeconds(since),
    reasons: assessment.reasons,
    notes: assessment.notes,
    evidence: evidence === null ? [] : evidenceLines(evidence),
    recommendation: flagged && t.kind === 'hung' ? 'reboot' : assessment.recommendation,
    flagged,
    durationMs: t.durationMs,
    vitals: outcome.kind === 'vitals' ? outcome.vitals : null,
    forecast: assessment.forecast,
  };
}

/** A host's evidence in lines, safe to show. */
export function evidenceLines(evidence: Evidence): string[] {
  return [
    ...(evidence.ec2Impaired === null
      ? []
      : [`EC2's status check: ${evidence.ec2Impaired ? 'impaired' : 'ok (it only asks the network card)'}`]),
    ...evidence.consoleLines.map((line) => `Console: ${printableAscii(line)}`),
    ...evidence.gaps.map((gap) => `Not known: ${printableAscii(gap)}`),
  ];
}
