/** One instance as the report shows it. Pure. */

import { isoSeconds } from '../kit/index.ts';
import type { Transition } from '../memory/index.ts';
import type { InstanceReport } from '../model/index.ts';
import { peoplesNotes } from './notes.ts';

/**
 * @param writes false for a check that writes nothing: it shows the flag and the start that the tags hold
 * @param evidence sentences; empty where none was gathered
 * @param at the time of the check, for notes on what people have decided; null: without them
 */
export function instanceReport(
  t: Transition,
  writes: boolean,
  evidence: readonly string[],
  at: Date | null = null,
): InstanceReport {
  const { instance, assessment, outcome, before, after } = t;
  const flagged = (writes ? after : before).flag !== null;
  // Without tags nothing knows when that status began.
  const since = writes || (before.since !== null && after.since === before.since) ? after.since : null;
  return {
    id: instance.id,
    name: instance.name,
    address: instance.address,
    region: instance.region,
    account: instance.account,
    ...(instance.elsewhere === true && { elsewhere: true }),
    transport: instance.transport,
    status: assessment.status,
    since: since === null ? null : isoSeconds(since),
    reasons: assessment.reasons,
    notes: at === null ? assessment.notes : [...assessment.notes, ...peoplesNotes(instance, after, at)],
    evidence,
    recommendation: flagged && t.kind === 'hung' ? 'reboot' : assessment.recommendation,
    flagged,
    durationMs: t.durationMs,
    vitals: outcome.kind === 'vitals' ? outcome.vitals : null,
    forecast: assessment.forecast,
  };
}
