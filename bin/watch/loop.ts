/** Runs one check of a source after another, until it is interrupted. It only reads. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ports } from '../../lambda/check/index.ts';
import type { History, Report } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import { runCheck } from '../check/index.ts';
import { type SettingFlags, settingsFor } from '../settings/index.ts';
import { openSource, type Source, type SourceFlags } from '../sources/index.ts';
import { type CommandIo, UsageError } from '../terminal/index.ts';
import { timeOfDay } from './frame.ts';
import type { WatchState } from './state.ts';
import type { WatchView } from './view.ts';

export interface RepeatFlags extends SourceFlags, SettingFlags {
  /** Seconds from the beginning of one check to that of the next. */
  readonly every: string;
}

export interface Watch {
  readonly state: WatchState;
  readonly view: WatchView;
  /** Called with each report, before it is shown. @returns what is wrong with it, as notices */
  readonly record?: (report: Report) => Promise<readonly string[]>;
}

const EVERY_MAX = 86_400;

export interface Repetition {
  readonly everyMs: number;
  /** With the watch's own interval, which the forecast depends on. */
  readonly settings: Settings;
}

/** @throws UsageError for an interval out of range, and for a source that can be read only once */
export async function repetitionOf(flags: RepeatFlags, io: CommandIo): Promise<Repetition> {
  const everyMs = 1000 * secondsOf(flags.every);
  const settings = await settingsFor(flags, io);
  if (flags.from === '-') throw new UsageError('--from -: standard input can be read only once; give watch a file');
  const everyMinutes = Math.max(1, everyMs / 60_000);
  return { everyMs, settings: { ...settings, schedule: { ...settings.schedule, everyMinutes } } };
}

function secondsOf(text: string): number {
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  if (seconds >= 1 && seconds <= EVERY_MAX) return seconds;
  throw new UsageError(`--every: got ${JSON.stringify(text)}; allowed: seconds from 1 to ${EVERY_MAX}`);
}

/** Runs until it is interrupted. @throws what prevents the first check; a later failure doesn't end the watch. */
export async function runWatch(
  { state, view, record }: Watch,
  flags: RepeatFlags,
  { everyMs, settings }: Repetition,
  io: CommandIo,
): Promise<void> {
  let source = await openSource(flags, settings, io);
  let checks = 0;
  try {
    while (!io.signal.aborted) {
      const at = new Date();
      const notices: string[] = [];
      const next = new Date(at.getTime() + everyMs);
      const report = await check(notices);
      if (report === null || (io.signal.aborted && checks > 0)) {
        if (!io.signal.aborted) view.checked({ at, report: null, changes: [], notices, next });
      } else {
        checks++;
        const changes = state.add(report);
        notices.push(...report.problems, ...((await record?.(report)) ?? []));
        view.checked({ at, report, changes, notices, next });
      }
      const untilNext = Math.max(0, next.getTime() - Date.now());
      await sleep(untilNext, undefined, { signal: io.signal }).catch(() => undefined);
    }
  } finally {
    view.end(checks);
  }

  /** Null where the check could not be made; the notices say why. */
  async function check(notices: string[]): Promise<Report | null> {
    // A signal for this check alone: its listeners go with it, however many checks follow.
    const own = new AbortController();
    const stop = () => own.abort();
    io.signal.addEventListener('abort', stop);
    const ownIo: CommandIo = {
      ...io,
      signal: own.signal,
      stderr: { write: (text: string) => notices.push(text.trim().replace(/^crawlwatch: /, '')) },
    };
    try {
      // Inventories and keys may have changed; AWS is queried in each check anyway.
      if (checks > 0 && source.source !== 'aws') source = await openSource(flags, settings, ownIo);
      let total = 0;
      let answered = 0;
      view.progress(0, 0);
      const { report, login } = await runCheck(source, settings, ownIo, {
        state: (own) => state.over(own),
        history: historyOf(source),
        discovered: (count) => {
          total = count;
          view.progress(0, total);
        },
        answered: () => {
          answered++;
          view.progress(answered, total);
        },
      });
      view.login(login);
      if (report.summary.checked === 0) notices.push(source.nothingFound(report.skipped.length));
      return report;
    } catch (error) {
      if (checks === 0) throw error;
      const why = error instanceof Error ? error.message : String(error);
      notices.push(`${timeOfDay(new Date())} UTC: this check could not be made: ${why}`);
      return null;
    } finally {
      io.signal.removeEventListener('abort', stop);
    }
  }

  /** The watch's own samples, after what the source knows of the time before, which is read once for each host. */
  function historyOf(from: Source): Ports['history'] {
    return async (instances) => {
      const lacking = instances.filter(({ id }) => state.lacksPast(id));
      const past = lacking.length === 0 ? new Map<string, History>() : await from.history(lacking);
      for (const { id } of lacking) state.addPast(id, past.get(id) ?? { memory: [], disk: [] });
      return new Map(
        instances.flatMap(({ id }): [string, History][] => {
          const history = state.historyOf(id, new Date()) ?? past.get(id);
          return history === undefined ? [] : [[id, history]];
        }),
      );
    };
  }
}
