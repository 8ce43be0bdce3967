/** What a check hands to the world outside: metrics, mail and tags. */
import type { FormerTagKey, OwnTagKey } from './names.ts';
import type { ReasonCode, Status } from './reasons.ts';

/** One value to publish. */
export interface MetricPoint {
  readonly name: string;
  readonly value: number;
  readonly unit: 'Percent' | 'Count' | 'Milliseconds' | 'None';
  readonly dimensions: MetricDimensions | FleetDimensions;
  /** Of an instance: since when it has been OK; null: it isn't. */
  readonly okSince?: Date | null;
}

/** The last two only of instances elsewhere: those at home keep the series that they have. */
export type MetricDimensions = Readonly<Record<'InstanceId' | 'Name', string> & { Region?: string; Account?: string }>;

/** Of a metric of the whole fleet: the stack that watches it, since an account and Region may have several. */
export interface FleetDimensions {
  readonly Stack: string;
}

export const isFleetMetric = ({ dimensions }: MetricPoint): boolean => 'Stack' in dimensions;

/** One mail. */
export interface Alert {
  /** Under 100 ASCII characters, one line. */
  readonly subject: string;
  readonly body: string;
  readonly attributes: {
    readonly status: Status;
    readonly reasons: readonly ReasonCode[];
    readonly instanceIds: readonly string[];
  };
}

/** One CreateTags or DeleteTags call: the same for every id in it. */
export type TagWrite =
  | {
      readonly action: 'create';
      readonly ids: readonly string[];
      readonly tags: Readonly<Partial<Record<OwnTagKey, string>>>;
    }
  | {
      readonly action: 'delete';
      readonly ids: readonly string[];
      readonly keys: readonly (OwnTagKey | FormerTagKey)[];
    };

export interface TagFailure {
  readonly id: string;
  readonly text: string;
}
