/** The rows of the dashboard's fleet table: status and reasons from tags, figures from the metrics of the rows shown. */

import { forecast, grewBefore, type Resource } from '../forecast/index.ts';
import { REASON_WORDS } from '../judge/index.ts';
import { minutesBetween } from '../kit/index.ts';
import { isSameTrouble, muteWords } from '../memory/index.ts';
import type {
  Ack,
  Forecast,
  Growth,
  History,
  Instance,
  Reason,
  ReasonCode,
  Remedy,
  Sample,
  Stamp,
  Status,
  Vitals,
  Whereabouts,
} from '../model/index.ts';
import { troubleIn } from '../remedy/index.ts';
import { countFleet, type FleetCounts } from '../report/index.ts';
import type { Settings } from '../settings/index.ts';
import { type Times, widgetTimes } from './times.ts';

/** Groups of rows, worst first: what needs a person, what can wait, what is well. */
export const BANDS = ['flagged', 'critical', 'unknown', 'warning', 'unchecked', 'muted', 'ok', 'skipped'] as const;
export type Band = (typeof BANDS)[number];

/** One resource of a row: shares available, 0 to 1. */
export interface Gauge {
  readonly latest: Sample;
  /** Of the last three hours, oldest first; gaps are checks without an answer. */
  readonly samples: readonly Sample[];
}

export interface FleetRow extends Whereabouts {
  readonly id: string;
  readonly name: string;
  readonly band: Band;
  /** Null: not checked yet, or not checked at all. */
  readonly status: Status | null;
  /** Worst first; the text may quote a tag. */
  readonly reasons: readonly Reason[];
  /** The reasons it had before it stopped answering. */
  readonly before: readonly ReasonCode[];
  readonly since: Date | null;
  readonly flag: { readonly reason: ReasonCode; readonly at: Date } | null;
  readonly worker: string | null;
  /** `muted until 18:00`; null: it isn't. */
  readonly muted: string | null;
  /** Who has acknowledged its trouble, and since when; null: nobody has. */
  readonly ack: string | null;
  /** The last remedy, as its tag has it. */
  readonly acted: Stamp | null;
  /** Why it is not checked, e.g. `is stopped, not running`. */
  readonly skipped: string | null;
  readonly memory: Gauge | null;
  readonly disk: Gauge | null;
  /** Who holds the memory, the largest first; empty: not known. The names are the host's own. */
  readonly processes: readonly Process[];
  readonly forecast: Forecast;
  /** Who took the memory that it lost; null where none is clear, and where memory is no trouble. */
  readonly grew: Growth | null;
}

export type Process = Pick<Vitals['processes'][number], 'name' | 'residentBytes'>;

/** What the sparklines show. */
export const TREND_HOURS = 3;
export const ROWS_PER_PAGE = 100;
const NOTHING = {
  ...{ memory: null, disk: null, processes: [], grew: null },
  forecast: { memoryMinutes: null, diskMinutes: null },
} as const;

/**
 * Every watched instance by its tags, worst first; no figures yet.
 * @param zone of the times
 */
export function fleetRows(fleet: readonly Instance[], now: Date, zone = 'UTC'): FleetRow[] {
  const times = widgetTimes(zone, now);
  const rows = fleet.map((instance): FleetRow => {
    const { id, name, region, account, elsewhere = false, skipped } = instance;
    const where = { region, account, elsewhere };
    return skipped === null
      ? { ...checkedRow(instance, times), ...where }
      : { ...EMPTY, ...where, id, name, band: 'skipped', skipped };
  });
  return rows.sort(
    (a, b) => BANDS.indexOf(a.band) - BANDS.indexOf(b.band) || a.name.localeCompare(b.name, 'en', { numeric: true }),
  );
}

const EMPTY = {
  region: null,
  account: null,
  status: null,
  reasons: [],
  before: [],
  since: null,
  flag: null,
  worker: null,
  muted: null,
  ack: null,
  acted: null,
  skipped: null,
  ...NOTHING,
} as const;

function checkedRow(instance: Instance, times: Times): FleetRow {
  const { id, name, remembered, worker, problem } = instance;
  const known = [...remembered.reasons, ...remembered.events].map((code) => ({ code, text: REASON_WORDS[code] }));
  const muted = muteWord(instance, times);
  const status = problem === null ? remembered.status : 'UNKNOWN';
  const { since, flag, acted, incident } = remembered;
  const reasons = problem === null ? known : [problem];
  const band = bandOf(status, flag !== null, muted !== null);
  return {
    ...EMPTY,
    id,
    name,
    band,
    status,
    reasons,
    before: (incident?.codes ?? []).filter(
      (code) => !isSameTrouble(code, [...remembered.reasons, ...remembered.events]),
    ),
    since,
    flag,
    worker,
    muted,
    ack: ackWord(incident?.ack, times),
    acted,
  };
}

function muteWord(instance: Instance, { now, clock, zone }: Times): string | null {
  const { mute } = instance;
  if (mute === null || mute === 'unreadable' || mute.kind === 'windows') return muteWords(instance, now, zone);
  return mute.until > now ? `muted until ${clock(mute.until)}` : null;
}

function ackWord(ack: Ack | undefined, times: Times): string | null {
  if (ack === undefined) return null;
  return `acknowledged by ${ack.by} ${times.ago(ack.at)}${ack.why === null ? '' : `: ${ack.why}`}`;
}

function bandOf(status: Status | null, flagged: boolean, muted: boolean): Band {
  if (muted) return 'muted';
  if (flagged) return 'flagged';
  switch (status) {
    case null:
      return 'unchecked';
    case 'OK':
      return 'ok';
    case 'WARNING':
      return 'warning';
    case 'CRITICAL':
      return 'critical';
    case 'UNKNOWN':
      return 'unknown';
  }
  return status satisfies never;
}

/** The remedy that the row's button offers: what the check recommends, by the reasons on the status tag. */
export function remedyOf({ band, reasons, worker }: FleetRow): Remedy | null {
  if (band === 'flagged') return 'reboot';
  if (band !== 'critical' && band !== 'warning') return null;
  const codes = reasons.map(({ code }) => code);
  // Only the tag names the unit.
  if (troubleIn(codes, 'restart-worker').length > 0) return worker === null ? null : 'restart-worker';
  return troubleIn(codes, 'restart-sshd').length > 0 ? 'restart-sshd' : null;
}

/** One page of the table. */
export interface FleetPage {
  readonly rows: readonly FleetRow[];
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  /** Watched instances, checked or not. */
  readonly total: number;
  /** Of all pages. Those that were checked, as the metrics count them. */
  readonly counts: FleetCounts & { readonly unchecked: number; readonly skipped: number; readonly muted: number };
}

/** @param wanted as it was requested; what is no existing page becomes the nearest one */
export function pageOf(rows: readonly FleetRow[], wanted: unknown): FleetPage {
  const pages = Math.max(1, Math.ceil(rows.length / ROWS_PER_PAGE));
  const requested = typeof wanted === 'number' && Number.isFinite(wanted) ? Math.trunc(wanted) : 1;
  const page = Math.min(Math.max(1, requested), pages);
  const checked = rows.flatMap(({ status, reasons, flag }) =>
    status === null ? [] : [{ status, reasons, flagged: flag !== null }],
  );
  const skipped = rows.filter((row) => row.skipped !== null).length;
  const muted = rows.filter((row) => row.muted !== null).length;
  return {
    rows: rows.slice((page - 1) * ROWS_PER_PAGE, page * ROWS_PER_PAGE),
    page,
    pages,
    total: rows.length,
    counts: { ...countFleet(checked), unchecked: rows.length - checked.length - skipped, skipped, muted },
  };
}

/** Whether a figure is older than three checks: the last known one, no longer the current one. */
export const isOld = (at: Date, now: Date, settings: Settings): boolean =>
  minutesBetween(at, now) > Math.max(15, 3 * settings.schedule.everyMinutes);

/**
 * Who held the memory in the check that measured the latest figure. Those of an earlier one may have been killed since:
 * beside a figure that fell they would be wrong.
 */
function currentProcesses({ memory, processes }: History): Process[] {
  const [figure, newest] = [memory.at(-1), processes?.at(-1)];
  // Times are kept in whole minutes, rounded in more than one place.
  if (figure === undefined || newest === undefined || minutesBetween(newest.at, figure.at) > 1) return [];
  return newest.processes.map(({ name, kib }) => ({ name, residentBytes: kib * 1024 }));
}

/** Adds a row's figures, and a forecast made from them by the check's own rules. */
export function withHistory(row: FleetRow, history: History | undefined, now: Date, settings: Settings): FleetRow {
  if (history === undefined) return row;
  const minutes = (resource: Resource, code: ReasonCode, past: readonly Sample[]): number | null => {
    const latest = past.at(-1);
    const { enabled, lookBelowPercent } = settings.forecast;
    if (!enabled || latest === undefined || isOld(latest.at, now, settings)) return null;
    if (latest.available >= lookBelowPercent / 100) return null;
    const speaking = row.reasons.some((reason) => reason.code === code);
    const options = { speaking, everyMinutes: settings.schedule.everyMinutes };
    return forecast(resource, past.slice(0, -1), latest, options).minutes;
  };
  const isAboutMemory = [...row.reasons.map(({ code }) => code), ...row.before].some((code) => /^Memory/.test(code));
  return {
    ...row,
    grew: isAboutMemory ? grewBefore(history) : null,
    processes: currentProcesses(history),
    memory: gauge(history.memory, now),
    disk: gauge(history.disk, now),
    forecast: {
      memoryMinutes: minutes('memory', 'MemoryExhaustionForecast', history.memory),
      diskMinutes: minutes('disk', 'DiskFillForecast', history.disk),
    },
  };
}

function gauge(past: readonly Sample[], now: Date): Gauge | null {
  const samples = past.filter(({ at }) => minutesBetween(at, now) <= TREND_HOURS * 60);
  const latest = samples.at(-1);
  return latest === undefined ? null : { latest, samples };
}
