/** `crawlwatch watch`: one check of a source after another, with what it has seen since it began. It only reads. */
import { appendFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Report } from '../../../lambda/model/index.ts';
import type { CommandIo } from '../../terminal/index.ts';
import { UsageError } from '../../terminal/index.ts';
import type { RepeatFlags } from '../../watch/index.ts';
import { addSources, type CommandLine, everyOption, SOURCES_HELP } from '../grammar.ts';

const HELP = `
Hosts are listed again before each check: they may come and go. Trends begin when the watch begins, and so does the
forecast, which needs half an hour of them; for EC2 instances CloudWatch has more. Behind a trend of memory that ends
are the half hours to come: a dot for each in which it lasts, a block for each in which it may end. Who grew is said
from 20 minutes on. Ctrl-C ends it, exit code 130.
${SOURCES_HELP}

Examples:
  crawlwatch watch -i hosts.ini -u ubuntu
  crawlwatch watch --host web1 web2 --every 10 -w memory=20
  crawlwatch watch --record week.ndjson                 then: crawlwatch backtest week.ndjson
  crawlwatch watch -i hosts.ini >>changes.log           no terminal: a line for each change`;

interface WatchFlags extends RepeatFlags {
  readonly record?: string;
}

export function addWatch({ program, io, exit }: CommandLine): void {
  addSources(program.command('watch').description('repeat the check: a live table with trends and what has changed'))
    .addOption(everyOption())
    .option('--record <file>', 'append every host of every check to it, as ndjson that backtest reads')
    .addHelpText('after', HELP)
    .action(async (flags: WatchFlags) => exit(await watch(flags, io)));
}

/** Runs until it is interrupted. @throws what prevents the first check; a later failure doesn't end the watch. */
async function watch(flags: WatchFlags, io: CommandIo): Promise<number> {
  const { exitCodeOf, instanceJson, summarise } = await import('../../../lambda/report/index.ts');
  const { repetitionOf, runWatch, WatchState, watchView } = await import('../../watch/index.ts');
  const repetition = await repetitionOf(flags, io);
  const recordPath = flags.record === undefined ? null : await openRecord(resolve(io.cwd, flags.record));
  const state = new WatchState();
  await runWatch({ state, view: watchView(state, io), record }, flags, repetition, io);
  return exitCodeOf(summarise(state.instances));

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
