/** `crawlwatch pause` and `resume`: stops all acts of a stack, whoever asks for them, and lets them go on. */
import { forTerminal } from '../../lambda/kit/index.ts';
import {
  askerName,
  awsWorld,
  endOf,
  openRemedy,
  type StackFlags,
  stackFlag,
  type World,
  wouldBeDone,
} from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';

export interface ResumeFlags extends StackFlags {
  readonly dryRun?: boolean;
}

export interface PauseFlags extends ResumeFlags {
  readonly why?: string;
  readonly for?: string;
}

/** @returns 0 once it is paused, 1 where the function refuses. */
export async function pause(flags: PauseFlags, io: CommandIo, world: World = awsWorld()): Promise<number> {
  const now = world.now();
  const until = flags.for === undefined ? null : endOf('--for', flags.for, now);
  const ask = await openRemedy(flags, world);
  const why = flags.why ?? 'no reason given';
  const answer = await ask({
    action: 'pause',
    asker: askerName(),
    why,
    until: until?.toISOString() ?? null,
    ...(flags.dryRun === true && { dryRun: true }),
  });
  const end = answer.done ? `; end it: crawlwatch resume${stackFlag(flags.stack)}` : '';
  io.stdout.write(`${flags.stack}: ${answer.done ? 'paused: ' : ''}${forTerminal(answer.why)}${end}\n`);
  return answer.done || wouldBeDone(answer) ? 0 : 1;
}

/** @returns 0 once nothing is paused, 1 where the function refuses. */
export async function resume(flags: ResumeFlags, io: CommandIo, world: World = awsWorld()): Promise<number> {
  const ask = await openRemedy(flags, world);
  const answer = await ask({ action: 'resume', asker: askerName(), ...(flags.dryRun === true && { dryRun: true }) });
  io.stdout.write(`${flags.stack}: ${answer.done ? 'resumed: ' : ''}${forTerminal(answer.why)}\n`);
  return answer.done || wouldBeDone(answer) ? 0 : 1;
}
