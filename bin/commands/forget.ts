/** `crawlwatch forget`: takes crawlwatch's own tags off every instance, after a stack is destroyed. */
import { plural } from '../../lambda/kit/index.ts';
import { REMOVAL, TAG } from '../../lambda/model/index.ts';
import type { MarkedInstance, StackFlags, StackPorts } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { addConfirmation, addStackCommand, type CommandLine, EXITS_HELP, runOnStack } from './grammar.ts';

export interface ForgetFlags extends StackFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const HELP = `
In this order: a check that still runs writes its tags again. Run it in each Region and account that was watched.
Your own tags stay: the watch tag, worker, ssh, auto, mute and host-key. What else stays: docs/first-hour.md.${EXITS_HELP}

Examples:
  crawlwatch forget --dry-run
  ${REMOVAL}`;

export function addForget(line: CommandLine): void {
  addConfirmation(
    addStackCommand(line, 'forget', "remove crawlwatch's own tags from every instance of this account and Region"),
  )
    .addHelpText('after', HELP)
    .action((flags: ForgetFlags) => runOnStack(line, 'forget', (ports) => forget(flags, line.io, ports)));
}

/** @returns 0 where none carries such a tag any more (or would), 1 where one still does. */
export async function forget(flags: ForgetFlags, io: CommandIo, ports: StackPorts): Promise<number> {
  const { describeMarked, FORGOTTEN_TAG_KEYS, stackOutputs } = await import('../stack/index.ts');
  const { confirm } = await import('../terminal/index.ts');
  const region = await ports.region();
  const marked = await describeMarked(ports.ec2);
  if (marked.length === 0) {
    io.stdout.write(`No instance in ${region} carries a tag of crawlwatch's own.\n`);
    return 0;
  }
  const what = `crawlwatch's own tags from ${plural(marked.length, 'instance')} in ${region}${losses(marked)}`;
  if ((await stackOutputs(ports.cloudFormation, flags.stack)) !== null) {
    io.stderr.write(
      `crawlwatch: ${flags.stack} is deployed: its next check writes them again; to be rid of them: ${REMOVAL}\n`,
    );
  }
  if (flags.dryRun === true) {
    io.stdout.write(`would remove ${what}:\n${marked.map(({ id, tags }) => `  ${id}  ${keys(tags)}\n`).join('')}`);
    return 0;
  }
  if (!(await confirm(`Remove ${what}?`, flags.yes, io))) return 1;
  const ids = marked.map(({ id }) => id);
  const { writeTags } = await import('../../lambda/memory/index.ts');
  const failures = await writeTags(ports.ec2, [{ action: 'delete', ids, keys: FORGOTTEN_TAG_KEYS }]);
  for (const { id, text } of failures) io.stderr.write(`crawlwatch: ${id} keeps its tags: ${text}\n`);
  io.stdout.write(
    `removed crawlwatch's own tags from ${plural(marked.length - failures.length, 'instance')}\nYour own stay, such as crawlwatch=true: aws ec2 delete-tags --region ${region} --resources i-... --tags Key=crawlwatch\n`,
  );
  return failures.length === 0 ? 0 : 1;
}

/** What a person may want to know is lost with them. */
function losses(marked: readonly MarkedInstance[]): string {
  const flagged = marked.filter(({ tags }) => tags[TAG.flag] !== undefined).length;
  return flagged === 0 ? '' : ` (${flagged} flagged for reboot)`;
}

const keys = (tags: Readonly<Record<string, string>>) => Object.keys(tags).toSorted().join(' ');
