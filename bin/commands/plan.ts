/** `crawlwatch plan`: what crawlwatch would do now by itself, and what holds back the rest. Only reads. */
import { inertJson } from '../../lambda/kit/index.ts';
import type { RemedyAnswer } from '../../lambda/remedy/index.ts';
import type { StackFlags, StackPorts } from '../stack/index.ts';
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
    .action((flags: PlanFlags) => runOnStack(line, 'plan', (ports) => plan(flags, line.io, ports)));
}

/** @returns 0, also where something is due. @throws UsageError where the function made no plan. */
export async function plan(flags: PlanFlags, io: CommandIo, ports: StackPorts): Promise<number> {
  const { requesterName, openRemedy, planText } = await import('../stack/index.ts');
  await ports.region();
  const ask = await openRemedy(flags, ports);
  const answer = await ask({ action: 'plan', requester: requesterName() });
  if (answer.decisions === undefined) throw new UsageError(`no plan: ${answer.why}`);
  io.stdout.write(
    flags.output === 'json'
      ? planJson(answer, answer.decisions)
      : planText(answer, answer.decisions, ports.now(), flags.stack),
  );
  return 0;
}

function planJson({ pause, automaticPause, acts }: RemedyAnswer, decisions: RemedyAnswer['decisions']): string {
  const plan = {
    version: 1,
    source: 'stack',
    pause: pause ?? null,
    automaticPause: automaticPause ?? null,
    decisions,
    acts: acts ?? [],
  };
  return `${inertJson(JSON.stringify(plan, null, 2))}\n`;
}
