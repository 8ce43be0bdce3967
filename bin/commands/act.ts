/** `crawlwatch reboot`, `restart-worker`, `restart-sshd`: asks the remedy function, which alone may, one by one. */
import { forTerminal, minutesBetween, plural } from '../../lambda/kit/index.ts';
import type { Guard, Override, Remedy } from '../../lambda/model/index.ts';
import {
  type Answer,
  askerName,
  awsWorld,
  called,
  findTargets,
  followReboot,
  lookAt,
  openFleet,
  openRemedy,
  type Request,
  type StackFlags,
  stackFlag,
  type Target,
  type World,
  wouldBeDone,
} from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { confirm, interrupted, progressLine, UsageError } from '../terminal/index.ts';
import { longestFlagged } from './flagged.ts';

export interface ActFlags extends StackFlags {
  readonly flagged?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly override?: readonly Override[];
  /** Follow a reboot until the instance is back. */
  readonly wait?: boolean;
}

/** How an act on one instance ended, as an exit code; the worst is the command's. */
const EXIT = { done: 0, heldBack: 1, notBack: 2 } as const;

/** Guards that let go by themselves once another reboot is over. */
const WAITS: ReadonlySet<string> = new Set(['spacing', 'in-flight'] satisfies Guard[]);
/** Between tries for an instance whose turn hasn't come, and how long it is tried. */
const RETRY_MS = 60_000;
const TURN_MINUTES = 40;

/**
 * @param words ids and names
 * @returns 0 where all was done (or would be), 1 where something was held back, 2 where a rebooted instance wasn't seen
 * back.
 */
export async function act(
  remedy: Remedy,
  words: readonly string[],
  flags: ActFlags,
  io: CommandIo,
  world: World = awsWorld(),
): Promise<number> {
  if (words.length === 0 && flags.flagged !== true) {
    const orFlagged = remedy === 'reboot' ? ', or give --flagged' : '';
    throw new UsageError(`${remedy}: name the instances, by id or Name${orFlagged}`);
  }
  if (words.length > 0 && flags.flagged === true) throw new UsageError(`${remedy}: give either instances or --flagged`);
  const ask = await openRemedy(flags, world);
  const fleet = await openFleet(io, world);
  const targets = flags.flagged === true ? longestFlagged(fleet.instances) : findTargets(words, fleet);
  if (targets.length === 0) {
    io.stdout.write(`No instance is flagged for reboot, of ${fleet.instances.length} watched in ${fleet.region}.\n`);
    return EXIT.done;
  }
  if (flags.dryRun !== true && !(await confirm(question(remedy, targets, flags), flags.yes, io))) return EXIT.heldBack;

  const progress = progressLine(io);
  let worst: number = EXIT.done;
  let rebooted = false;
  for (const [i, target] of targets.entries()) {
    if (io.signal.aborted) {
      io.stderr.write(`crawlwatch: stopped; nothing was asked for ${targets.slice(i).map(called).join(', ')}\n`);
      return Math.max(worst, EXIT.heldBack);
    }
    const turn = await takeTurn(target, rebooted);
    worst = Math.max(worst, turn.exit);
    rebooted ||= turn.done && remedy === 'reboot';
  }
  return worst;

  /** @param mayWait for the reboot of another, just made, that it has to keep its distance from */
  async function takeTurn(target: Target, mayWait: boolean): Promise<{ done: boolean; exit: number }> {
    const follows = remedy === 'reboot' && flags.wait !== false && flags.dryRun !== true;
    // Looked at now: the boot id that it has before the act.
    const before = follows ? await lookAt(target.id, fleet, world) : null;
    const answer = await Promise.race([askedInTurn(target, follows && mayWait), interrupted(io.signal)]);
    progress.clear();
    const history = `crawlwatch history ${target.id}${stackFlag(flags.stack)}`;
    if (answer === null) {
      io.stderr.write(
        `crawlwatch: not waiting for ${called(target)} any longer; whether it was done tells: ${history}\n`,
      );
      return { done: false, exit: EXIT.heldBack };
    }
    io.stdout.write(`${called(target)}: ${remedy}: ${said(answer)}\n`);
    for (const problem of answer.problems ?? []) {
      if (!answer.why.includes(problem)) io.stderr.write(`crawlwatch: ${forTerminal(problem)}\n`);
    }
    if (!answer.done) return { done: false, exit: wouldBeDone(answer) ? EXIT.done : EXIT.heldBack };
    if (before === null) return { done: true, exit: EXIT.done };
    const followed = await followReboot(target, before, fleet, io, world);
    switch (followed.end) {
      case 'back':
        io.stdout.write(`${called(target)}: ${followed.says}\n`);
        return { done: true, exit: EXIT.done };
      case 'not-back':
        io.stdout.write(`${called(target)}: ${followed.says}: it needs a person; ${history} tells what was tried\n`);
        return { done: true, exit: EXIT.notBack };
      case 'interrupted':
        io.stderr.write(`crawlwatch: the reboot of ${called(target)} goes on; ${history} tells how it went\n`);
        return { done: true, exit: EXIT.done };
    }
    return followed satisfies never;
  }

  async function askedInTurn(target: Target, mayWait: boolean): Promise<Answer> {
    const began = world.now();
    let told = '';
    for (;;) {
      progress.show(`${target.name}: being checked once more first, which may take two minutes`);
      const answer = await ask(requestFor(remedy, target, flags));
      const gaveUp = io.signal.aborted || minutesBetween(began, world.now()) >= TURN_MINUTES;
      if (!mayWait || gaveUp || !WAITS.has(answer.decisions?.[0]?.heldBy ?? '')) return answer;
      if (answer.why !== told)
        io.stderr.write(`crawlwatch: ${called(target)} waits its turn: ${forTerminal(answer.why)}\n`);
      told = answer.why;
      await world.sleep(RETRY_MS, io.signal);
      // Nobody waits for it any longer: it must not be asked for once more.
      if (io.signal.aborted) return answer;
    }
  }
}

function requestFor(remedy: Remedy, { id }: Target, { dryRun, override }: ActFlags): Request {
  return {
    action: remedy,
    instanceId: id,
    asker: askerName(),
    ...(dryRun === true && { dryRun: true }),
    ...(override !== undefined && { overrides: override }),
  };
}

function said(answer: Answer): string {
  const why = forTerminal(answer.why);
  if (answer.done) return `done: ${why}`;
  if (wouldBeDone(answer)) return why;
  const by = answer.decisions?.[0]?.heldBy ?? null;
  return by === null ? `not done: ${why}` : `held back (${forTerminal(by)}): ${why}`;
}

function question(remedy: Remedy, targets: readonly Target[], { wait, override = [] }: ActFlags): string {
  const whom = targets.length === 1 ? '' : ` ${plural(targets.length, 'instance')}`;
  const apart = targets.length > 1 && wait !== false ? ', one after the other, 15 minutes apart' : '';
  const aside = override.length === 0 ? '' : ` (set aside: ${override.join(', ')})`;
  const names = targets.map(called).join(', ');
  switch (remedy) {
    case 'reboot':
      return `Reboot${targets.length === 1 ? ` ${names}` : `${whom}${apart}: ${names}`}${aside}?`;
    case 'restart-worker':
      return `Restart the worker on${targets.length === 1 ? ` ${names}` : `${whom}: ${names}`}?`;
    case 'restart-sshd':
      return `Restart sshd on${targets.length === 1 ? ` ${names}` : `${whom}: ${names}`}?`;
  }
  return remedy satisfies never;
}
