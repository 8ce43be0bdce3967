/** What is known of who takes a host's memory: its largest processes from check to check, and the verdict on them. */

/** One of the largest processes, as a sample keeps it. Never its command line. */
export interface SeenProcess {
  readonly pid: number;
  /** As the host gave it: data, at most 20 characters of printable ASCII. */
  readonly name: string;
  /** Of its own where the kernel says (RssAnon), else all that is resident. */
  readonly kib: number;
  /** Seconds after the boot; null: not known. */
  readonly startedSeconds: number | null;
  /** Null: not known. */
  readonly parentPid: number | null;
}

/** Memory by its largest holders at one time. */
export interface ProcessSnapshot {
  readonly at: Date;
  readonly availableKib: number;
  /** In tmpfs and shared memory; null: not known. */
  readonly sharedKib: number | null;
  /** Five at most, the largest first. */
  readonly processes: readonly SeenProcess[];
}

/** The latest of them, with what it takes to compare earlier ones with it. */
export interface CurrentProcesses extends ProcessSnapshot {
  readonly totalKib: number;
  /** Null: not known. */
  readonly uptimeSeconds: number | null;
}

/** Who took the memory that a host has lost, where that is clear. */
export interface Growth {
  /** One process, several of one name, or shared memory and tmpfs, which belong to none. */
  readonly kind: 'process' | 'processes' | 'shared memory';
  /** As the host gave it; null for shared memory. */
  readonly name: string | null;
  /** Of one process; null for several and for shared memory. */
  readonly pid: number | null;
  /** How many processes took it among them, those included that they forked: 1 or more; 0 for shared memory. */
  readonly count: number;
  readonly grewBytes: number;
  /** It was smaller than all that were listed then, so that it grew by this or more. */
  readonly atLeast: boolean;
  /** In which it grew. */
  readonly minutes: number;
  /** Of what the host lost meanwhile, 0 to 1; what it took beyond that was given back by others. */
  readonly share: number;
}
