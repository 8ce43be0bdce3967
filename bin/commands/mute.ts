/** `crawlwatch mute`: writes the mute tag, which is the user's own, with the user's own rights. */

import { clockTime, forTerminal, isoSeconds } from '../../lambda/kit/index.ts';
import { TAG, TAG_VALUE_MAX } from '../../lambda/model/index.ts';
import type { StackFlags, StackPorts } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { addNoConfirmation, addStackCommand, type CommandLine, EXITS_HELP, runOnStack } from './grammar.ts';

export interface MuteFlags extends StackFlags {
  readonly for?: string;
  readonly off?: boolean;
  readonly why?: string;
  readonly dryRun?: boolean;
}

const HELP = `
Examples:
  crawlwatch mute ficrawler7 --for 2h --why 'new disk'
  crawlwatch mute ficrawler7 --off${EXITS_HELP}`;

export function addMute(line: CommandLine): void {
  addNoConfirmation(
    addStackCommand(line, 'mute', 'check and measure instances for a while without mail, flag, restart or reboot'),
  )
    .argument('<instance...>', 'instance ids, or unique Names of watched instances')
    .option('--for <time>', 'for how long: 30m, 2h, 1d')
    .option('--why <text>', 'kept in the tag, for those who wonder')
    .option('--off', 'end it now')
    .addHelpText('after', HELP)
    .action((words: string[], flags: MuteFlags) =>
      runOnStack(line, 'mute', (ports) => mute(words, flags, line.io, ports)),
    );
}

/** @returns 0. @throws UsageError without a time, or where AWS refuses. */
export async function mute(
  words: readonly string[],
  flags: MuteFlags,
  io: CommandIo,
  ports: StackPorts,
): Promise<number> {
  const { called, findTargets, openFleet, writeMute } = await import('../stack/index.ts');
  const now = ports.now();
  const until = await untilWhen(flags, now);
  const value = until === null ? null : muteValue(until, flags.why);
  const targets = findTargets(words, await openFleet(flags, io, ports));
  if (flags.dryRun !== true) {
    await writeMute(
      ports.ec2,
      targets.map(({ id }) => id),
      value,
    );
  }
  const would = flags.dryRun === true ? 'would be ' : '';
  for (const target of targets) {
    io.stdout.write(
      until === null
        ? `${called(target)}: ${would}no longer muted; the next check mails and flags again\n`
        : `${called(target)}: ${would}muted until ${clockTime(until, now)}: checked and measured, but no mail, no flag and no act; end it: crawlwatch mute ${target.id} --off\n`,
    );
  }
  return 0;
}

async function untilWhen(flags: MuteFlags, now: Date): Promise<Date | null> {
  if (flags.off === true) {
    if (flags.for !== undefined) throw new UsageError('mute: give either --for or --off');
    return null;
  }
  if (flags.for === undefined) throw new UsageError('mute: say for how long, --for 2h; or end it, --off');
  const { endOf } = await import('../stack/index.ts');
  return endOf('--for', flags.for, now);
}

/** `until=2026-11-23T06:00:00Z;why=new disk`. */
function muteValue(until: Date, why: string | undefined): string {
  const value = `until=${isoSeconds(until)}${why === undefined ? '' : `;why=${forTerminal(why)}`}`;
  if (value.length > TAG_VALUE_MAX) {
    throw new UsageError(`--why: too long for the tag ${TAG.mute}; allowed: ${TAG_VALUE_MAX - 31} characters`);
  }
  return value;
}
