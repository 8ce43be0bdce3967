/** Reads what a host had printed before its probe failed: a whole report, the beginning of one, or why it can't go on. */
import { gib, percent } from '../kit/index.ts';
import type { ProbeOutcome, Reply, Vitals } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { findReport } from './parse-report.ts';
import { parseVitals, saysCannotFork } from './parse-vitals.ts';

type FailedReply = Extract<Reply, { kind: 'failed' }>;
type Limits = Pick<Settings, 'disk' | 'memory' | 'pressure'>;

/**
 * A report that had begun when the probe was cut off is no proof that the host can start no process: it may only be
 * slow. What it had printed counts as its vitals where the figures or its own words say that its memory is exhausted;
 * otherwise the failure remains, with the figures as notes.
 */
export function parseCutShort(
  reply: FailedReply,
  worker: string | null,
  { disk, memory, pressure }: Limits,
): ProbeOutcome {
  const { reason, text, reached, output = '' } = reply;
  const failed: ProbeOutcome = { kind: 'failed', reason, text, ...(reached !== undefined && { reached }) };
  const found = findReport(output);
  if (found.kind === 'none') return failed;
  const read = parseVitals(output, worker, disk.ignore ?? []);
  if (read.kind === 'failed') return failed;
  if (!found.partial) return read;
  const { vitals } = read;
  const couldFork = reason !== 'ForkFailed' && !saysCannotFork(output);
  const available = availablePercent(vitals);
  // A host that our deadline found slow, seconds after the figures, still waits; one that was cut off may have ended it.
  const isSlow = reason === 'CommandTimeout';
  const waits = (isSlow || available < memory.clearPercent) && vitals.memoryPressure !== null;
  const isExhausted =
    available <= memory.exhaustedPercent || (waits && (vitals.memoryPressure?.fullAvg10 ?? 0) >= pressure.fullAvg10);
  if (isExhausted || !couldFork) {
    return { ...read, couldFork, ...(isSlow && { isSlow }), notes: [...read.notes, text] };
  }
  return { ...failed, notes: [`It had said: ${figures(vitals)}.`] };
}

const availablePercent = ({ memory }: Vitals): number => (memory.availableBytes / memory.totalBytes) * 100;

function figures(vitals: Vitals): string {
  const { memory, memoryPressure, load1 } = vitals;
  return [
    `memory ${percent(availablePercent(vitals))} available (${gib(memory.availableBytes)} of ${gib(memory.totalBytes)})`,
    ...(memoryPressure === null ? [] : [`every task waited for memory ${percent(memoryPressure.fullAvg10)} of 10 s`]),
    ...(load1 === null ? [] : [`load ${load1}`]),
  ].join(', ');
}
