/** `crawlwatch ack`: says to the checks that a person knows of an incident, so that they don't remind of it. */
import { forTerminal, plural } from '../../lambda/kit/index.ts';
import type { StackFlags, StackPorts, Target } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { addNoConfirmation, addStackCommand, type CommandLine, EXITS_HELP, runOnStack } from './grammar.ts';

export interface AckFlags extends StackFlags {
  readonly why?: string;
  readonly off?: boolean;
  readonly dryRun?: boolean;
}

const HELP = `
An instance is named by id, Name or pattern: those of check's -l, over Names and ids, each Name being a group as well. Of
a pattern those with an open incident are acknowledged.
An acknowledged incident sends no reminder until it changes: it gets worse, is flagged, has another reason, or ends. The
mail about a change says who acknowledged it, and reminders go on from then. An ack ends with its incident. It stops no
restart and no reboot, automatic ones included: crawlwatch mute does, and also keeps the host out of the mail.${EXITS_HELP}

Examples:
  crawlwatch ack ficrawler9
  crawlwatch ack ficrawler7 ficrawler8 --why 'bigger disks are ordered'
  crawlwatch ack 'ficrawler*:!ficrawler9' --dry-run
  crawlwatch ack ficrawler9 --off`;

export function addAck(line: CommandLine): void {
  addNoConfirmation(addStackCommand(line, 'ack', 'acknowledge an incident: no reminders until it changes'))
    .argument('<instance...>', 'instance ids, Names of watched instances, or patterns of them')
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
  const { requesterName, called, openRemedy, wouldBeDone } = await import('../stack/index.ts');
  const ask = await openRemedy(flags, ports);
  const { targets, others } = await chosen(words, flags, io, ports);
  // One that was named has its own line, and its own exit code.
  let exit = targets.length === 0 ? 1 : 0;
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
  if (others > 0) {
    const what = flags.off === true ? 'acknowledged incident' : 'open incident';
    const says =
      targets.length === 0
        ? `none has an ${what}, of ${plural(others, 'instance')} that ${others === 1 ? 'fits' : 'fit'}`
        : `${others} more that ${others === 1 ? 'fits has' : 'fit have'} no ${what}`;
    io.stdout.write(`${says}\n`);
  }
  return exit;
}

/** Those that are named, and of those that only fit a pattern the ones there is something to do for; the others are counted. */
async function chosen(
  words: readonly string[],
  flags: AckFlags,
  io: CommandIo,
  ports: StackPorts,
): Promise<{ readonly targets: readonly Target[]; readonly others: number }> {
  const { isPlain, openFleet, selectTargets } = await import('../stack/index.ts');
  const fleet = await openFleet(flags, io, ports);
  const fitting = await selectTargets({ words }, fleet, io, ports);
  const plain = words.filter((word) => isPlain(word, fleet));
  const named = new Set((await selectTargets({ words: plain }, fleet, io, ports)).map(({ id }) => id));
  const isOpen = ({ id }: Target) => {
    const incident = fleet.instances.find((one) => one.id === id)?.remembered.incident ?? null;
    return incident !== null && (flags.off !== true || incident.ack !== undefined);
  };
  const targets = fitting.filter((one) => named.has(one.id) || isOpen(one));
  return { targets, others: fitting.length - targets.length };
}
