/** `crawlwatch check`: one check of one source. It only reads. */
import { forTerminal } from '../../lambda/kit/index.ts';
import type { Instance, Report } from '../../lambda/model/index.ts';
import { exitCodeOf } from '../../lambda/report/index.ts';
import { isStream, type OutputFormat, printReport, runCheck, streamedLine } from '../check/index.ts';
import { type SettingFlags, settingsFor } from '../settings/index.ts';
import type { Source, SourceFlags } from '../sources/index.ts';
import { openSource } from '../sources/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { EXIT_UNKNOWN, errorLines, startProgress, UsageError } from '../terminal/index.ts';

export interface CheckFlags extends SourceFlags, SettingFlags {
  readonly output: OutputFormat;
  readonly quiet?: boolean;
}

/** @returns the exit code: 2 with a CRITICAL, else 3 with an UNKNOWN or no host, else 1 with a WARNING, else 0. */
export async function check(flags: CheckFlags, io: CommandIo): Promise<number> {
  try {
    return await checkOnce(flags, io);
  } catch (error) {
    // Whoever runs plugins reads their standard output.
    if (flags.output !== 'nagios') throw error;
    const { pluginTrouble } = await import('../../lambda/report/index.ts');
    io.stdout.write(`${pluginTrouble(errorLines(error).join(' '))}\n`);
    return EXIT_UNKNOWN;
  }
}

async function checkOnce(flags: CheckFlags, io: CommandIo): Promise<number> {
  const { output, quiet = false } = flags;
  const settings = await settingsFor(flags, io);
  const source = await openSource(flags, settings, io);
  const tell = (problem: string) => io.stderr.write(`crawlwatch: ${forTerminal(problem)}\n`);
  if (flags.listHosts === true) return listHosts(await source.discover(tell), source, io);

  // On one terminal a bar and the lines of hosts would overwrite each other.
  const isBarless = quiet || (isStream(output) && io.stdout.isTTY === true);
  const progress = await startProgress(isBarless ? { write() {} } : io.stderr);
  const { report, login } = await runCheck(source, settings, io, {
    discovered: progress.discovered,
    assessed: (instance, began) => {
      progress.assessed(instance);
      if (!isStream(output) || (quiet && instance.status === 'OK')) return;
      io.stdout.write(`${streamedLine(output, instance, began, source.source)}\n`);
    },
  }).finally(progress.stop);
  const exitCode = exitCodeOf(report.summary);
  if (!quiet) await printReport(output, { report, login }, settings, io);
  else if (exitCode !== 0) await printReport(output, { report: onlyTroubled(report), login }, settings, io);
  report.problems.forEach(tell);
  if (report.summary.checked === 0) {
    io.stderr.write(`crawlwatch: ${forTerminal(source.nothingFound(report.skipped.length))}\n`);
  }
  if (output === 'nagios' && report.summary.checked > 1) return EXIT_UNKNOWN;
  // That all is well can't be said of a fleet of which a part could not be read.
  if (exitCode === 0 && report.problems.some((problem) => problem.startsWith('discover: '))) return EXIT_UNKNOWN;
  return exitCode;
}

/** What cron has to mail: the sums stay those of all. */
const onlyTroubled = (report: Report): Report => ({
  ...report,
  instances: report.instances.filter(({ status }) => status !== 'OK'),
  skipped: [],
});

function listHosts(hosts: readonly Instance[], source: Source, io: CommandIo): number {
  if (hosts.length === 0) throw new UsageError(source.nothingFound(0));
  io.stdout.write(`${hosts.map((host) => forTerminal(host.name)).join('\n')}\n`);
  return 0;
}
