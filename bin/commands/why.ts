/** `crawlwatch why`: the last decisions on one instance, with the evidence for and against. Only reads. */
import { errorText, inertJson, isAccessDenied } from '../../lambda/kit/index.ts';
import type { Ask, StackFlags, StackPorts } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import type { Remedies } from '../why/index.ts';
import { addStackCommand, type CommandLine, outputOption, runOnStack } from './grammar.ts';

export interface WhyFlags extends StackFlags {
  readonly output: 'table' | 'json';
}

const HELP = `
What checks remember is read from the stack's bucket, acts and what is due from the remedy function: that takes
ec2:DescribeInstances, cloudformation:DescribeStacks, s3:GetObject on the bucket and lambda:InvokeFunction.
The JSON, version 1: summary, next, status, reasons, since, flag, letters, incident, mails, seen, decisions (at, flag,
why, for, against; newest first), due, pause, acts (newest first), unknown (what could not be read).

Examples:
  crawlwatch why ficrawler9
  crawlwatch why i-0123456789abcdef0 --json`;

export function addWhy(line: CommandLine): void {
  addStackCommand(line, 'why', 'the last decisions on an instance, with the evidence for and against, and its acts')
    .argument('<instance>', 'an instance id, or the unique Name of a watched instance')
    .addOption(outputOption(['table', 'json'], 'table'))
    .addHelpText('after', HELP)
    .action((word: string, flags: WhyFlags) => runOnStack(line, 'why', (ports) => why(word, flags, line.io, ports)));
}

/**
 * @returns 0. @throws UsageError where checks remember nothing of it, and where that can't be read, with the right that
 * is missing
 */
export async function why(word: string, flags: WhyFlags, io: CommandIo, ports: StackPorts): Promise<number> {
  const { findTargets, openRemedy, openState } = await import('../stack/index.ts');
  const { explain, explanationText } = await import('../why/index.ts');
  const fleet = await openState(flags, io, ports);
  const [target] = findTargets([word], fleet);
  if (target === undefined) return 0;
  const state = fleet.state.instances.get(target.id);
  if (state === undefined) {
    throw new UsageError(
      `no check of ${flags.stack} has seen ${target.id}; allowed: an instance that it watches in ${fleet.region}, named by crawlwatch check --list-hosts, or another --stack NAME`,
    );
  }
  const unknown: string[] = [];
  let remedies: Remedies | null = null;
  try {
    remedies = await askAbout(target.id, await openRemedy(flags, ports));
  } catch (error) {
    if (!(error instanceof UsageError || isAccessDenied(error))) throw error;
    const right = isAccessDenied(error)
      ? '; it takes cloudformation:DescribeStacks, and lambda:InvokeFunction on the remedy function'
      : '';
    unknown.push(
      `its acts, and what is due: ${error instanceof UsageError ? error.message : errorText(error)}${right}`,
    );
  }
  const now = ports.now();
  const known = { instanceId: target.id, name: target.name, region: fleet.region, state, remedies, unknown, now };
  const explanation = explain(known);
  io.stdout.write(
    flags.output === 'json'
      ? `${inertJson(JSON.stringify(explanation, null, 2))}\n`
      : explanationText(explanation, now),
  );
  return 0;
}

/** @throws UsageError where the function could not read its record */
async function askAbout(instanceId: string, ask: Ask): Promise<Remedies> {
  const { requesterName } = await import('../stack/index.ts');
  const [past, plan] = await Promise.all([
    ask({ action: 'history', instanceId }),
    ask({ action: 'plan', requester: requesterName() }),
  ]);
  if (past.history === undefined) throw new UsageError(past.why);
  if (plan.decisions === undefined) throw new UsageError(plan.why);
  return {
    history: past.history,
    due: plan.decisions.filter((one) => one.instanceId === instanceId),
    pause: plan.pause ?? null,
  };
}
