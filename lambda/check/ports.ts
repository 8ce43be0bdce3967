/** What a check needs of the world, and where its results go. */
import type { Histories, LoadedState, ProcessesById } from '../memory/index.ts';
import type {
  Alert,
  AlertEntry,
  Clock,
  FleetState,
  GatherEvidence,
  Instance,
  InstanceReport,
  Log,
  MetricPoint,
  TagFailure,
  TagWrite,
  Transports,
} from '../model/index.ts';
import type { ActsAnswer } from '../remedy/index.ts';

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
  history(instances: readonly Instance[]): Promise<Histories>;
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
  /** The Region of the stack, for the links and commands of its mails. @default that of the instances at home */
  readonly home?: string;
  /**
   * @param points may be looked at more than once
   * @param processes who held the instances' memory, by id: for the samples, never for metrics
   */
  publish(points: Iterable<MetricPoint>, at: Date, processes?: ProcessesById): Promise<void>;
  /**
   * Rejects where the mail does not go out.
   * @returns what else could not be delivered, a sentence each without a full stop
   */
  notify(alert: Alert): Promise<readonly string[]>;
  /** Sends events of what no mail says. Never rejects. @returns what could not be sent, as `notify` does */
  sendEvents(entries: readonly AlertEntry[]): Promise<readonly string[]>;
  /**
   * @param found the instances as they were discovered: where each of them is
   * @returns the instances whose tags could not be written, each with why
   */
  writeTags(writes: readonly TagWrite[], found: readonly Instance[]): Promise<readonly TagFailure[]>;
  readonly gatherEvidence: GatherEvidence;
  /** Whether a stack of that name has checked within the last hour; null: that can't be known. */
  isStackAlive(stack: string): Promise<boolean | null>;
  /** Absent where nothing acts without a person. */
  readonly remedy?: RemedyOutlet;
}

/** The remedy function. Each is asked once, and rejects where no answer comes; an abort ends the wait, and no act. */
export interface RemedyOutlet {
  /** Has it look at the fleet and act. The answer holds what there is to mail of that. */
  act(at: Date, signal: AbortSignal): Promise<ActsAnswer>;
  /** Says that the mail with that news is out. */
  mailed(receipt: string, signal: AbortSignal): Promise<Pick<ActsAnswer, 'done' | 'why' | 'problems'>>;
}

export type { ActsAnswer };
