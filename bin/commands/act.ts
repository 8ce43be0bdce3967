/** `crawlwatch reboot`, `restart-worker`, `restart-sshd`: requests to the remedy function, one instance after the other. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { forTerminal, minutesBetween, plural } from '../../lambda/kit/index.ts';
import { type Guard, OVERRIDES, type Override, type Remedy } from '../../lambda/model/index.ts';
import type { RemedyAnswer, RemedyRequestJson } from '../../lambda/remedy/index.ts';
import type { StackFlags, StackPorts, Target } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { longestFlagged } from './flagged.ts';
import { addConfirmation, addStackCommand, type CommandLine, EXITS_HELP, repeated, runOnStack } from './grammar.ts';

export interface ActFlags extends StackFlags {
  readonly flagged?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly override?: readonly Override[];
  /** False: doesn't follow a reboot until the instance is back. */
  readonly wait?: boolean;
}

/** How an act on one instance ended, as an exit code; the worst is the command's. */
const EXIT = { done: 0, heldBack: 1, notBack: 2 } as const;

/** Guards that end by themselves once another reboot is over. */
const WAITS: ReadonlySet<string> = new Set(['spacing', 'in-flight'] satisfies Guard[]);
/** Between two requests for an instance that waits its turn, and how long they are repeated. */
const RETRY_MS = 60_000;
const TURN_MINUTES = 40;

const REBOOT_HELP = `
The remedy function reboots only what is flagged and, when it is checked once more, still hangs. A person may override:
asg (member of an Auto Scaling group), spot (spot instance), event (AWS has scheduled something for it).
Exit code: 0 done and back, 1 held back (each with why) or not confirmed, 2 rebooted and not seen back, 3 usage,
credentials, no such stack, no answer. After Ctrl-C the reboot goes on.

Examples:
  crawlwatch reboot ficrawler9                     asks first, then waits until it is back
  crawlwatch reboot --flagged --dry-run            says for each flagged instance whether it may be rebooted now
  crawlwatch reboot --flagged --yes                one after the other, 15 minutes apart
  crawlwatch reboot i-0123456789abcdef0 --override asg --yes --no-wait`;

const RESTART_WORKER_HELP = `${EXITS_HELP}

Examples:
  crawlwatch restart-worker ficrawler7
  crawlwatch restart-worker i-0123456789abcdef0 --dry-run`;

const RESTART_SSHD_HELP = `${EXITS_HELP}

Examples:
  crawlwatch restart-sshd ficrawler8
  crawlwatch restart-sshd ficrawler8 --yes`;

const NAMES = 'instance ids, or unique Names of watched instances';

export function addReboot(line: CommandLine): void {
  addAct(line, 'reboot', 'reboot flagged instances, as far as the guard rails allow')
    .argument('[instance...]', NAMES)
    .option('--flagged', 'every instance that carries the reboot flag')
    .addOption(
      new Option('--override <guard>', `override a guard: ${OVERRIDES.join(', ')}; repeatable`).argParser(
        (value: string, before: readonly Override[] | undefined) => repeated(overrideOf(value), before),
      ),
    )
    .option('--no-wait', "don't wait until it is back")
    .addHelpText('after', REBOOT_HELP);
}

export function addRestarts(line: CommandLine): void {
  addAct(
    line,
    'restart-worker',
    'restart the worker where memory is exhausted or the worker is dead, and the host still answers',
  )
    .argument('<instance...>', NAMES)
    .addHelpText('after', RESTART_WORKER_HELP);
  addAct(line, 'restart-sshd', 'restart sshd over SSM where only sshd is dead')
    .argument('<instance...>', NAMES)
    .addHelpText('after', RESTART_SSHD_HELP);
}

const addAct = (line: CommandLine, remedy: Remedy, description: string): Command =>
  addConfirmation(addStackCommand(line, remedy, description)).action((words: string[], flags: ActFlags) =>
    runOnStack(line, remedy, (ports) => act(remedy, words, flags, line.io, ports)),
  );

function overrideOf(value: string): Override {
  const guard = OVERRIDES.find((one) => one === value);
  if (guard === undefined) throw new InvalidArgumentError(`Allowed choices are ${OVERRIDES.join(', ')}.`);
  return guard;
}

/**
 * @param words ids and names
 * @returns 0 where all was done (or would be), 1 where something was held back, 2 where no check has seen a rebooted
 * instance come back.
 */
export async function act(
  remedy: Remedy,
  words: readonly string[],
  flags: ActFlags,
  io: CommandIo,
  ports: StackPorts,
): Promise<number> {
  const { requesterName, called, findTargets, followReboot, lookAt } = await import('../stack/index.ts');
  const { openFleet, openRemedy, stackFlag, wouldBeDone } = await import('../stack/index.ts');
  const { confirm, interrupted, progressLine } = await import('../terminal/index.ts');
  if (words.length === 0 && flags.flagged !== true) {
    const orFlagged = remedy === 'reboot' ? ', or give --flagged' : '';
    throw new UsageError(`${remedy}: name the instances, by id or Name${orFlagged}`);
  }
  if (words.length > 0 && flags.flagged === true) throw new UsageError(`${remedy}: give either instances or --flagged`);
  const ask = await openRemedy(flags, ports);
  const fleet = await openFleet(flags, io, ports);
  const targets = flags.flagged === true ? longestFlagged(fleet.instances) : findTargets(words, fleet);
  if (targets.length === 0) {
    io.stdout.write(`No instance is flagged for reboot, of ${fleet.instances.length} watched in ${fleet.region}.\n`);
    return EXIT.done;
  }
  if (flags.dryRun !== true && !(await confirm(question(remedy, targets.map(called), flags), flags.yes, io)))
    return EXIT.heldBack;

  const progress = progressLine(io);
  let worst: number = EXIT.done;
  let rebooted = false;
  for (const [i, target] of targets.entries()) {
    if (io.signal.aborted) {
      io.stderr.write(`crawlwatch: stopped; nothing was requested for ${targets.slice(i).map(called).join(', ')}\n`);
      return Math.max(worst, EXIT.heldBack);
    }
    const turn = await takeTurn(target, rebooted);
    worst = Math.max(worst, turn.exit);
    rebooted ||= turn.done && remedy === 'reboot';
  }
  return worst;

  /** @param mayWait until it is far enough from the reboot of another instance */
  async function takeTurn(target: Target, mayWait: boolean): Promise<{ done: boolean; exit: number }> {
    const follows = remedy === 'reboot' && flags.wait !== false && flags.dryRun !== true;
    // Read before the act, for the boot id.
    const before = follows ? await lookAt(target.id, fleet, io, ports) : null;
    const answer = await Promise.race([requestInTurn(target, follows && mayWait), interrupted(io.signal)]);
    progress.clear();
    const history = `crawlwatch history ${target.id}${stackFlag(flags.stack)}`;
    if (answer === null) {
      io.stderr.write(`crawlwatch: no longer waiting for ${called(target)}; to see whether it was done: ${history}\n`);
      return { done: false, exit: EXIT.heldBack };
    }
    io.stdout.write(`${called(target)}: ${remedy}: ${answerText(answer, wouldBeDone(answer))}\n`);
    for (const problem of answer.problems ?? []) {
      if (!answer.why.includes(problem)) io.stderr.write(`crawlwatch: ${forTerminal(problem)}\n`);
    }
    if (!answer.done) return { done: false, exit: wouldBeDone(answer) ? EXIT.done : EXIT.heldBack };
    if (before === null) return { done: true, exit: EXIT.done };
    const followed = await followReboot(target, before, fleet, io, ports);
    switch (followed.end) {
      case 'back':
        io.stdout.write(`${called(target)}: ${followed.says}\n`);
        return { done: true, exit: EXIT.done };
      case 'not-back':
        io.stdout.write(`${called(target)}: ${followed.says}: it needs a person; ${history} shows what was tried\n`);
        return { done: true, exit: EXIT.notBack };
      case 'interrupted':
        io.stderr.write(`crawlwatch: the reboot of ${called(target)} goes on; ${history} shows how it went\n`);
        return { done: true, exit: EXIT.done };
    }
    return followed satisfies never;
  }

  async function requestInTurn(target: Target, mayWait: boolean): Promise<RemedyAnswer> {
    const began = ports.now();
    let shown = '';
    for (;;) {
      progress.show(`${target.name}: being checked once more first, which may take two minutes`);
      const answer = await ask(requestFor(remedy, target, requesterName(), flags));
      const gaveUp = io.signal.aborted || minutesBetween(began, ports.now()) >= TURN_MINUTES;
      if (!mayWait || gaveUp || !WAITS.has(answer.decisions?.[0]?.heldBy ?? '')) return answer;
      if (answer.why !== shown)
        io.stderr.write(`crawlwatch: ${called(target)} waits its turn: ${forTerminal(answer.why)}\n`);
      shown = answer.why;
      await ports.sleep(RETRY_MS, io.signal);
      // After Ctrl-C it must not be requested again.
      if (io.signal.aborted) return answer;
    }
  }
}

function requestFor(
  remedy: Remedy,
  { id }: Target,
  requester: string,
  { dryRun, override }: ActFlags,
): RemedyRequestJson {
  return {
    action: remedy,
    instanceId: id,
    requester,
    ...(dryRun === true && { dryRun: true }),
    ...(override !== undefined && { overrides: [...override] }),
  };
}

function answerText(answer: RemedyAnswer, would: boolean): string {
  const why = forTerminal(answer.why);
  if (answer.done) return `done: ${why}`;
  if (would) return why;
  const by = answer.decisions?.[0]?.heldBy ?? null;
  return by === null ? `not done: ${why}` : `held back (${forTerminal(by)}): ${why}`;
}

function question(remedy: Remedy, called: readonly string[], { wait, override = [] }: ActFlags): string {
  const whom = called.length === 1 ? '' : ` ${plural(called.length, 'instance')}`;
  const apart = called.length > 1 && wait !== false ? ', one after the other, 15 minutes apart' : '';
  const aside = override.length === 0 ? '' : ` (set aside: ${override.join(', ')})`;
  const names = called.join(', ');
  switch (remedy) {
    case 'reboot':
      return `Reboot${called.length === 1 ? ` ${names}` : `${whom}${apart}: ${names}`}${aside}?`;
    case 'restart-worker':
      return `Restart the worker on${called.length === 1 ? ` ${names}` : `${whom}: ${names}`}?`;
    case 'restart-sshd':
      return `Restart sshd on${called.length === 1 ? ` ${names}` : `${whom}: ${names}`}?`;
  }
  return remedy satisfies never;
}
