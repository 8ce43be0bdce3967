/** `crawlwatch unflag`: takes the reboot flag away, by the remedy function, which puts it on record. */
import { forTerminal, plural } from '../../lambda/kit/index.ts';
import type { StackFlags, StackPorts } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { addConfirmation, addStackCommand, type CommandLine, EXITS_HELP, runOnStack } from './grammar.ts';

export interface UnflagFlags extends StackFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const HELP = `
Examples:
  crawlwatch unflag ficrawler9
  crawlwatch unflag ficrawler9 --dry-run

An instance that still hangs is flagged again by the next checks; crawlwatch mute prevents that.${EXITS_HELP}`;

export function addUnflag(line: CommandLine): void {
  addConfirmation(addStackCommand(line, 'unflag', 'remove the reboot flag from instances'))
    .argument('<instance...>', 'instance ids, or unique Names of watched instances')
    .addHelpText('after', HELP)
    .action((words: string[], flags: UnflagFlags) =>
      runOnStack(line, 'unflag', (ports) => unflag(words, flags, line.io, ports)),
    );
}

/** @returns 0 where each lost its flag (or would), 1 where one did not. */
export async function unflag(
  words: readonly string[],
  flags: UnflagFlags,
  io: CommandIo,
  ports: StackPorts,
): Promise<number> {
  const { requesterName, called, findTargets, openFleet, openRemedy, wouldBeDone } = await import('../stack/index.ts');
  const { confirm } = await import('../terminal/index.ts');
  const ask = await openRemedy(flags, ports);
  const targets = findTargets(words, await openFleet(flags, io, ports));
  const names = targets.map(called).join(', ');
  const question = `Take the reboot flag off ${targets.length === 1 ? names : `${plural(targets.length, 'instance')}: ${names}`}?`;
  const rehearsal = flags.dryRun === true;
  if (!rehearsal && !(await confirm(question, flags.yes, io))) return 1;
  let exit = 0;
  for (const target of targets) {
    const answer = await ask({
      action: 'unflag',
      instanceId: target.id,
      requester: requesterName(),
      ...(rehearsal && { dryRun: true }),
    });
    io.stdout.write(
      `${called(target)}: unflag: ${answer.done ? 'done: ' : wouldBeDone(answer) ? '' : 'not done: '}${forTerminal(answer.why)}\n`,
    );
    if (!answer.done && !wouldBeDone(answer)) exit = 1;
  }
  return exit;
}
