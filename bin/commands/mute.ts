/** `crawlwatch mute`: writes the mute tag, which is the user's own, with the user's own rights. */

import { clockTime, forTerminal, isoSeconds, plural, shellWord } from '../../lambda/kit/index.ts';
import { type Instance, MUTE_ALLOWED, TAG, TAG_VALUE_MAX } from '../../lambda/model/index.ts';
import type { StackFlags, StackPorts } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { addConfirmation, addStackCommand, type CommandLine, EXITS_HELP, repeated, runOnStack } from './grammar.ts';

export interface MuteFlags extends StackFlags {
  readonly tag?: readonly string[];
  readonly all?: boolean;
  readonly for?: string;
  readonly until?: string;
  readonly window?: string;
  readonly off?: boolean;
  readonly list?: boolean;
  readonly why?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** For more than so many instances it asks first. */
const FEW = 3;
/** So many are named in the question. */
const NAMED = 20;

const HELP = `
An instance is named by id, Name or pattern: those of check's -l, over Names and ids, each Name being a group as well.
A muted instance is checked and measured, and neither mailed, flagged, restarted nor rebooted. What begins meanwhile and
still lasts afterwards is mailed then; what is over by then is not mailed. In a window the time of its zone counts, also
where clocks are changed; several windows are separated by commas. An instance has one mute: the next replaces it,
windows too. For more than ${FEW} instances it asks first.
To end reminders of one incident and keep the rest: crawlwatch ack. To stop acts alone, everywhere: crawlwatch pause.${EXITS_HELP}

Examples:
  crawlwatch mute ficrawler7 --for 2h --why 'new disk'
  crawlwatch mute 'ficrawler*:!ficrawler9' --until 2026-11-23T06:00:00Z
  crawlwatch mute --tag team=search --tag env=prod --for 1d
  crawlwatch mute --all --window 'Sat 02:00-06:00 Europe/Berlin' --why backups
  crawlwatch mute --list
  crawlwatch mute --all --off`;

export function addMute(line: CommandLine): void {
  addConfirmation(
    addStackCommand(line, 'mute', 'check and measure instances for a while without mail, flag, restart or reboot'),
  )
    .argument('[instance...]', 'instance ids, Names of watched instances, or patterns of them')
    .option('--tag <key=value>', 'watched instances that carry this tag; repeated: all of these tags', repeated<string>)
    .option('--all', 'every instance that the stack watches')
    .option('--for <time>', 'for how long: 30m, 2h, 1d')
    .option('--until <time>', 'until then: 2026-11-23T06:00:00Z, or with an offset')
    .option('--window <window>', "again and again: 'Sat 02:00-06:00 Europe/Berlin'")
    .option('--why <text>', 'kept in the tag, for those who wonder')
    .option('--off', 'end it now')
    .option('--list', 'who is muted, until when or in which window, and why')
    .addHelpText('after', HELP)
    .action((words: string[], flags: MuteFlags) =>
      runOnStack(line, 'mute', (ports) => mute(words, flags, line.io, ports)),
    );
}

/**
 * @returns 0; 1 where it was not confirmed or some tag could not be written.
 * @throws UsageError without a time, where nothing fits, or where AWS refuses all of it.
 */
export async function mute(
  words: readonly string[],
  flags: MuteFlags,
  io: CommandIo,
  ports: StackPorts,
): Promise<number> {
  const { called, nothingWatched, openTags, selectTargets, stackFlag, writeMute } = await import('../stack/index.ts');
  const { confirm } = await import('../terminal/index.ts');
  const now = ports.now();
  checkSelection(words, flags);
  const plan = flags.list === true ? null : await planOf(flags, now);
  const fleet = await openTags(flags, io, ports);
  const selection = {
    words,
    ...(flags.tag !== undefined && { tag: flags.tag }),
    all: flags.all === true || !hasSelection(words, flags),
  };
  const chosen = await selectTargets(selection, fleet, io, ports);
  if (plan === null) {
    const ids = new Set(chosen.map(({ id }) => id));
    return list(
      fleet.instances.filter(({ id }) => ids.has(id)),
      io,
      now,
    );
  }
  if (chosen.length === 0) throw new UsageError(nothingWatched(fleet));
  // Of one that isn't watched nobody knows whether it carries the tag.
  const bare = new Set(fleet.instances.filter((one) => plan.value === null && one.mute === null).map(({ id }) => id));
  const unmuted = chosen.filter(({ id }) => bare.has(id));
  const targets = chosen.filter(({ id }) => !bare.has(id));
  const rehearsal = flags.dryRun === true;
  const isMany = targets.length > FEW;
  const windows = plan.value === null ? new Map<string, string>() : windowsLost(fleet.instances, plan.value);
  const losing = targets.filter(({ id }) => windows.has(id)).length;
  const asked = question(targets.map(called), plan, losing);
  if (isMany && !rehearsal && !(await confirm(asked, flags.yes, io))) return 1;
  const ids = targets.map(({ id }) => id);
  const failures = rehearsal || ids.length === 0 ? [] : await writeMute(ports.ec2, ids, plan.value);
  const failed = new Set(failures.map(({ id }) => id));
  const done = targets.filter(({ id }) => !failed.has(id));
  const says = rehearsal ? `would be ${plan.says}` : plan.says;
  const after = (selected: string) =>
    plan.value === null
      ? `; ${AGAIN}`
      : `: ${MEANS}; end it: crawlwatch mute ${selected} --off${stackFlag(flags.stack)}`;
  for (const one of done) {
    const window = windows.get(one.id);
    const lost = window === undefined ? '' : `, in place of the window ${window}`;
    io.stdout.write(`${called(one)}: ${says}${lost}${isMany ? '' : after(one.id)}\n`);
  }
  if (isMany) io.stdout.write(`${plural(done.length, 'instance')} ${says}${after(selectionWords(words, flags))}\n`);
  if (unmuted.length > FEW) io.stdout.write(`${unmuted.length} of ${chosen.length} instances are not muted\n`);
  else for (const one of unmuted) io.stdout.write(`${called(one)}: is not muted\n`);
  for (const { id, text } of failures) io.stderr.write(`crawlwatch: ${id}: not changed: ${forTerminal(text)}\n`);
  return failures.length === 0 ? 0 : 1;
}

const MEANS = 'checked and measured, but no mail, no flag and no act';
const AGAIN = 'the next check mails and flags again';

const hasSelection = (words: readonly string[], { tag = [], all = false }: MuteFlags): boolean =>
  words.length > 0 || tag.length > 0 || all;

/** A tag has room for one mute: windows that recur are lost to the next one, which a person may not expect. */
const windowsLost = (instances: readonly Instance[], value: string): ReadonlyMap<string, string> =>
  new Map(
    instances.flatMap(({ id, mute: own }) => {
      if (own === null || own === 'unreadable' || own.kind === 'until') return [];
      const isSame = value.split(';')[0] === `window=${own.windows.join(',')}`;
      return isSame ? [] : [[id, own.windows.join(' and ')] as const];
    }),
  );

/** @throws UsageError for none, or several that contradict each other. */
function checkSelection(words: readonly string[], flags: MuteFlags): void {
  const { tag = [], all = false, list: isList = false } = flags;
  const change = (['for', 'until', 'window', 'off', 'why'] as const).find((name) => flags[name] !== undefined);
  if (isList && change !== undefined) {
    throw new UsageError(`mute: --list changes nothing: give it without --${change}, or leave out --list`);
  }
  const given = [words.length > 0, tag.length > 0, all].filter(Boolean).length;
  if (given > 1) throw new UsageError('mute: give either instances, --tag or --all');
  if (given === 0 && !isList) {
    throw new UsageError("mute: say which: instances by id, Name or pattern ('ficrawler*'), --tag KEY=VALUE or --all");
  }
}

interface Plan {
  /** Of the tag; null: it is taken away. */
  readonly value: string | null;
  /** `muted until 10:15 UTC`, `no longer muted`. */
  readonly says: string;
}

async function planOf(flags: MuteFlags, now: Date): Promise<Plan> {
  const given = (['for', 'until', 'window', 'off'] as const).filter((name) => flags[name] !== undefined);
  if (given.length > 1) {
    throw new UsageError(`mute: give either ${given.map((name) => `--${name}`).join(' or ')}`);
  }
  if (flags.off === true) {
    if (flags.why !== undefined) throw new UsageError('mute: --why goes with a mute, not with --off');
    return { value: null, says: 'no longer muted' };
  }
  const { endOf, instantOf } = await import('../stack/index.ts');
  if (flags.window !== undefined) return windowPlan(flags.window, flags.why, now);
  const until =
    flags.for !== undefined
      ? endOf('--for', flags.for, now)
      : flags.until !== undefined
        ? instantOf('--until', flags.until, now)
        : null;
  if (until === null) {
    throw new UsageError(
      "mute: say for how long, --for 2h, --until TIME or --window 'Sat 02:00-06:00 Europe/Berlin'; or end it, --off",
    );
  }
  return { value: tagValue(`until=${isoSeconds(until)}`, flags.why), says: `muted until ${clockTime(until, now)}` };
}

async function windowPlan(text: string, why: string | undefined, now: Date): Promise<Plan> {
  const { readWindow } = await import('../../lambda/kit/index.ts');
  const { nextMute, muteEnd } = await import('../../lambda/memory/index.ts');
  const windows = text.split(',').map((window) => window.trim());
  for (const window of windows) {
    const read = readWindow(window);
    if (read.kind === 'bad') {
      throw new UsageError(
        `--window: got ${JSON.stringify(window)}; allowed: ${read.expected}; several are separated by commas`,
      );
    }
  }
  const mute = { mute: { kind: 'windows', windows, why: null } } as const;
  const [next, end] = [nextMute(mute, now), muteEnd(mute, now)];
  const when =
    next !== null
      ? `, next at ${clockTime(next, now)}`
      : end !== null
        ? `, which is open until ${clockTime(end, now)}`
        : ', which is always open';
  const list = windows.join(',');
  return { value: tagValue(`window=${list}`, why), says: `muted in the window ${windows.join(' and ')}${when}` };
}

/** `until=2026-11-23T06:00:00Z;why=new disk`. @throws UsageError where that is too long for a tag */
function tagValue(when: string, why: string | undefined): string {
  const value = `${when}${why === undefined ? '' : `;why=${forTerminal(why)}`}`;
  if (value.length <= TAG_VALUE_MAX) return value;
  const left = TAG_VALUE_MAX - when.length - ';why='.length;
  throw new UsageError(
    left > 0
      ? `--why: too long for the tag ${TAG.mute}; allowed: ${left} characters`
      : `--window: too long for the tag ${TAG.mute}; allowed: ${TAG_VALUE_MAX} characters with the reason`,
  );
}

/** @param losing how many of them have a window that recurs, which this replaces */
function question(names: readonly string[], { value, says }: Plan, losing: number): string {
  const more = names.length - NAMED;
  const shown = `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more (--dry-run names all)` : ''}`;
  const what = value === null ? 'End the mute of' : 'Mute';
  const when = value === null ? '' : says.replace(/^muted/, '');
  const lost = losing === 0 ? '' : `; this replaces the window of ${losing} of them`;
  return `${what} ${plural(names.length, 'instance')}${when}: ${shown}${lost}?`;
}

/** The selection as it is typed again. */
function selectionWords(words: readonly string[], { tag = [], all = false }: MuteFlags): string {
  if (all) return '--all';
  return (tag.length > 0 ? tag.map((one) => `--tag ${shellWord(one)}`) : words.map(shellWord)).join(' ');
}

async function list(instances: readonly Instance[], io: CommandIo, now: Date): Promise<number> {
  const { isMuted, muteEnd, nextMute } = await import('../../lambda/memory/index.ts');
  const { called } = await import('../stack/index.ts');
  const { plainTable } = await import('../terminal/index.ts');
  const at = (date: Date | null) => (date === null ? '' : clockTime(date, now));
  const rows = instances.flatMap((one): string[][] => {
    const { mute } = one;
    if (mute === 'unreadable') return [[called(one), 'no', '', `unreadable: ${one.tags[TAG.mute]}`, '', '']];
    if (mute === null || (mute.kind === 'until' && !isMuted(one, now))) return [];
    const windows = mute.kind === 'windows' ? mute.windows.join(', ') : '';
    const isNow = isMuted(one, now);
    return [
      [called(one), isNow ? 'yes' : 'no', at(muteEnd(one, now)), windows, at(nextMute(one, now)), mute.why ?? ''],
    ];
  });
  if (rows.length === 0) {
    io.stdout.write(`No instance is muted, of ${instances.length} looked at.\n`);
    return 0;
  }
  const head = ['INSTANCE', 'MUTED NOW', 'UNTIL', 'WINDOW', 'NEXT OPENING', 'WHY'];
  io.stdout.write(`${plainTable(head, rows)}\n`);
  if (instances.some(({ mute }) => mute === 'unreadable')) {
    io.stdout.write(
      `\nWhat can't be read silences nothing, and nothing acts on such an instance; the tag ${TAG.mute} takes ${MUTE_ALLOWED}\n`,
    );
  }
  return 0;
}
