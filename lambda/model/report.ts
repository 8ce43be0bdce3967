/** The report of one check: the JSON that `-o json` prints, version 1. */

import type { SkippedInstance, Transport, Whereabouts } from './instance.ts';
import type { Forecast, Recommendation } from './outcome.ts';
import type { Reason, Status } from './reasons.ts';
import type { Vitals } from './vitals.ts';

/** One instance in the report. */
export interface InstanceReport extends Whereabouts {
  readonly id: string;
  readonly name: string;
  readonly address: string | null;
  readonly transport: Transport;
  readonly status: Status;
  /** ISO 8601 UTC, when that status began; null where nothing remembers. */
  readonly since: string | null;
  readonly reasons: readonly Reason[];
  readonly notes: readonly string[];
  readonly evidence: readonly string[];
  readonly recommendation: Recommendation;
  readonly flagged: boolean;
  readonly durationMs: number;
  readonly vitals: Vitals | null;
  readonly forecast: Forecast;
}

export type Summary = Readonly<Record<'checked' | 'ok' | 'warning' | 'critical' | 'unknown', number>>;

export interface Report {
  readonly version: 1;
  readonly checkedAt: string;
  readonly source: 'local' | 'hosts' | 'inventory' | 'file' | 'aws';
  readonly durationMs: number;
  readonly summary: Summary;
  readonly instances: readonly InstanceReport[];
  readonly skipped: readonly SkippedInstance[];
  /** What went wrong with the check itself, a sentence each. */
  readonly problems: readonly string[];
}
