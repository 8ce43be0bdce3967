/** What a check needs of the world, and where its results go. */
import type { LoadedState } from '../memory/index.ts';
import type {
  Alert,
  Clock,
  CurrentProcesses,
  FleetState,
  GatherEvidence,
  History,
  Instance,
  InstanceReport,
  Log,
  MetricPoint,
  TagFailure,
  TagWrite,
  Transports,
} from '../model/index.ts';

export interface Ports {
  readonly source: 'local' | 'hosts' | 'inventory' | 'file' | 'aws';
  readonly clock: Clock;
  readonly log: Log;
  readonly transports: Transports;
  /**
   * Every instance that carries the watch tag, whatever its EC2 state. Rejects where the fleet can't be read.
   * `problem` gets a sentence for each part of the fleet that can't; nothing is concluded about its instances.
   */
  discover(problem?: (text: string) => void): Promise<readonly Instance[]>;
  /** What earlier checks remember; null: nothing is remembered here. */
  readonly state: StatePort | null;
  /** Past samples, for forecasts; instances without any are absent. */
  history(instances: readonly Instance[]): Promise<ReadonlyMap<string, History>>;
  /** Where results go. Null: this check only reads. */
  readonly outlets: Outlets | null;
  /** Called as hosts finish. */
  readonly watch?: {
    discovered?(count: number): void;
    assessed?(instance: InstanceReport): void;
  };
}

export interface StatePort {
  /** Rejects where the state can't be used, with a sentence that says why. */
  load(): Promise<LoadedState>;
  /** @returns the new etag; null where another check has written since `etag` was read */
  save(state: FleetState, etag: string | null): Promise<string | null>;
}

export interface Outlets {
  /** @param processes who held the instances' memory, by id: for the samples, never for metrics */
  publish(points: readonly MetricPoint[], at: Date, processes?: ReadonlyMap<string, CurrentProcesses>): Promise<void>;
  notify(alert: Alert): Promise<void>;
  /**
   * @param found the instances as they were discovered: where each of them is
   * @returns the instances whose tags could not be written, each with why
   */
  writeTags(writes: readonly TagWrite[], found: readonly Instance[]): Promise<readonly TagFailure[]>;
  readonly gatherEvidence: GatherEvidence;
  /** Whether a stack of that name has checked within the last hour; null: that can't be known. */
  isStackAlive(stack: string): Promise<boolean | null>;
  /** Asks the remedy function to look at the fleet; absent where nothing acts without a person. */
  remedy?(at: Date): Promise<void>;
}
