/** `crawlwatch check`: one check of one source. It only reads. */
import { type CheckResult, checkFleet, type Ports } from '../../lambda/check-fleet.ts';
import { forTerminal } from '../../lambda/core/escape.ts';
import { instanceLine } from '../../lambda/core/fleet-line.ts';
import { exitCodeOf, instanceJson, reportJson } from '../../lambda/core/fleet-report.ts';
import { shellWord } from '../../lambda/core/next-step.ts';
import { isoSeconds } from '../../lambda/core/remembered-state.ts';
import type { DescribedInstance, InstanceReport, Login, Report } from '../../lambda/model.ts';
import type { Settings } from '../../lambda/settings.ts';
import { type CommandIo, QUIET, terminalStyle } from '../command-io.ts';
import { UsageError } from '../errors.ts';
import { type Progress, startProgress } from '../progress.ts';
import { type SettingFlags, settingsFor } from '../settings-layers.ts';
import { openSource, type Source, type SourceFlags } from '../sources.ts';

export interface CheckFlags extends SourceFlags, SettingFlags {
  readonly output: 'table' | 'line' | 'json' | 'ndjson';
  readonly listHosts?: boolean;
}

/** The longest run: a fleet of thousands, one by one. Each host has its own deadline, and Ctrl-C ends all. */
const RUN_DEADLINE_MS = 6 * 3_600_000;

export async function check(flags: CheckFlags, io: CommandIo): Promise<number> {
  const settings = await settingsFor(flags, io);
  const source = await openSource(flags, settings, io);
  if (flags.listHosts === true) return listHosts(await source.discover(), source, io);

  const streams = flags.output === 'line' || flags.output === 'ndjson';
  const logins = new Map<string, Partial<Login>>();
  // On one terminal a bar and the lines of hosts would overwrite each other.
  const progress = await startProgress(streams && io.stdout.isTTY ? { write() {} } : io.stderr);
  const { report } = await run(source);
  await printEnd(report);
  for (const problem of report.problems) io.stderr.write(`crawlwatch: ${forTerminal(problem)}\n`);
  if (report.summary.checked === 0) {
    io.stderr.write(`crawlwatch: ${forTerminal(source.nothingFound(report.skipped.length))}\n`);
  }
  return exitCodeOf(report.summary);

  function loginCommand(instance: InstanceReport): string {
    return sshCommand(instance, logins.get(instance.id) ?? {}, settings);
  }

  async function run(from: Source): Promise<CheckResult> {
    try {
      return await checkFleet(settings, portsOver(from, progress), {
        deadlineMs: RUN_DEADLINE_MS,
        signal: io.signal,
      });
    } finally {
      progress.stop();
    }
  }

  function portsOver(from: Source, bar: Progress): Ports {
    let began: Date | null = null;
    const now = () => {
      const time = new Date();
      began ??= time;
      return time;
    };
    return {
      source: from.source,
      clock: { now },
      log: QUIET,
      transports: from.transports,
      discover: async () => {
        const found = await unlessAborted(from.discover(), io.signal);
        for (const one of found) logins.set(one.id, one.login ?? {});
        return found;
      },
      history: from.history,
      outlets: null,
      watch: {
        discovered: (count) => bar.discovered(count),
        assessed: (instance) => {
          bar.assessed(instance);
          if (streams) io.stdout.write(`${streamed(instance, began ?? new Date(), from)}\n`);
        },
      },
    };
  }

  function streamed(instance: InstanceReport, at: Date, from: Source): string {
    if (flags.output === 'line') return instanceLine(instance);
    return instanceJson(instance, { checkedAt: isoSeconds(at), source: from.source });
  }

  async function printEnd(done: Report): Promise<void> {
    switch (flags.output) {
      case 'json':
        io.stdout.write(`${reportJson(done)}\n`);
        return;
      case 'table': {
        const { reportTable } = await import('../../lambda/core/fleet-table.ts');
        const style = { ...terminalStyle(io.stdout, io.env), now: new Date(), login: loginCommand };
        io.stdout.write(`${reportTable(done, style)}\n`);
        return;
      }
      case 'line':
      case 'ndjson':
        for (const { name, why } of done.skipped) {
          io.stderr.write(`crawlwatch: skipped ${forTerminal(name)}: ${forTerminal(why)}\n`);
        }
        return;
    }
    flags.output satisfies never;
  }
}

/** `ssh -p 2222 -i KEY ubuntu@10.0.0.7`, as this check logged in. */
function sshCommand({ address, name }: InstanceReport, login: Partial<Login>, settings: Settings): string {
  const port = login.port ?? settings.ssh.port;
  const key = login.privateKeyPath ?? null;
  const jumps = (login.jumps ?? []).map((jump) => `${jump.user}@${jump.address}:${jump.port}`);
  return [
    'ssh',
    ...(jumps.length === 0 ? [] : ['-J', shellWord(jumps.join(','))]),
    ...(port === 22 ? [] : ['-p', String(port)]),
    ...(key === null ? [] : ['-i', shellWord(key)]),
    shellWord(`${login.user ?? settings.ssh.user}@${address ?? name}`),
  ].join(' ');
}

function listHosts(hosts: readonly DescribedInstance[], source: Source, io: CommandIo): number {
  if (hosts.length === 0) throw new UsageError(source.nothingFound(0));
  io.stdout.write(`${hosts.map((host) => forTerminal(host.name)).join('\n')}\n`);
  return 0;
}

/** AWS's answer isn't waited for once a person has given up. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new UsageError('interrupted before any host was known'));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject);
  });
}
