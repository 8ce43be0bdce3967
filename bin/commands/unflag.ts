/** `crawlwatch unflag`: takes the reboot flag away. The remedy function does it, and puts it on record. */
import { forTerminal, plural } from '../../lambda/kit/index.ts';
import {
  askerName,
  awsWorld,
  called,
  findTargets,
  openFleet,
  openRemedy,
  type StackFlags,
  type World,
  wouldBeDone,
} from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { confirm } from '../terminal/index.ts';

export interface UnflagFlags extends StackFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** @returns 0 where each lost its flag (or would), 1 where one did not. */
export async function unflag(
  words: readonly string[],
  flags: UnflagFlags,
  io: CommandIo,
  world: World = awsWorld(),
): Promise<number> {
  const ask = await openRemedy(flags, world);
  const targets = findTargets(words, await openFleet(io, world));
  const names = targets.map(called).join(', ');
  const question = `Take the reboot flag off ${targets.length === 1 ? names : `${plural(targets.length, 'instance')}: ${names}`}?`;
  const rehearsal = flags.dryRun === true;
  if (!rehearsal && !(await confirm(question, flags.yes, io))) return 1;
  let exit = 0;
  for (const target of targets) {
    const answer = await ask({
      action: 'unflag',
      instanceId: target.id,
      asker: askerName(),
      ...(rehearsal && { dryRun: true }),
    });
    io.stdout.write(
      `${called(target)}: unflag: ${answer.done ? 'done: ' : wouldBeDone(answer) ? '' : 'not done: '}${forTerminal(answer.why)}\n`,
    );
    if (!answer.done && !wouldBeDone(answer)) exit = 1;
  }
  return exit;
}
