/** The commands that print a script: `crawlwatch probe`, which runs on hosts, and `crawlwatch completion`, for a shell. */
import { Argument } from 'commander';
import type { CommandLine } from './grammar.ts';

const PROBE_HELP = `
Examples:
  crawlwatch probe | sh
  crawlwatch probe | ssh web1 sh`;

const COMPLETION_HELP = `
Examples:
  crawlwatch completion bash >~/.local/share/bash-completion/completions/crawlwatch`;

/** To read it, or to run it where we can't log in. */
export function addProbe({ program, io, exit }: CommandLine): void {
  program
    .command('probe')
    .description('print the script that runs on the hosts')
    .addHelpText('after', PROBE_HELP)
    .action(async () => {
      const { PROBE_SCRIPT } = await import('../../lambda/probe/index.ts');
      io.stdout.write(PROBE_SCRIPT);
      exit(0);
    });
}

export function addCompletion({ program, io, exit }: CommandLine): void {
  program
    .command('completion')
    .description('print what makes a shell complete commands, options and their choices')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash']))
    .addHelpText('after', COMPLETION_HELP)
    .action(async () => {
      const { completionScript } = await import('../terminal/index.ts');
      io.stdout.write(completionScript(program));
      exit(0);
    });
}
