/** `crawlwatch check`: one check of one source. It only reads. */
import { forTerminal } from '../../../lambda/kit/index.ts';
import type { Instance, InstanceReport, Report } from '../../../lambda/model/index.ts';
import type { OutputFormat } from '../../check/index.ts';
import type { SettingFlags } from '../../settings/index.ts';
import type { Asking, Source, SourceFlags } from '../../sources/index.ts';
import type { CommandIo, Progress } from '../../terminal/index.ts';
import { EXIT_UNKNOWN, errorLines, questionsOn, UsageError } from '../../terminal/index.ts';
import { addSources, type CommandLine, outputOption, SOURCES_HELP } from '../grammar.ts';

const HELP = `${SOURCES_HELP}
Exit code, as for monitoring plugins: 2 if any host is CRITICAL, else 3 if any is UNKNOWN or the check could not be
made, else 1 if any is WARNING, else 0. After Ctrl-C what is known is printed and the code is 130.

JSON of a thousand hosts or more is written as they finish: in that order, and with the summary last.

Examples:
  crawlwatch check --local --json
  crawlwatch check --host ubuntu@10.0.0.7 '[2001:db8::7]:2222' --private-key ~/.ssh/fleet
  crawlwatch check -i hosts.ini -l 'web:&prod:!web3' -u ubuntu -o line
  crawlwatch check -i aws_ec2.yml -i inventory.py       plugins and scripts, where ansible-inventory is installed
  ansible-inventory -i hosts.toml --list | crawlwatch check -i -
  crawlwatch check -i hosts.ini --quiet                 for cron: mails only what is not OK
  crawlwatch check --local -w memory=20,disk=15 -c memory=8   thresholds of this check alone
  crawlwatch check --aws --list-hosts                   names and instance ids
  crawlwatch check --host web1 -o nagios                a plugin for Nagios, Icinga or Checkmk; of a fleet too
  crawlwatch check -o prometheus >crawlwatch.prom       for node_exporter's textfile collector
  crawlwatch probe | ssh web1 sh | crawlwatch check --from -
  AWS_PROFILE=prod crawlwatch check`;

export interface CheckFlags extends SourceFlags, SettingFlags {
  readonly output: OutputFormat;
  readonly quiet?: boolean;
}

export function addCheck({ program, io, exit }: CommandLine): void {
  addSources(
    program
      .command('check')
      .description(
        'check hosts once: memory, disk, worker, and whether SSH still answers (default: tagged EC2 instances)',
      ),
  )
    .addOption(outputOption(['table', 'line', 'json', 'ndjson', 'prometheus', 'nagios'], 'table'))
    .option('-q, --quiet', 'print nothing where all is OK, else only the hosts that are not; no progress bar')
    .option('--list-hosts', 'print the names of the hosts, of EC2 instances the ids as well, and check nothing')
    .addHelpText('after', HELP)
    .action(async (flags: CheckFlags) => exit(await check(flags, io)));
}

/** @returns the exit code: 2 with a CRITICAL, else 3 with an UNKNOWN or no host, else 1 with a WARNING, else 0. */
async function check(flags: CheckFlags, io: CommandIo): Promise<number> {
  try {
    return await checkOnce(flags, io);
  } catch (error) {
    // Monitoring systems read a plugin's standard output.
    if (flags.output !== 'nagios') throw error;
    const { pluginTrouble } = await import('../../../lambda/report/index.ts');
    io.stdout.write(`${pluginTrouble(errorLines(error).join(' '))}\n`);
    return EXIT_UNKNOWN;
  }
}

async function checkOnce(flags: CheckFlags, io: CommandIo): Promise<number> {
  const { settingsFor } = await import('../../settings/index.ts');
  const { openSource } = await import('../../sources/index.ts');
  const { output, quiet = false } = flags;
  const settings = await settingsFor(flags, io);
  const asks = askingOn(flags, io);
  const source = await openSource(asks === null ? flags : { ...flags, asking: asks.asking }, settings, io);
  const complain = (problem: string) => io.stderr.write(`crawlwatch: ${forTerminal(problem)}\n`);
  if (flags.listHosts === true) return listHosts(await source.discover(complain), source, io);

  const { isStream, jsonStream, printReport, runCheck, streamedLine, streamsFrom } = await import(
    '../../check/index.ts'
  );
  const { exitCodeOf, exitCodeOfCheck } = await import('../../../lambda/report/index.ts');
  const { rowKeeper, startProgress } = await import('../../terminal/index.ts');
  // On one terminal a bar and the lines of hosts would overwrite each other.
  const isBarless = quiet || (isStream(output) && io.stdout.isTTY === true);
  const progress = await startProgress(isBarless ? { write() {} } : io.stderr);
  asks?.makeRoom(progress);
  const isShown = ({ status }: InstanceReport) => !quiet || status !== 'OK';
  const document = jsonStream(io, source.source, isShown);
  let isStreamed = isStream(output);
  const { report, login } = await runCheck(source, settings, io, {
    streamsFrom: streamsFrom(output),
    ...(output === 'table' && { keeps: rowKeeper() }),
    pausedMs: () => asks?.askedMs() ?? 0,
    discovered: (count) => {
      isStreamed = count >= streamsFrom(output);
      progress.discovered(count);
    },
    assessed: (instance, began) => {
      progress.assessed(instance);
      if (isStreamed && output === 'json') document.assessed(instance, began);
      if (!isStream(output) || !isShown(instance)) return;
      io.stdout.write(`${streamedLine(output, instance, began, source.source)}\n`);
    },
  }).finally(progress.stop);
  if (isStreamed && output === 'json') document.end(quiet ? onlyTroubled(report) : report);
  else if (!quiet) await printReport(output, { report, login }, settings, io);
  else if (exitCodeOf(report.summary) !== 0)
    await printReport(output, { report: onlyTroubled(report), login }, settings, io);
  report.problems.forEach(complain);
  if (report.summary.checked === 0) {
    io.stderr.write(`crawlwatch: ${forTerminal(source.nothingFound(report.skipped.length))}\n`);
  }
  return exitCodeOfCheck(report);
}

/**
 * Questions at the first contact with a host, as ssh asks them: where a person reads the output, at a terminal, and has not
 * accepted all new host keys beforehand.
 */
function askingOn({ output, quiet = false, acceptNewHostKeys = false, listHosts = false }: CheckFlags, io: CommandIo) {
  const isRead = (output === 'table' || output === 'line') && !quiet && !listHosts;
  const questions = isRead && !acceptNewHostKeys ? questionsOn(io) : null;
  if (questions === null) return null;
  let room: Pick<Progress, 'pause' | 'resume'> | null = null;
  let askedMs = 0;
  let since = 0;
  const asking: Asking = {
    questions,
    pause() {
      room?.pause();
      since = performance.now();
    },
    resume() {
      askedMs += performance.now() - since;
      room?.resume();
    },
  };
  return {
    asking,
    makeRoom(progress: Pick<Progress, 'pause' | 'resume'>) {
      room = progress;
    },
    askedMs: () => askedMs,
  };
}

/** What cron mails: the summary still counts every host. */
const onlyTroubled = (report: Report): Report => ({
  ...report,
  instances: report.instances.filter(({ status }) => status !== 'OK'),
  skipped: [],
});

/** For a pipe, an instance's name and id have a tab between them. */
async function listHosts(hosts: readonly Instance[], source: Source, io: CommandIo): Promise<number> {
  if (hosts.length === 0) throw new UsageError(source.nothingFound(0));
  const { padText, textWidth } = await import('../../terminal/index.ts');
  const names = hosts.map((host) => forTerminal(host.name));
  const width = Math.max(...names.map(textWidth));
  const cells = names.map((name) => (io.stdout.isTTY === true ? `${padText(name, width)}  ` : `${name}\t`));
  const lines = source.source === 'aws' ? hosts.map(({ id }, nth) => `${cells[nth]}${forTerminal(id)}`) : names;
  io.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
