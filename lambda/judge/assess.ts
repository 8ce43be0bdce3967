/** Judges one probe's outcome: a status, its reasons with their numbers, and what to do. Pure. */

import { FORECAST_RULES, type Forecasts, NO_FORECASTS, type Resource, roughly } from '../forecast/index.ts';
import { GIB, gib, percent, quoted } from '../kit/index.ts';
import { newOomKills, waitedSince, wasWritable } from '../memory/index.ts';
import type {
  Assessment,
  Disk,
  Growth,
  Instance,
  InstanceState,
  MeasuredReason,
  ProbeOutcome,
  ReasonCode,
  Recommendation,
  Status,
  Vitals,
} from '../model/index.ts';
import { isHung, TAG } from '../model/index.ts';
import { type Settings, settingsFor } from '../settings/index.ts';
import { waysOut } from './ways-out.ts';
import { grewText } from './words.ts';

export interface Finding {
  readonly code: ReasonCode;
  readonly status: Exclude<Status, 'OK'>;
  readonly text: string;
}

/** Worst first; UNKNOWN comes second, as in the exit code. */
const RANK: Readonly<Record<Status, number>> = { CRITICAL: 0, UNKNOWN: 1, WARNING: 2, OK: 3 };
/** A worker may need this long after boot before its memory says anything. */
const IDLE_UPTIME_SECONDS = 15 * 60;
/**
 * Percent of ten seconds (PSI) from which a host thrashes, long before its memory reads zero: every task waits, or
 * some of them do while little is available. The reason clears at half of it.
 */
const THRASHING = { full: 5, someWhileLow: 20 };
const DEAD_STATES: readonly string[] = ['inactive', 'failed', 'absent'];
/** What a state means, where its word alone doesn't say. */
const MEANING: Readonly<Record<string, string>> = {
  absent: ': no process has that name, and there is no systemd to ask; if it never ran here, check the name',
};

export const worstFirst = (a: { readonly status: Status }, b: { readonly status: Status }): number =>
  RANK[a.status] - RANK[b.status];

export function assess(
  instance: Instance,
  outcome: ProbeOutcome,
  fleetSettings: Settings,
  forecasts: Forecasts = NO_FORECASTS,
): Assessment {
  if (outcome.kind === 'failed') {
    const finding: Finding = {
      code: outcome.reason,
      status: isHung(outcome.reason) ? 'CRITICAL' : 'UNKNOWN',
      text: outcome.text,
    };
    return conclude([finding], outcome.notes ?? [], NO_FORECASTS);
  }
  const settings = settingsFor(fleetSettings, instance.limits);
  const { vitals } = outcome;
  const memory = assessMemory(instance, outcome, settings, forecasts.grew);
  const worker = assessWorker(instance, vitals, settings);
  const measured = [
    ...memory.findings,
    ...worker.findings,
    ...assessSshd(instance, vitals),
    ...vitals.disks.flatMap((disk) =>
      disk.readOnly
        ? assessReadOnly(disk, wasWritable(instance.remembered, vitals, disk.mount))
        : assessDisk(disk, instance.remembered, settings),
    ),
  ];
  const findings = [
    ...measured,
    ...assessForecasts(forecasts, measured, waysOut(instance.remembered, vitals)),
    ...assessOomKills(instance, vitals),
  ];
  return conclude(mergeByCode(findings), [...outcome.notes, ...memory.notes, ...worker.notes], forecasts);
}

function conclude(findings: readonly Finding[], notes: readonly string[], forecasts: Forecasts): Assessment {
  const sorted = [...findings].sort(worstFirst);
  return {
    status: sorted[0]?.status ?? 'OK',
    reasons: sorted.map(({ code, text }) => ({ code, text })),
    notes,
    recommendation: recommend(sorted),
    forecast: {
      memoryMinutes: forecasts.memory?.minutes ?? null,
      diskMinutes: forecasts.disk?.minutes ?? null,
      ...(forecasts.grew !== undefined && { grew: forecasts.grew }),
    },
  };
}

/** Merges the findings of one code, of several mounts say, into one with the worst status. */
function mergeByCode(findings: readonly Finding[]): Finding[] {
  const merged = new Map<ReasonCode, Finding>();
  for (const finding of [...findings].sort(worstFirst)) {
    const before = merged.get(finding.code);
    merged.set(finding.code, before === undefined ? finding : { ...before, text: `${before.text} ${finding.text}` });
  }
  return [...merged.values()];
}

function recommend(findings: readonly Finding[]): Recommendation {
  const codes = findings.map((finding) => finding.code);
  if (codes.includes('MemoryExhaustedResponsive') || codes.includes('WorkerDown')) return 'restart-worker';
  if (codes.includes('SshdDown')) return 'restart-sshd';
  return codes.length === 0 ? 'none' : 'investigate';
}

function assessMemory(
  instance: Instance,
  outcome: Extract<ProbeOutcome, { kind: 'vitals' }>,
  settings: Settings,
  grew: Growth | undefined,
): { readonly findings: Finding[]; readonly notes: readonly string[] } {
  const { vitals, couldFork } = outcome;
  const { memory: limits, pressure } = settings;
  const { availableBytes, totalBytes } = vitals.memory;
  const available = (availableBytes / totalBytes) * 100;
  const figures = `${percent(available)} of memory is available (${gib(availableBytes)} of ${gib(totalBytes)})`;
  const waits = waitsNow(instance, outcome, settings, available);
  const { full, some } = waits;
  const { status: statusBefore, reasons: reasonsBefore } = instance.remembered;
  const wasLow = reasonsBefore.includes('MemoryLow') || reasonsBefore.includes('MemoryExhaustedResponsive');
  const was = (status: Status) => wasLow && statusBefore === status;
  const exhausted: string[] = [];
  if (available <= limits.exhaustedPercent)
    exhausted.push(`${figures}, the limit is ${percent(limits.exhaustedPercent)}`);
  if (full >= pressure.fullAvg10) exhausted.push(`every task waited for memory ${percent(full)} of ${waits.period}`);
  if (!couldFork) exhausted.push(`no process can be started; ${figures}`);
  if (exhausted.length > 0) {
    const text = `${sentence(exhausted.join('; '))}${growth(grew)}${compressedSwap(vitals)} It still answers: a worker restart now may save a reboot.`;
    return { findings: [{ code: 'MemoryExhaustedResponsive', status: 'CRITICAL', text }], notes: [] };
  }
  const findings: Finding[] = [];
  const critical = available < (was('CRITICAL') ? limits.criticalClearPercent : limits.criticalPercent);
  const warned = was('WARNING') || was('CRITICAL');
  const warning = available < (warned ? limits.clearPercent : limits.warningPercent);
  if (critical || warning) {
    const limit = critical ? limits.criticalPercent : limits.warningPercent;
    const text = `${sentence(`${figures}; the limit is ${percent(limit)}`)}${growth(grew)}${largestProcess(vitals, grew)}${compressedSwap(vitals)}`;
    findings.push({ code: 'MemoryLow', status: critical ? 'CRITICAL' : 'WARNING', text });
  }
  const ease = reasonsBefore.includes('MemoryPressure') ? 0.5 : 1;
  const waitsLow = available < limits.warningPercent && some >= THRASHING.someWhileLow * ease;
  if (full >= THRASHING.full * ease || waitsLow) {
    const text = `Tasks waited for memory ${percent(some)} of the last 10 s, all of them at once ${percent(full)}${waits.period === LAST_10_S ? '' : ` of ${waits.period}`}; ${figures}.`;
    findings.push({ code: 'MemoryPressure', status: 'WARNING', text });
  }
  const isPast = waits.past >= THRASHING.full && full < THRASHING.full;
  const note = `Every task waited for memory ${percent(waits.past)} of the last 10 s, but ${figures}: that may be over, and is a reason only if the next check finds that it went on.`;
  return { findings, notes: isPast ? [note] : [] };
}

const LAST_10_S = 'the last 10 s';

/**
 * How much tasks wait for memory, as far as it is the present. PSI's averages decay: seconds after an OOM kill, or the
 * end of whatever took the memory, they show the waits of before, beside much that is available. There they count for
 * nothing by themselves. Yet a host may thrash with much available: a cgroup at its own limit reclaims and waits, and
 * PSI is that of the whole machine, which is otherwise idle. What goes on shows in the totals: where the last check saw
 * long waits as well, the share of the time since then counts, by the host's own clock, unless a kill in between has
 * ended them. A single check has no earlier totals; there it takes that the host was too slow for its deadline.
 */
function waitsNow(
  { remembered: { seen } }: Instance,
  { vitals, isSlow = false }: Extract<ProbeOutcome, { kind: 'vitals' }>,
  { memory }: Settings,
  available: number,
): { readonly full: number; readonly some: number; readonly past: number; readonly period: string } {
  const { fullAvg10 = 0, someAvg10 = 0 } = vitals.memoryPressure ?? {};
  const now = { full: fullAvg10, some: someAvg10, past: 0, period: LAST_10_S };
  if (isSlow || available < memory.clearPercent) return now;
  if (newOomKills(seen, vitals) > 0) return { ...now, full: 0, some: 0 };
  const since = waitedSince(seen, vitals);
  if (since === null) return { ...now, full: 0, some: 0, past: fullAvg10 };
  return since < fullAvg10 ? { ...now, full: since, past: fullAvg10, period: 'the time since the last check' } : now;
}

/** What is in compressed swap still takes memory: swap that is free is no way out. */
function compressedSwap({ swap: { zram, zswap } }: Vitals): string {
  if (zram !== undefined && zram.usedBytes > 0) {
    return ` Swap is zram, which is memory itself: ${gib(zram.usedBytes)} of ${gib(zram.totalBytes)} used.`;
  }
  if (zswap === undefined || zswap.poolBytes === 0) return '';
  return ` zswap holds ${gib(zswap.storedBytes)} of swap in ${gib(zswap.poolBytes)} of memory.`;
}

/** Says who took the memory, where that is clear. */
const growth = (grew: Growth | undefined): string => (grew === undefined ? '' : ` ${grewText(grew)}.`);

/** Names the process that holds most memory, where it is a tenth of all or more and was not named for having grown. */
function largestProcess(vitals: Vitals, grew: Growth | undefined): string {
  const top = vitals.processes[0];
  if (top !== undefined && top.pid === grew?.pid) return '';
  if (top === undefined || top.residentBytes < vitals.memory.totalBytes * 0.1) return '';
  return ` Largest process: ${top.name} (pid ${top.pid}) with ${gib(top.residentBytes)}.`;
}

function assessWorker(instance: Instance, vitals: Vitals, settings: Settings) {
  const used = (vitals.memory.usedBytes / vitals.memory.totalBytes) * 100;
  const usedText = `used memory is ${percent(used)} of ${gib(vitals.memory.totalBytes)}`;
  const state = vitals.worker?.state ?? null;
  const findings: Finding[] = [];
  const notes: string[] = [];
  const idle =
    used < settings.memory.idleUsedPercent && (vitals.uptimeSeconds ?? 0) > IDLE_UPTIME_SECONDS && state === null;
  if (instance.workerExpected && vitals.worker !== null && state !== null && DEAD_STATES.includes(state)) {
    const text = `The worker ${vitals.worker.unit} is down (${state}${MEANING[state] ?? ''}); ${usedText}.`;
    findings.push({ code: 'WorkerDown', status: 'CRITICAL', text });
  } else if (instance.workerExpected && idle) {
    const text = `${sentence(usedText)} A working crawler uses more: its worker has probably died.`;
    findings.push({ code: 'WorkerDown', status: 'WARNING', text });
  } else if (idle) {
    notes.push(`${usedText}: nothing seems to run here; tag ${TAG.worker}=UNIT where a worker should`);
  }
  return { findings, notes };
}

function assessSshd(instance: Instance, vitals: Vitals): Finding[] {
  if (!instance.sshdExpected || vitals.sshd !== false) return [];
  const text = `The host answers over SSM, but its sshd does not answer on port ${instance.login.port}.`;
  return [{ code: 'SshdDown', status: 'CRITICAL', text }];
}

/**
 * Leaves out a forecast without minutes where a threshold already reports that the resource is low.
 * @param outlook what makes memory's end nearer or later, in sentences
 */
function assessForecasts(forecasts: Forecasts, low: readonly Finding[], outlook: string): Finding[] {
  const findings: Finding[] = [];
  const add = (resource: Resource, code: MeasuredReason, what: string, lowCodes: readonly ReasonCode[]) => {
    const forecast = forecasts[resource];
    if (forecast === null || !forecast.speaking) return;
    const { minutes, livedLow } = forecast;
    if (minutes === null && low.some((finding) => lowCodes.includes(finding.code))) return;
    const grew = resource === 'memory' ? forecasts.grew : undefined;
    const when = minutes === null ? 'is about to run out' : `runs out in ${roughly(minutes)}`;
    const begin =
      grew === undefined
        ? `${what} ${when}${minutes === null ? '' : ' at this rate'}`
        : `${grewText(grew)}; ${minutes === null ? '' : 'at this rate '}${what.toLowerCase()} ${when}`;
    // Of a host that lives as low as this, it says little.
    const lived =
      livedLow === undefined || livedLow <= FORECAST_RULES[resource].survivedMaxYoung
        ? ''
        : `: it has come back from ${percent(livedLow * 100)} available before, never from this low`;
    findings.push({ code, status: 'WARNING', text: `${begin}${lived}.${resource === 'memory' ? outlook : ''}` });
  };
  add('memory', 'MemoryExhaustionForecast', 'Memory', ['MemoryLow', 'MemoryExhaustedResponsive']);
  add('disk', 'DiskFillForecast', 'Space on the fullest disk', ['DiskLow']);
  return findings;
}

/** Counts a kill only where the counter rose within one boot: each boot resets it. */
function assessOomKills(instance: Instance, vitals: Vitals): Finding[] {
  const { seen } = instance.remembered;
  const kills = newOomKills(seen, vitals);
  if (kills === 0) return [];
  const text = `The kernel killed ${kills === 1 ? 'a process' : `${kills} processes`} for want of memory since the last check.`;
  return [{ code: 'OomKill', status: 'WARNING', text }];
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Percentage points above its limit at which a reason clears: a disk right at the limit would come and go. */
const CLEAR_MARGIN = 1;

/** One that is read-only by design is no fault, unless it was writable before. */
function assessReadOnly(disk: Disk, was: boolean): Finding[] {
  if (disk.ignored === true || (disk.readOnlyByDesign === true && !was)) return [];
  const subject = disk.mount === '/' ? 'The root file system' : quoted(disk.mount);
  const text = was
    ? `${subject} is read-only and was writable before: the kernel remounts it so after an I/O error.`
    : `${subject} is read-only: the kernel remounts it so after an I/O error.`;
  return [{ code: 'ReadOnlyFilesystem', status: 'CRITICAL', text }];
}

export function assessDisk(
  disk: Disk,
  before: Pick<InstanceState, 'status' | 'reasons'>,
  settings: Settings,
): Finding[] {
  const limitOf = (code: ReasonCode, limit: number, status: Status): number => {
    const isReported = before.reasons.includes(code) && (status === 'WARNING' || before.status === status);
    return limit + (isReported ? CLEAR_MARGIN : 0);
  };
  if (disk.ignored === true) return [];
  const mount = quoted(disk.mount);
  const findings: Finding[] = [];
  const available = 100 - disk.usedPercent;
  const space = settings.disk;
  if (
    available < limitOf('DiskLow', space.warningPercent, 'WARNING') &&
    disk.availableBytes <= space.ignoreAboveGib * GIB
  ) {
    const critical = available < limitOf('DiskLow', space.criticalPercent, 'CRITICAL');
    const limit = critical ? space.criticalPercent : space.warningPercent;
    const figures = `${percent(disk.usedPercent)} used, ${gib(disk.availableBytes)} of ${gib(disk.totalBytes)} left`;
    const text = `${mount} is ${figures}; the limit is ${percent(limit)} left.`;
    findings.push({ code: 'DiskLow', status: critical ? 'CRITICAL' : 'WARNING', text });
  }
  const freeInodes = disk.inodesUsedPercent === null ? 100 : 100 - disk.inodesUsedPercent;
  if (freeInodes < limitOf('InodesLow', settings.inodes.warningPercent, 'WARNING')) {
    const critical = freeInodes < limitOf('InodesLow', settings.inodes.criticalPercent, 'CRITICAL');
    const text = `${mount} has ${percent(freeInodes)} of its inodes left: no new files soon, whatever the space.`;
    findings.push({ code: 'InodesLow', status: critical ? 'CRITICAL' : 'WARNING', text });
  }
  return findings;
}
