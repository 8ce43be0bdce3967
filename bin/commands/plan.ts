/** `crawlwatch plan`: what crawlwatch would do now by itself, and for each trouble that it lets be, why. Acts on nothing. */
import { inertJson } from '../../lambda/kit/index.ts';
import type { Answer, Decided, StackFlags, World } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { addStackCommand, type CommandLine, outputOption, runOnStack } from './grammar.ts';

export interface PlanFlags extends StackFlags {
  readonly output: 'table' | 'json';
}

export function addPlan(line: CommandLine): void {
  addStackCommand(line, 'plan', 'what would be done now about each problem, and why not more')
    .addOption(outputOption(['table', 'json'], 'table'))
    .addHelpText('after', '\nExamples:\n  crawlwatch plan\n  crawlwatch plan -o json')
    .action((flags: PlanFlags) => runOnStack(line, 'plan', (world) => plan(flags, line.io, world)));
}

/** @returns 0, whatever is due. @throws UsageError where the function made no plan. */
export async function plan(flags: PlanFlags, io: CommandIo, world: World): Promise<number> {
  const { askerName, openRemedy, planText } = await import('../stack/index.ts');
  await world.region();
  const ask = await openRemedy(flags, world);
  const answer = await ask({ action: 'plan', asker: askerName() });
  if (answer.decisions === undefined) throw new UsageError(`no plan: ${answer.why}`);
  io.stdout.write(
    flags.output === 'json'
      ? planJson(answer, answer.decisions)
      : planText(answer, answer.decisions, world.now(), flags.stack),
  );
  return 0;
}

function planJson({ pause, acts }: Answer, decisions: readonly Decided[]): string {
  const plan = { version: 1, source: 'stack', pause: pause ?? null, decisions, acts: acts ?? [] };
  return `${inertJson(JSON.stringify(plan, null, 2))}\n`;
}
