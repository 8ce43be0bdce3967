/** `crawlwatch history`: what was done to an instance and what was held back, from the table of acts. */
import { forTerminal, inertJson } from '../../lambda/kit/index.ts';
import type { RemedyAnswer } from '../../lambda/remedy/index.ts';
import type { StackFlags, StackPorts } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { addStackCommand, type CommandLine, outputOption, runOnStack } from './grammar.ts';

export interface HistoryFlags extends StackFlags {
  readonly output: 'table' | 'json';
}

const HELP = `
Examples:
  crawlwatch history ficrawler9
  crawlwatch history i-0123456789abcdef0 -o json`;

export function addHistory(line: CommandLine): void {
  addStackCommand(line, 'history', 'what was done to an instance, and what was held back and why, for 90 days')
    .argument('<instance>', 'an instance id, or the unique Name of a watched instance')
    .addOption(outputOption(['table', 'json'], 'table'))
    .addHelpText('after', HELP)
    .action((word: string, flags: HistoryFlags) =>
      runOnStack(line, 'history', (ports) => history(word, flags, line.io, ports)),
    );
}

/** @returns 0, with or without any entry. */
export async function history(word: string, flags: HistoryFlags, io: CommandIo, ports: StackPorts): Promise<number> {
  const { called, findTargets, openFleet, openRemedy } = await import('../stack/index.ts');
  const ask = await openRemedy(flags, ports);
  const [target] = findTargets([word], await openFleet(flags, io, ports));
  if (target === undefined) return 0;
  const answer = await ask({ action: 'history', instanceId: target.id });
  if (answer.history === undefined) throw new UsageError(`no history of ${target.id}: ${answer.why}`);
  const entries = answer.history.toSorted((a, b) => a.at.getTime() - b.at.getTime() || stage(a) - stage(b));
  if (flags.output === 'json') {
    io.stdout.write(
      `${inertJson(JSON.stringify({ version: 1, instanceId: target.id, name: target.name, history: entries }, null, 2))}\n`,
    );
    return 0;
  }
  io.stdout.write(
    entries.length === 0
      ? `Nothing was done to ${called(target)}, and nothing held back, in the last 90 days.\n`
      : `${called(target)}, oldest first:\n${entries.flatMap(entryLines).join('\n')}\n`,
  );
  return 0;
}

type Entry = NonNullable<RemedyAnswer['history']>[number];

/** The entries of one act all have the act's time: it is begun before it is done. */
const STAGES = ['begun', 'done', 'worked', 'failed'];
const stage = ({ outcome }: Entry): number => STAGES.indexOf(outcome);

/** `2026-11-22 08:10:00 UTC  reboot: done, asked for by ann@laptop: it carries the flag ...` */
function entryLines({ at, remedy, outcome, heldBy, why, requester, evidence }: Entry): string[] {
  const time = at.toISOString().replace('T', ' ').replace(/\..*/, ' UTC');
  const how = outcome === 'held' ? `held back${heldBy === null ? '' : ` (${heldBy})`}` : outcome;
  const by = requester === 'schedule' ? 'on schedule' : `asked for by ${requester}`;
  return [
    `  ${time}  ${forTerminal(`${remedy}: ${how}, ${by}: ${why}`)}`,
    ...evidence.map((line) => `      ${forTerminal(line)}`),
  ];
}
