/** The grammar of the commands that act, or tell about acting. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_STACK_NAME, OVERRIDES, type Override, type Remedy } from '../../lambda/model/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import type { ActFlags } from './act.ts';
import type { FlaggedFlags } from './flagged.ts';
import type { ForgetFlags } from './forget.ts';
import type { HistoryFlags } from './history.ts';
import type { MuteFlags } from './mute.ts';
import type { PauseFlags, ResumeFlags } from './pause.ts';
import type { PlanFlags } from './plan.ts';
import type { UnflagFlags } from './unflag.ts';

const EXITS = `
Exit code: 0 done, 1 held back (each with why) or not wanted, 3 usage, credentials, no such stack, no answer.`;

const REBOOT_HELP = `
Examples:
  crawlwatch reboot ficrawler9                     asks first, then waits until it is back
  crawlwatch reboot --flagged --dry-run            says for each flagged instance whether it may be rebooted now
  crawlwatch reboot --flagged --yes                one after the other, 15 minutes apart
  crawlwatch reboot i-0123456789abcdef0 --override asg --yes --no-wait

The remedy function reboots, and only what is flagged and still hangs when it is asked once more. A person may set
aside: asg (member of an Auto Scaling group), spot (spot instance), event (AWS has scheduled something for it).
Exit code: 0 done and back, 1 held back (each with why) or not wanted, 2 rebooted and not seen back, 3 usage,
credentials, no such stack, no answer. After Ctrl-C the reboot goes on.`;

const output = () => new Option('-o, --output <format>', 'what is printed').choices(['table', 'json']).default('table');
const override = () =>
  new Option('--override <guard>', `set a guard aside: ${OVERRIDES.join(', ')}; repeatable`).argParser(
    (value: string, before: readonly Override[] | undefined) => {
      const guard = OVERRIDES.find((one) => one === value);
      if (guard === undefined) throw new InvalidArgumentError(`Allowed choices are ${OVERRIDES.join(', ')}.`);
      return [...(before ?? []), guard];
    },
  );

/** Adds them to the program; `ran` is told the exit code of the one that was run. */
export function addRemedyCommands(program: Command, io: CommandIo, ran: (exitCode: number) => void): void {
  const add = (name: string, description: string, help: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--stack <name>', 'the deployed stack', DEFAULT_STACK_NAME)
      .addHelpText('after', help);
  const dry = (command: Command) => command.option('--dry-run', 'say what would be done, and do nothing');
  const asking = (command: Command) => dry(command).option('-y, --yes', "don't ask first (for scripts)");
  const run = async (command: string, work: () => Promise<number>) => {
    try {
      ran(await work());
    } catch (error) {
      throw (await import('../stack/index.ts')).explainRefusal(error, command);
    }
  };

  add(
    'flagged',
    'which instances are flagged for reboot, since when and why',
    '\nExamples:\n  crawlwatch flagged\n  crawlwatch flagged -o json',
  )
    .addOption(output())
    .action((flags: FlaggedFlags) => run('flagged', async () => (await import('./flagged.ts')).flagged(flags, io)));

  add(
    'plan',
    'what would be done now about each trouble, and why not more',
    `
Examples:
  crawlwatch plan`,
  )
    .addOption(output())
    .action((flags: PlanFlags) => run('plan', async () => (await import('./plan.ts')).plan(flags, io)));

  const act = (remedy: Remedy, command: Command) =>
    asking(command).action((words: string[], flags: ActFlags) =>
      run(remedy, async () => (await import('./act.ts')).act(remedy, words, flags, io)),
    );
  act(
    'reboot',
    add('reboot', 'reboot flagged instances, as far as the guard rails allow', REBOOT_HELP)
      .argument('[instance...]', 'instance ids, or unique Names of watched instances')
      .option('--flagged', 'every instance that carries the reboot flag')
      .addOption(override())
      .option('--no-wait', "don't wait until it is back"),
  );
  act(
    'restart-worker',
    add(
      'restart-worker',
      'restart the worker where memory is gone or the worker is dead, and the host still answers',
      `\nExamples:\n  crawlwatch restart-worker ficrawler7\n  crawlwatch restart-worker i-0123456789abcdef0 --dry-run${EXITS}`,
    ).argument('<instance...>', 'instance ids, or unique Names of watched instances'),
  );
  act(
    'restart-sshd',
    add(
      'restart-sshd',
      'restart sshd over SSM where only sshd is dead',
      `\nExamples:\n  crawlwatch restart-sshd ficrawler8\n  crawlwatch restart-sshd ficrawler8 --yes${EXITS}`,
    ).argument('<instance...>', 'instance ids, or unique Names of watched instances'),
  );

  asking(
    add(
      'unflag',
      'take the reboot flag off instances',
      `\nExamples:\n  crawlwatch unflag ficrawler9\n\nAn instance that still hangs is flagged again by the next checks; mute keeps them from it.${EXITS}`,
    ).argument('<instance...>', 'instance ids, or unique Names of watched instances'),
  ).action((words: string[], flags: UnflagFlags) =>
    run('unflag', async () => (await import('./unflag.ts')).unflag(words, flags, io)),
  );

  const unasked = (command: Command) => dry(command).option('-y, --yes', 'taken for scripts: this never asks');
  unasked(
    add(
      'mute',
      'check and measure instances, but neither mail, flag nor act, for a while',
      `\nExamples:\n  crawlwatch mute ficrawler7 --for 2h --why 'new disk'\n  crawlwatch mute ficrawler7 --off${EXITS}`,
    ).argument('<instance...>', 'instance ids, or unique Names of watched instances'),
  )
    .option('--for <time>', 'for how long: 30m, 2h, 1d')
    .option('--why <text>', 'kept in the tag, for whoever wonders')
    .option('--off', 'end it now')
    .action((words: string[], flags: MuteFlags) =>
      run('mute', async () => (await import('./mute.ts')).mute(words, flags, io)),
    );

  unasked(
    add(
      'pause',
      'no restart and no reboot by crawlwatch any more, whoever asks, until resume',
      `\nExamples:\n  crawlwatch pause --why 'moving the database' --for 2h\n  crawlwatch pause${EXITS}`,
    ),
  )
    .option('--why <text>', 'told to everybody who asks for an act')
    .option('--for <time>', 'for how long: 30m, 2h, 1d (default: until resume)')
    .action((flags: PauseFlags) => run('pause', async () => (await import('./pause.ts')).pause(flags, io)));

  unasked(add('resume', 'end a pause', `\nExamples:\n  crawlwatch resume${EXITS}`)).action((flags: ResumeFlags) =>
    run('resume', async () => (await import('./pause.ts')).resume(flags, io)),
  );

  add(
    'history',
    'what was done to an instance, and what was held back and why, for 90 days',
    '\nExamples:\n  crawlwatch history ficrawler9\n  crawlwatch history i-0123456789abcdef0 -o json',
  )
    .argument('<instance>', 'an instance id, or the unique Name of a watched instance')
    .addOption(output())
    .action((word: string, flags: HistoryFlags) =>
      run('history', async () => (await import('./history.ts')).history(word, flags, io)),
    );

  asking(
    add(
      'forget',
      "remove crawlwatch's own tags from every instance of this account and Region",
      `\nExamples:\n  crawlwatch forget --dry-run\n  npx cdk destroy && crawlwatch forget\n\nThe tags that are yours stay: the watch tag, worker, ssh, auto and mute.${EXITS}`,
    ),
  ).action((flags: ForgetFlags) => run('forget', async () => (await import('./forget.ts')).forget(flags, io)));
}
