/** `crawlwatch watch`: check after check of one source, with what it has seen since it began. It only reads. */
import { appendFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Ports } from '../../lambda/check/index.ts';
import type { History, Report } from '../../lambda/model/index.ts';
import { exitCodeOf, instanceJson, summarise } from '../../lambda/report/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import { runCheck } from '../check/index.ts';
import { type SettingFlags, settingsFor } from '../settings/index.ts';
import type { Source, SourceFlags } from '../sources/index.ts';
import { openSource } from '../sources/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { timeOfDay, WatchMemory, watchView } from '../watch/index.ts';

export interface WatchFlags extends SourceFlags, SettingFlags {
  readonly every: string;
  readonly record?: string;
}

const EVERY_MAX = 86_400;

/** Runs until it is interrupted. @throws what keeps the first check from being made; later the watch goes on. */
export async function watch(flags: WatchFlags, io: CommandIo): Promise<number> {
  const everyMs = 1000 * secondsOf(flags.every);
  const settings = await settingsEvery(everyMs, flags, io);
  if (flags.from === '-') throw new UsageError('--from -: standard input can be read only once; give watch a file');
  const record = flags.record === undefined ? null : await openRecord(resolve(io.cwd, flags.record));
  const memory = new WatchMemory();
  const view = watchView(memory, io);
  let source = await openSource(flags, settings, io);
  let checks = 0;
  try {
    while (!io.signal.aborted) {
      const at = new Date();
      const notices: string[] = [];
      const next = new Date(at.getTime() + everyMs);
      const report = await checked(notices);
      if (report === null || (io.signal.aborted && checks > 0)) {
        if (!io.signal.aborted) view.checked({ at, tookSeconds: null, changes: [], notices, next });
      } else {
        checks++;
        const changes = memory.take(report);
        notices.push(...report.problems, ...(await recorded(report)));
        view.checked({ at, tookSeconds: report.durationMs / 1000, changes, notices, next });
      }
      await pause(next.getTime() - Date.now(), io.signal);
    }
  } finally {
    view.end(checks);
  }
  return exitCodeOf(summarise(memory.instances));

  /** Null where it could not be made, with why among the notices. */
  async function checked(notices: string[]): Promise<Report | null> {
    // A signal of its own: nothing that a check has hung on it outlives it.
    const own = new AbortController();
    const stop = () => own.abort();
    io.signal.addEventListener('abort', stop);
    const told: CommandIo = {
      ...io,
      signal: own.signal,
      stderr: { write: (text: string) => notices.push(said(text)) },
    };
    try {
      // Inventories and keys may have changed; what AWS has is asked in any case.
      if (checks > 0 && source.source !== 'aws') source = await openSource(flags, settings, told);
      let total = 0;
      let answered = 0;
      view.progress(0, 0);
      const { report, login } = await runCheck(source, settings, told, {
        described: (host) => memory.remembered(host),
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

  /** Its own samples, and once for each host what the source knows of the time before. */
  function historyOf(from: Source): Ports['history'] {
    return async (instances) => {
      const lacking = instances.filter(({ id }) => memory.lacksPast(id));
      const past = lacking.length === 0 ? new Map<string, History>() : await from.history(lacking);
      for (const { id } of lacking) memory.addPast(id, past.get(id) ?? { memory: [], disk: [] });
      return new Map(
        instances.flatMap(({ id }): [string, History][] => {
          const history = memory.historyOf(id, new Date()) ?? past.get(id);
          return history === undefined ? [] : [[id, history]];
        }),
      );
    };
  }

  async function recorded(report: Report): Promise<string[]> {
    if (record === null) return [];
    const lines = report.instances.map((instance) => `${instanceJson(instance, report)}\n`);
    try {
      await appendFile(record, lines.join(''));
      return [];
    } catch (error) {
      return [`--record: can't write ${record}: ${codeOf(error)}; this check is not in it`];
    }
  }
}

function secondsOf(text: string): number {
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  if (seconds >= 1 && seconds <= EVERY_MAX) return seconds;
  throw new UsageError(`--every: got ${JSON.stringify(text)}; allowed: seconds from 1 to ${EVERY_MAX}`);
}

/** The forecast is told how often it is asked. */
async function settingsEvery(everyMs: number, flags: WatchFlags, io: CommandIo): Promise<Settings> {
  const settings = await settingsFor(flags, io);
  const everyMinutes = Math.max(1, everyMs / 60_000);
  return { ...settings, schedule: { ...settings.schedule, everyMinutes } };
}

/** @throws UsageError at once where nothing can be written there. */
async function openRecord(path: string): Promise<string> {
  try {
    await appendFile(path, '');
    return path;
  } catch (error) {
    throw new UsageError(`--record: can't write ${path}: ${codeOf(error)}`);
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);
const said = (text: string): string => text.trim().replace(/^crawlwatch: /, '');

/** Until the time is up or somebody gives up. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, Math.max(0, ms));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}
