/** The bookkeeping of one check: its time, and what went wrong on the way. */
import { errorText } from '../kit/index.ts';
import type { InstanceReport } from '../model/index.ts';
import type { ProbeLimits } from '../probe/index.ts';
import type { Ports } from './ports.ts';

export interface CheckOptions {
  /** Milliseconds from now in which hosts may be asked; publishing comes after. */
  readonly deadlineMs: number;
  /** Aborted when a person gives up: what is known by then is reported. */
  readonly signal?: AbortSignal;
  /** When the check began, where others began it. @default now */
  readonly begunAt?: Date;
  /**
   * From so many hosts on the report holds none of them; `watch.assessed` and the log have had each. For a caller that
   * prints hosts as they finish, and for one that needs the summary alone. @default never
   */
  readonly streamsFrom?: number;
  /** What the report holds of each host, for a caller that needs less of it; for checks that only read. @default all */
  readonly keeps?: (report: InstanceReport) => InstanceReport;
}

export interface Run {
  readonly at: Date;
  /** Steps that failed, a sentence each: the check fails at its end. */
  readonly errors: readonly string[];
  /** What else a reader of the report has to know. */
  readonly problems: string[];
  elapsedMs(since?: Date): number;
  /** The time that is left for hosts. */
  limits(): ProbeLimits;
  failed(step: string, text: string): void;
  /** A step that fails doesn't stop the others. */
  orElse<T>(step: string, work: Promise<T>, fallback: T): Promise<T>;
}

export function startRun({ clock, log }: Ports, { deadlineMs, signal }: CheckOptions): Run {
  const at = clock.now();
  const errors: string[] = [];
  const elapsedMs = (since = at) => clock.now().getTime() - since.getTime();
  const failed = (step: string, text: string) => {
    log.error('step.failed', { step, text });
    errors.push(`${step}: ${text}`);
  };
  return {
    at,
    errors,
    problems: [],
    elapsedMs,
    limits: () => ({ deadlineMs: Math.max(0, deadlineMs - elapsedMs()), ...(signal !== undefined && { signal }) }),
    failed,
    orElse: async (step, work, fallback) => {
      try {
        return await work;
      } catch (error) {
        failed(step, errorText(error));
        return fallback;
      }
    },
  };
}
