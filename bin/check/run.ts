/** Runs one check of one source. It only reads. */

import { checkFleet, type Ports } from '../../lambda/check/index.ts';
import type { LoginCommand } from '../../lambda/judge/index.ts';
import { shellWord } from '../../lambda/kit/index.ts';
import type { InstanceReport, Login, ProbeTransport, Report } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import type { Source } from '../sources/index.ts';
import { type CommandIo, QUIET, UsageError } from '../terminal/index.ts';

/** Long enough for a fleet of thousands. Each host has its own deadline, and Ctrl-C ends all. */
const RUN_DEADLINE_MS = 6 * 3_600_000;

export interface CheckRun {
  readonly discovered?: (count: number) => void;
  /** Called once for each reply, before it is read. */
  readonly answered?: () => void;
  /** Called as hosts finish; `began` is the check's own time. */
  readonly assessed?: (instance: InstanceReport, began: Date) => void;
  /** From so many hosts on the report holds none: each has been given to `assessed`. @default never */
  readonly streamsFrom?: number;
  /** What the report holds of each host. @default all */
  readonly keeps?: (report: InstanceReport) => InstanceReport;
  /** How long the run has waited for a person, who is not what it took. */
  readonly pausedMs?: () => number;
  readonly history?: Ports['history'];
  /** What is remembered of the hosts, given what the source remembers. */
  readonly state?: (own: Ports['state']) => Ports['state'];
}

export interface Checked {
  readonly report: Report;
  /** The command that logs in as this check did: `ssh -p 2222 -i KEY ubuntu@10.0.0.7`. */
  readonly login: LoginCommand;
}

/** @throws what the source's `discover` throws; UsageError where it was interrupted before any host was known. */
export async function runCheck(source: Source, settings: Settings, io: CommandIo, run: CheckRun): Promise<Checked> {
  const logins = new Map<string, Partial<Login>>();
  let began: Date | null = null;
  const now = () => {
    const time = new Date();
    began ??= time;
    return time;
  };
  const ports: Ports = {
    source: source.source,
    clock: { now },
    log: QUIET,
    transports: Object.fromEntries(
      Object.entries(source.transports).map(([name, transport]) => [name, reporting(transport, run.answered)]),
    ),
    discover: async (problem) => {
      const found = await unlessAborted(source.discover(problem), io.signal);
      for (const one of found) logins.set(one.id, one.login ?? {});
      return found;
    },
    history: run.history ?? source.history,
    state: run.state?.(source.state) ?? source.state,
    outlets: null,
    watch: {
      discovered: (count) => run.discovered?.(count),
      assessed: (instance) => run.assessed?.(instance, began ?? new Date()),
    },
  };
  // Without a past there can be no forecast: hosts are judged as soon as they answer.
  const hasPast = source.source === 'aws' || run.history !== undefined;
  const effective = hasPast ? settings : { ...settings, forecast: { ...settings.forecast, enabled: false } };
  const checked = await checkFleet(effective, ports, {
    ...{ deadlineMs: RUN_DEADLINE_MS, signal: io.signal },
    ...(run.streamsFrom !== undefined && { streamsFrom: run.streamsFrom }),
    ...(run.keeps !== undefined && { keeps: run.keeps }),
  });
  const report = { ...checked.report, durationMs: Math.round(checked.report.durationMs - (run.pausedMs?.() ?? 0)) };
  return { report, login: (instance) => sshCommand(instance, logins.get(instance.id) ?? {}, settings) };
}

/** Calls `answered` for every reply. */
const reporting =
  (transport: ProbeTransport, answered: () => void = () => {}): ProbeTransport =>
  (instances, run) =>
    transport(instances, {
      ...run,
      reply: (...reply) => {
        answered();
        run.reply(...reply);
      },
    });

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

/** Stops waiting for AWS at Ctrl-C. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let giveUp = () => {};
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(new UsageError('interrupted before any host was known'));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp);
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', giveUp));
}
