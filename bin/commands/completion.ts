/** `crawlwatch completion`: prints the script by which a shell completes commands. */
import { Argument } from 'commander';
import type { CommandLine } from './grammar.ts';

const HELP = `
Examples:
  mkdir -p ~/.local/share/bash-completion/completions && crawlwatch completion bash >~/.local/share/bash-completion/completions/crawlwatch`;

export function addCompletion({ program, io, exit }: CommandLine): void {
  program
    .command('completion')
    .description('print what makes a shell complete commands, options and their choices')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash']))
    .addHelpText('after', HELP)
    .action(async () => {
      const { completionScript } = await import('../terminal/index.ts');
      io.stdout.write(completionScript(program));
      exit(0);
    });
}
