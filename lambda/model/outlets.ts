/** What a check hands to the world outside: metrics, mail and tags. */

import type { RemedyNews } from './acts.ts';
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

/** How an incident changed, as the EventBridge event says it; a reminder is no change. */
export type IncidentChange = 'opened' | 'escalated' | 'flagged' | 'ended';

/** What an alert says of one instance: the same in mail, chat and events. */
export interface AlertEntry {
  readonly instanceId: string;
  readonly name: string;
  readonly region: string | null;
  readonly account: string | null;
  readonly status: Status;
  readonly reasons: readonly ReasonCode[];
  /** Null: a reminder, a suppression or an act is what it is about. */
  readonly change: IncidentChange | null;
  /** When its incident opened; null where there is none. With the instance it names the incident. */
  readonly openedAt: Date | null;
  /** One line, printable ASCII, at most 200 characters: status, name, reason with its number. */
  readonly headline: string;
  /** Further lines, printable ASCII: since when, the numbers, the evidence. */
  readonly lines: readonly string[];
  /** What to run, whole commands, the one that needs nothing installed first; empty: nothing is to be done. */
  readonly commands: readonly string[];
  /** Absolute addresses of the instance in the console and of the runbook's part on its reason. */
  readonly links: readonly { readonly label: string; readonly url: string }[];
}

/** One mail, and what the other channels make of it. */
export interface Alert {
  /** Under 100 ASCII characters, one line. */
  readonly subject: string;
  readonly body: string;
  readonly attributes: {
    readonly status: Status;
    readonly reasons: readonly ReasonCode[];
    readonly instanceIds: readonly string[];
  };
  /** Worst first, of every host that the mail is about, also of those that it only counts. */
  readonly entries: readonly AlertEntry[];
  /** Of acts: those made, and those whose outcome is known now. */
  readonly acts: RemedyNews | null;
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
