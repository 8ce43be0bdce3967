/** `crawlwatch ack`: says to the checks that a person knows of an incident, so that they don't remind of it. */
import { forTerminal } from '../../lambda/kit/index.ts';
import type { StackFlags, StackPorts } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { addNoConfirmation, addStackCommand, type CommandLine, EXITS_HELP, runOnStack } from './grammar.ts';

export interface AckFlags extends StackFlags {
  readonly why?: string;
  readonly off?: boolean;
  readonly dryRun?: boolean;
}

const HELP = `
An acknowledged incident sends no reminder until it changes: it gets worse, is flagged, has another reason, or ends. The
mail about a change says who acknowledged it, and reminders go on from then. An ack ends with its incident. It stops no
restart and no reboot, automatic ones included: crawlwatch mute does, and also keeps the host out of the mail.${EXITS_HELP}

Examples:
  crawlwatch ack ficrawler9
  crawlwatch ack ficrawler7 ficrawler8 --why 'bigger disks are ordered'
  crawlwatch ack ficrawler9 --off`;

export function addAck(line: CommandLine): void {
  addNoConfirmation(addStackCommand(line, 'ack', 'acknowledge an incident: no reminders until it changes'))
    .argument('<instance...>', 'instance ids, or unique Names of watched instances')
    .option('--why <text>', 'shown with it: what is being done')
    .option('--off', 'take it back: reminders go on')
    .addHelpText('after', HELP)
    .action((words: string[], flags: AckFlags) =>
      runOnStack(line, 'ack', (ports) => ack(words, flags, line.io, ports)),
    );
}

/** @returns 0 where each is acknowledged (or would be), 1 where one has nothing to acknowledge. */
export async function ack(
  words: readonly string[],
  flags: AckFlags,
  io: CommandIo,
  ports: StackPorts,
): Promise<number> {
  const { requesterName, called, findTargets, openFleet, openRemedy, wouldBeDone } = await import('../stack/index.ts');
  const ask = await openRemedy(flags, ports);
  const targets = findTargets(words, await openFleet(flags, io, ports));
  let exit = 0;
  for (const target of targets) {
    const answer = await ask({
      action: 'ack',
      instanceId: target.id,
      requester: requesterName(),
      why: flags.why ?? null,
      ...(flags.off === true && { off: true }),
      ...(flags.dryRun === true && { dryRun: true }),
    });
    const isFine = answer.done || wouldBeDone(answer);
    io.stdout.write(`${called(target)}: ack: ${isFine ? '' : 'not done: '}${forTerminal(answer.why)}\n`);
    if (!isFine) exit = 1;
  }
  return exit;
}
