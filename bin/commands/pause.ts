/** `crawlwatch pause` and `resume`: stop all restarts and reboots of a stack, and allow them again. */
import { forTerminal } from '../../lambda/kit/index.ts';
import type { StackFlags, StackPorts } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { addNoConfirmation, addStackCommand, type CommandLine, EXITS_HELP, runOnStack } from './grammar.ts';

export interface ResumeFlags extends StackFlags {
  readonly dryRun?: boolean;
}

export interface PauseFlags extends ResumeFlags {
  readonly why?: string;
  readonly for?: string;
}

const PAUSE_HELP = `
Stops: restarts and reboots by anyone, on schedule, at a terminal or by the dashboard's buttons.
Goes on: checks, measurements, flags and mails. An act that is under way is not called back.
It ends at its time, or before: crawlwatch resume. Who paused, why and until when: crawlwatch plan. For single hosts, and
their mails as well: crawlwatch mute.${EXITS_HELP}

Examples:
  crawlwatch pause --why 'moving the database' --for 2h
  crawlwatch pause`;

const RESUME_HELP = `
Restarts and reboots are allowed again, as far as the guard rails go: what is due is done after the next check, where the
stack acts by itself. It also ends the pause of automatic acts that two reboots in vain bring about. Mutes stay.${EXITS_HELP}

Examples:
  crawlwatch resume
  crawlwatch resume --dry-run`;

export function addPause(line: CommandLine): void {
  addNoConfirmation(
    addStackCommand(line, 'pause', 'stop restarts and reboots by anyone until resume; checks, flags and mails go on'),
  )
    .option('--why <text>', 'shown to everybody who requests a restart or a reboot')
    .option('--for <time>', 'for how long: 30m, 2h, 1d (default: until resume)')
    .addHelpText('after', PAUSE_HELP)
    .action((flags: PauseFlags) => runOnStack(line, 'pause', (ports) => pause(flags, line.io, ports)));
}

export function addResume(line: CommandLine): void {
  addNoConfirmation(addStackCommand(line, 'resume', 'end a pause, also that of automatic acts after reboots in vain'))
    .addHelpText('after', RESUME_HELP)
    .action((flags: ResumeFlags) => runOnStack(line, 'resume', (ports) => resume(flags, line.io, ports)));
}

/** @returns 0 once it is paused, 1 where the function refuses. */
export async function pause(flags: PauseFlags, io: CommandIo, ports: StackPorts): Promise<number> {
  const { requesterName, endOf, openRemedy, stackFlag, wouldBeDone } = await import('../stack/index.ts');
  const now = ports.now();
  const until = flags.for === undefined ? null : endOf('--for', flags.for, now);
  const ask = await openRemedy(flags, ports);
  const why = flags.why ?? 'no reason given';
  const answer = await ask({
    action: 'pause',
    requester: requesterName(),
    why,
    until: until?.toISOString() ?? null,
    ...(flags.dryRun === true && { dryRun: true }),
  });
  const end = answer.done ? `; end it: crawlwatch resume${stackFlag(flags.stack)}` : '';
  io.stdout.write(`${flags.stack}: ${answer.done ? 'paused: ' : ''}${forTerminal(answer.why)}${end}\n`);
  return answer.done || wouldBeDone(answer) ? 0 : 1;
}

/** @returns 0 once nothing is paused, 1 where the function refuses. */
export async function resume(flags: ResumeFlags, io: CommandIo, ports: StackPorts): Promise<number> {
  const { requesterName, openRemedy, wouldBeDone } = await import('../stack/index.ts');
  const ask = await openRemedy(flags, ports);
  const answer = await ask({
    action: 'resume',
    requester: requesterName(),
    ...(flags.dryRun === true && { dryRun: true }),
  });
  io.stdout.write(`${flags.stack}: ${answer.done ? 'resumed: ' : ''}${forTerminal(answer.why)}\n`);
  return answer.done || wouldBeDone(answer) ? 0 : 1;
}
