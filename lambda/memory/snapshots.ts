/** Who held a host's memory in the past six hours: which of its checks are kept. Pure. */

import type { CurrentProcesses, ProbeOutcome, ProcessSnapshot, Vitals } from '../model/index.ts';
import { MOST_PROCESSES, NAME_LENGTH } from './packed-processes.ts';

const MINUTE = 60_000;
/** What grew is compared with one to six hours before. */
const KEPT_MS = 6 * 60 * MINUTE;
/** The newest is always kept, and of those before it one in so long. */
const SPACED_MS = 20 * MINUTE;
/** Where less than this share is available, or less by `FALLEN` than at some time in the past hours. */
const LOW = 0.4;
const FALLEN = 0.05;

/** What one probe saw. @param at when the check began */
export function snapshotOf({ memory, processes, uptimeSeconds }: Vitals, at: Date): CurrentProcesses {
  return {
    at,
    totalKib: memory.totalBytes / 1024,
    availableKib: memory.availableBytes / 1024,
    sharedKib: memory.sharedBytes === undefined ? null : memory.sharedBytes / 1024,
    uptimeSeconds,
    processes: processes.slice(0, MOST_PROCESSES).map((one) => ({
      pid: one.pid,
      name: one.name.slice(0, NAME_LENGTH),
      kib: (one.anonBytes ?? one.residentBytes) / 1024,
      startedSeconds: one.startedSeconds ?? null,
      parentPid: one.parentPid ?? null,
    })),
  };
}

/** Those of a check, by instance id. */
export function snapshotsOf(
  probed: readonly { readonly instance: { readonly id: string }; readonly outcome: ProbeOutcome }[],
  at: Date,
): Map<string, CurrentProcesses> {
  return new Map(
    probed.flatMap(({ instance, outcome }): [string, CurrentProcesses][] =>
      outcome.kind === 'vitals' ? [[instance.id, snapshotOf(outcome.vitals, at)]] : [],
    ),
  );
}

/**
 * Whether it is worth to know who holds the memory.
 * @param share available now, 0 to 1
 * @param past shares of the past hours
 */
export const isLowOrFalling = (share: number, past: readonly (number | null)[]): boolean =>
  share < LOW || past.some((before) => before !== null && before - share > FALLEN);

/** Adds one check's, and lets go of what is too old or too close to others. @param known oldest first */
export function withSnapshot(known: readonly ProcessSnapshot[], added: CurrentProcesses): ProcessSnapshot[] {
  const newest = known.at(-1);
  // A run that overlaps a later one has nothing to add.
  if (newest !== undefined && newest.at >= added.at) return [...known];
  const since = Math.max(added.at.getTime() - KEPT_MS - SPACED_MS, bootOf(added));
  const kept = known.filter(({ at }) => at.getTime() >= since);
  const [last, before] = [kept.at(-1), kept.at(-2)];
  const isClose = last !== undefined && before !== undefined && last.at.getTime() - before.at.getTime() < SPACED_MS;
  const { at, availableKib, sharedKib, processes } = added;
  return [...(isClose ? kept.slice(0, -1) : kept), { at, availableKib, sharedKib, processes }];
}

/** When it booted: pids and starts of before name other processes. @returns milliseconds since 1970; 0: not known */
const bootOf = ({ at, uptimeSeconds }: CurrentProcesses): number =>
  uptimeSeconds === null ? 0 : at.getTime() - 1000 * uptimeSeconds;

/** Those that are not older than six hours. */
export function withoutOld(known: readonly ProcessSnapshot[], now: Date): ProcessSnapshot[] {
  const since = now.getTime() - KEPT_MS - SPACED_MS;
  return known.filter(({ at }) => at.getTime() >= since);
}
