/** Selects the instances that need a forecast, and forecasts both resources from an instance's history. Pure. */
import { freedBy, snapshotOf } from '../memory/index.ts';
import type { Growth, History, Instance, ProbeOutcome, ReasonCode, Sample } from '../model/index.ts';
import { fullestDisk } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { forecast, type ResourceForecast } from './forecast.ts';
import { explainedBy, whoGrew } from './growth.ts';
import type { Resource } from './rules.ts';

export interface Forecasts {
  readonly memory: ResourceForecast | null;
  readonly disk: ResourceForecast | null;
  /** Who took the memory that was lost; absent where none is clear. */
  readonly grew?: Growth;
}

export const NO_FORECASTS: Forecasts = { memory: null, disk: null };

/** Share available now, 0 to 1; null where the host didn't report it. */
function availableNow(outcome: ProbeOutcome, resource: Resource): number | null {
  if (outcome.kind === 'failed') return null;
  const { memory, disks } = outcome.vitals;
  if (resource === 'memory') return memory.availableBytes / memory.totalBytes;
  const fullest = fullestDisk(disks);
  return fullest === null ? null : 1 - fullest.usedPercent / 100;
}

/** Only hosts below `forecast.lookBelowPercent` are looked up and forecast: the forecast of a restarted worker thus ends at once. */
export function needsHistory(outcome: ProbeOutcome, settings: Settings): boolean {
  if (!settings.forecast.enabled) return false;
  const below = settings.forecast.lookBelowPercent / 100;
  return (['memory', 'disk'] as const).some((resource) => (availableNow(outcome, resource) ?? 1) < below);
}

export function forecastsOf(
  instance: Instance,
  outcome: ProbeOutcome,
  history: History | undefined,
  now: Date,
  settings: Settings,
): Forecasts {
  if (history === undefined) return NO_FORECASTS;
  const one = (resource: Resource, code: ReasonCode, past: readonly Sample[]): ResourceForecast | null => {
    const available = availableNow(outcome, resource);
    if (available === null || available >= settings.forecast.lookBelowPercent / 100) return null;
    const speaking = [...instance.remembered.reasons, ...(instance.remembered.incident?.codes ?? [])].includes(code);
    const evidence =
      resource === 'memory'
        ? { ends: freedBy(instance.remembered, outcome, now), fresh: freshBy(outcome, history, now) }
        : {};
    const { everyMinutes } = settings.schedule;
    return forecast(resource, past, { at: now, available }, { speaking, everyMinutes, ...evidence });
  };
  const grew = grewBy(outcome, history, now);
  return {
    ...(grew !== null && { grew }),
    memory: one('memory', 'MemoryExhaustionForecast', history.memory),
    disk: one('disk', 'DiskFillForecast', history.disk),
  };
}

/** Who took the memory up to the last of the samples, for a place that sees no probe. */
export function grewBefore({ memory, processes = [] }: History): Growth | null {
  const [latest, last] = [processes.at(-1), memory.at(-1)];
  // Where a later sample has no list, the host was well again.
  if (latest === undefined || last === undefined || last.available <= 0 || last.at > latest.at) return null;
  return whoGrew(processes, { ...latest, totalKib: latest.availableKib / last.available, uptimeSeconds: null });
}

/** Share of what memory has lost that new processes took; null: not known. */
function freshBy(outcome: ProbeOutcome, { processes = [] }: History, now: Date): number | null {
  if (outcome.kind === 'failed') return null;
  return explainedBy(processes, snapshotOf(outcome.vitals, now))?.fresh ?? null;
}

function grewBy(outcome: ProbeOutcome, { processes = [] }: History, now: Date): Growth | null {
  return outcome.kind === 'failed' ? null : whoGrew(processes, snapshotOf(outcome.vitals, now));
}
