/** `crawlwatch watch`: one check of a source after another, with what it has seen since it began. It only reads. */
import { appendFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ports } from '../../lambda/check/index.ts';
import type { History, Report } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import type { SettingFlags } from '../settings/index.ts';
import type { Source, SourceFlags } from '../sources/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { addSources, type CommandLine, SOURCES_HELP } from './grammar.ts';

const HELP = `
Examples:
  crawlwatch watch -i hosts.ini -u ubuntu
  crawlwatch watch --host web1 web2 --every 10
  crawlwatch watch --record week.ndjson                 then: crawlwatch backtest week.ndjson
  crawlwatch watch -i hosts.ini >>changes.log           no terminal: a line for each change

Hosts are listed again before each check: they may come and go. Trends begin when the watch begins, and so does the
forecast, which needs half an hour of them; for EC2 instances CloudWatch has more. Behind a trend of memory that ends
are the half hours to come: a dot for each in which it lasts, a block for each in which it may end. Who grew is said
from 20 minutes on. Ctrl-C ends it, exit code 130.
${SOURCES_HELP}`;

interface WatchFlags extends SourceFlags, SettingFlags {
  readonly every: string;
  readonly record?: string;
}

const EVERY_MAX = 86_400;

export function addWatch({ program, io, exit }: CommandLine): void {
  addSources(program.command('watch').description('repeat the check: a live table with trends and what has changed'))
    .option('--every <seconds>', 'from the beginning of one check to that of the next', '60')
    .option('--record <file>', 'append every host of every check to it, as ndjson that backtest reads')
    .addHelpText('after', HELP)
    .action(async (flags: WatchFlags) => exit(await watch(flags, io)));
}

/** Runs until it is interrupted. @throws what prevents the first check; a later failure doesn't end the watch. */
async function watch(flags: WatchFlags, io: CommandIo): Promise<number> {
  const { exitCodeOf, instanceJson, summarise } = await import('../../lambda/report/index.ts');
  const { runCheck } = await import('../check/index.ts');
  const { openSource } = await import('../sources/index.ts');
  const { timeOfDay, WatchState, watchView } = await import('../watch/index.ts');
  const everyMs = 1000 * secondsOf(flags.every);
  const settings = await settingsEvery(everyMs, flags, io);
  if (flags.from === '-') throw new UsageError('--from -: standard input can be read only once; give watch a file');
  const recordPath = flags.record === undefined ? null : await openRecord(resolve(io.cwd, flags.record));
  const state = new WatchState();
  const view = watchView(state, io);
  let source = await openSource(flags, settings, io);
  let checks = 0;
  try {
    while (!io.signal.aborted) {
      const at = new Date();
      const notices: string[] = [];
      const next = new Date(at.getTime() + everyMs);
      const report = await check(notices);
      if (report === null || (io.signal.aborted && checks > 0)) {
        if (!io.signal.aborted) view.checked({ at, tookSeconds: null, changes: [], notices, next });
      } else {
        checks++;
        const changes = state.add(report);
        notices.push(...report.problems, ...(await record(report)));
        view.checked({ at, tookSeconds: report.durationMs / 1000, changes, notices, next });
      }
      const untilNext = Math.max(0, next.getTime() - Date.now());
      await sleep(untilNext, undefined, { signal: io.signal }).catch(() => undefined);
    }
  } finally {
    view.end(checks);
  }
  return exitCodeOf(summarise(state.instances));

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

  /** @returns a notice where the report could not be written. */
  async function record(report: Report): Promise<string[]> {
    if (recordPath === null) return [];
    const lines = report.instances.map((instance) => `${instanceJson(instance, report)}\n`);
    try {
      await appendFile(recordPath, lines.join(''));
      return [];
    } catch (error) {
      return [`--record: can't write ${recordPath}: ${codeOf(error)}; this check is not in it`];
    }
  }
}

function secondsOf(text: string): number {
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  if (seconds >= 1 && seconds <= EVERY_MAX) return seconds;
  throw new UsageError(`--every: got ${JSON.stringify(text)}; allowed: seconds from 1 to ${EVERY_MAX}`);
}

/** The settings with the watch's own interval, which the forecast depends on. */
async function settingsEvery(everyMs: number, flags: WatchFlags, io: CommandIo): Promise<Settings> {
  const { settingsFor } = await import('../settings/index.ts');
  const settings = await settingsFor(flags, io);
  const everyMinutes = Math.max(1, everyMs / 60_000);
  return { ...settings, schedule: { ...settings.schedule, everyMinutes } };
}

/** @throws UsageError where the file can't be written: now rather than after the first check. */
async function openRecord(path: string): Promise<string> {
  try {
    await appendFile(path, '');
    return path;
  } catch (error) {
    throw new UsageError(`--record: can't write ${path}: ${codeOf(error)}`);
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);
