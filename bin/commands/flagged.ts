/** The reboot flag: `crawlwatch flagged` lists who carries it, since when and why; `crawlwatch unflag` takes it away. */

import {
  clockTime,
  duration,
  forTerminal,
  inertJson,
  isoSeconds,
  minutesBetween,
  parseStamp,
  plural,
} from '../../lambda/kit/index.ts';
import type { Ack, Instance } from '../../lambda/model/index.ts';
import { TAG } from '../../lambda/model/index.ts';
import type { StackFlags, StackPorts } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { addConfirmation, addStackCommand, type CommandLine, EXITS_HELP, outputOption, runOnStack } from './grammar.ts';

export interface FlaggedFlags extends StackFlags {
  readonly output: 'table' | 'json';
}

export function addFlagged(line: CommandLine): void {
  addStackCommand(line, 'flagged', 'which instances are flagged for reboot, since when and why')
    .addOption(outputOption(['table', 'json'], 'table'))
    .addHelpText('after', '\nExamples:\n  crawlwatch flagged\n  crawlwatch flagged -o json')
    .action((flags: FlaggedFlags) => runOnStack(line, 'flagged', (ports) => flagged(flags, line.io, ports)));
}

/** @returns 0, with or without any. @throws UsageError where nothing is watched. */
export async function flagged(flags: FlaggedFlags, io: CommandIo, ports: StackPorts): Promise<number> {
  const { called, nothingWatched, openFleet, stackFlag } = await import('../stack/index.ts');
  const fleet = await openFleet(flags, io, ports);
  const found = longestFlagged(fleet.instances);
  if (flags.output === 'json') {
    const rows = found.map((one) => ({ id: one.id, name: one.name, state: one.state, ...flagOf(one) }));
    io.stdout.write(`${inertJson(JSON.stringify({ version: 1, region: fleet.region, flagged: rows }, null, 2))}\n`);
    return 0;
  }
  if (fleet.instances.length === 0) throw new UsageError(nothingWatched(fleet));
  if (found.length === 0) {
    io.stdout.write(`No instance is flagged for reboot, of ${fleet.instances.length} watched in ${fleet.region}.\n`);
    return 0;
  }
  const { plainTable } = await import('../terminal/index.ts');
  const { ackWords } = await import('../../lambda/judge/index.ts');
  const { muteWords } = await import('../../lambda/memory/index.ts');
  const now = ports.now();
  const rows = found.map((one) => {
    const { flag, at, lastAct, auto } = flagOf(one);
    const { ack } = one.remembered.incident ?? {};
    const notes = [
      ...(auto === null ? [] : [`auto=${auto}`]),
      ...(one.mute === 'unreadable' ? [`mute unreadable: ${one.tags[TAG.mute]}`] : [muteWords(one, now) ?? []].flat()),
      ...(ack === undefined ? [] : [ackWords(ack, now)]),
    ];
    return [
      called(one),
      one.state,
      at === null ? '' : clockTime(new Date(at), now),
      at === null ? '' : duration(minutesBetween(new Date(at), now)),
      flag,
      lastAct === null ? 'none' : actWords(lastAct, now),
      notes.join(', '),
    ];
  });
  const head = ['INSTANCE', 'STATE', 'FLAGGED AT', 'FOR', 'BECAUSE', 'LAST ACT', 'NOTES'];
  const next = `next: crawlwatch reboot --flagged --dry-run${stackFlag(flags.stack)}   says for each whether it may be rebooted now`;
  const sum = `${found.length} of ${plural(fleet.instances.length, 'instance')} in ${fleet.region} flagged for reboot`;
  io.stdout.write(`${plainTable(head, rows)}\n\n${sum}\n${next}\n`);
  return 0;
}

/** The instances that carry the flag, readable or not, or whose flag checks remember, the longest flagged first. */
export function longestFlagged(instances: readonly Instance[]): Instance[] {
  const since = (one: Instance) => flagOf(one).at ?? '';
  return instances
    .filter((one) => one.tags[TAG.flag] !== undefined || strippedFlag(one) !== null)
    .toSorted((a, b) => since(a).localeCompare(since(b)) || a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** `reboot at 07:30 UTC`. */
function actWords(tag: string, now: Date): string {
  const stamp = parseStamp(tag);
  return stamp === null ? tag : `${stamp.what} at ${clockTime(stamp.at, now)}`;
}

/** The flag whose tag another tool has taken away; the next check writes it again. */
const strippedFlag = ({ tags, remembered, skipped }: Instance) =>
  tags[TAG.flag] === undefined && skipped === null ? remembered.flag : null;

const ackJson = (ack: Ack | undefined) =>
  ack === undefined ? null : { by: ack.by, at: isoSeconds(ack.at), why: ack.why };

function flagOf(one: Instance) {
  const { tagged, tags } = one;
  const stripped = strippedFlag(one);
  return {
    flag:
      stripped === null
        ? (tagged.flag?.reason ?? `unreadable: ${tags[TAG.flag]}`)
        : `${stripped.reason} (its tag is missing)`,
    at: (tagged.flag ?? stripped)?.at.toISOString() ?? null,
    lastAct: tags[TAG.acted] ?? null,
    auto: tags[TAG.auto] ?? null,
    mute: tags[TAG.mute] ?? null,
    ack: ackJson(one.remembered.incident?.ack),
  };
}

export interface UnflagFlags extends StackFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const UNFLAG_HELP = `
An instance that still hangs is flagged again by the next checks; crawlwatch mute prevents that.${EXITS_HELP}

Examples:
  crawlwatch unflag ficrawler9
  crawlwatch unflag ficrawler9 --dry-run`;

export function addUnflag(line: CommandLine): void {
  addConfirmation(addStackCommand(line, 'unflag', 'remove the reboot flag from instances'))
    .argument('<instance...>', 'instance ids, or unique Names of watched instances')
    .addHelpText('after', UNFLAG_HELP)
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
