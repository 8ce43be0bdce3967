/** What the log says of one instance in each check. Pure. */

import type { InstanceReport } from '../model/index.ts';
import { writtenInstance } from './unread-disks.ts';

/**
 * The whole report of an instance of which there is something to say, and of every instance in the first check of an
 * hour. In between, of one that is well, its figures alone: in a fleet that is well the log would otherwise cost more
 * than all else but metrics. Absent fields are as in the hour's full line.
 *
 * @param at when the check began
 */
export function logFields(instance: InstanceReport, at: Date, everyMinutes: number): Readonly<Record<string, unknown>> {
  const { id, name, transport, status, reasons, notes, flagged, durationMs, vitals } = instance;
  const quiet = status === 'OK' && reasons.length === 0 && notes.length === 0 && !flagged;
  if (!quiet || vitals === null || at.getUTCMinutes() < everyMinutes) return { ...writtenInstance(instance) };
  const { memory, disks } = vitals;
  return {
    id,
    name,
    transport,
    status,
    durationMs,
    vitals: {
      memory: { totalBytes: memory.totalBytes, availableBytes: memory.availableBytes },
      disks: disks.map(({ mount, availableBytes, usedPercent }) => ({ mount, availableBytes, usedPercent })),
    },
  };
}
