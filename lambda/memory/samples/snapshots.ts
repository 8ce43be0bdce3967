/** Who held a host's memory in the past six hours: which of its checks are kept. Pure. */

import type { CurrentProcesses, ProbeOutcome, ProcessSnapshot, Vitals } from '../../model/index.ts';
import { MOST_PROCESSES, minuteOf, NAME_LENGTH, packedWith } from './packed-processes.ts';

const MINUTE = 60_000;
/** What grew is compared with one to six hours before. */
const KEPT_MINUTES = 6 * 60;
/** The newest is always kept, and of those before it one in so long. */
const SPACED_MINUTES = 20;
/** Where less than this share is available, or less by `FALLEN` than at some time in the past hours. */
const LOW = 0.4;
const FALLEN = 0.05;

type VitalsOfMemory = Pick<Vitals, 'processes' | 'uptimeSeconds'> & {
  readonly memory: Pick<Vitals['memory'], 'totalBytes' | 'availableBytes' | 'sharedBytes'>;
};

/** What one probe saw. @param at when the check began */
export function snapshotOf({ memory, processes, uptimeSeconds }: VitalsOfMemory, at: Date): CurrentProcesses {
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
 * @param past shares of the past hours, NaN where there is none
 */
export const isLowOrFalling = (share: number, past: Float64Array): boolean =>
  share < LOW || past.some((before) => before - share > FALLEN);

/**
 * Which of the checks are kept, the last being the newest.
 * @param times minutes since 1970, oldest first
 * @param since what is before is let go: the boot, or too long ago
 */
function kept(times: readonly number[], since: number): number[] {
  const all = young(times, since);
  const [newest, last, before] = [all.at(-1), all.at(-2), all.at(-3)];
  const timeOf = (n: number | undefined) => (n === undefined ? Number.NaN : (times[n] ?? Number.NaN));
  const isClose = timeOf(last) - timeOf(before) < SPACED_MINUTES;
  return isClose && newest !== undefined ? [...all.slice(0, -2), newest] : all;
}

const oldest = (now: Date): number => minuteOf(now) - KEPT_MINUTES - SPACED_MINUTES;

/** When it booted: pids and starts of before name other processes. In minutes since 1970; 0: not known. */
const bootOf = ({ at, uptimeSeconds }: CurrentProcesses): number =>
  uptimeSeconds === null ? 0 : at.getTime() / MINUTE - uptimeSeconds / 60;

/** Adds one check's, and lets go of what is too old or too close to others. @param known oldest first */
export function withSnapshot(known: readonly ProcessSnapshot[], added: CurrentProcesses): ProcessSnapshot[] {
  const newest = known.at(-1);
  // A run that overlaps a later one has nothing to add.
  if (newest !== undefined && newest.at >= added.at) return [...known];
  const { at, availableKib, sharedKib, processes } = added;
  const all = [...known, { at, availableKib, sharedKib, processes }];
  const since = Math.max(oldest(at), bootOf(added));
  return kept(
    all.map((one) => one.at.getTime() / MINUTE),
    since,
  ).flatMap((n) => all[n] ?? []);
}

/** The same of packed ones, at a check in which the host may not have been asked. */
export function packedSnapshots(bytes: Uint8Array, added: CurrentProcesses | undefined, now: Date): Uint8Array {
  if (added === undefined) return packedWith(bytes, undefined, (times) => young(times, oldest(now)));
  const since = Math.max(oldest(now), bootOf(added));
  return packedWith(bytes, added, (times) =>
    // A run that overlaps a later one has nothing to add.
    (times.at(-1) ?? 0) > (times.at(-2) ?? 0) ? kept(times, since) : young(times.slice(0, -1), since),
  );
}

const young = (times: readonly number[], since: number): number[] =>
  times.flatMap((time, n) => (time >= since ? [n] : []));

/** Those that are not older than six hours. */
export const withoutOld = (known: readonly ProcessSnapshot[], now: Date): ProcessSnapshot[] =>
  known.filter(({ at }) => minuteOf(at) >= oldest(now));
