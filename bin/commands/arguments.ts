/** The command line's grammar. Each command's code is loaded only when it runs, so that --help loads no SDK. */
import { Argument, Command, CommanderError, Option } from 'commander';
import { DEFAULT_STACK_NAME } from '../../lambda/model/index.ts';
import manifest from '../../package.json' with { type: 'json' };
import type { CommandIo, Shell } from '../terminal/index.ts';
import { EXIT_UNKNOWN } from '../terminal/index.ts';
import { addCheckCommands } from './arguments-check.ts';
import { addDoctorCommand } from './arguments-doctor.ts';
import { addRemedyCommands } from './arguments-remedies.ts';
import type { BacktestFlags } from './backtest.ts';
import type { CostFlags } from './cost.ts';
import type { ServeFlags } from './serve.ts';
import type { TestAlertFlags } from './test-alert.ts';

const EXAMPLES = `
Examples:
  crawlwatch check --local                              this machine
  crawlwatch check --host ubuntu@web1 web2:2222         these hosts, over SSH
  crawlwatch check -i inventories/production2 -u ubuntu  an Ansible inventory
  crawlwatch check                                      every EC2 instance tagged crawlwatch=true
  crawlwatch watch -i inventories/production2           the same again and again, with trends
  crawlwatch demo                                       the whole system in a sandbox`;

const COMPLETION_HELP = `
Examples:
  crawlwatch completion bash >~/.local/share/bash-completion/completions/crawlwatch
  crawlwatch completion zsh >"\${fpath[1]}/_crawlwatch"
  crawlwatch completion fish >~/.config/fish/completions/crawlwatch.fish`;

/** The program; `ran` is told the exit code of the command that was run. */
export function createProgram(io: CommandIo, ran: (exitCode: number) => void): Command {
  const program = new Command('crawlwatch')
    .description(manifest.description)
    .version(manifest.version)
    .addHelpText('after', EXAMPLES)
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) =>
        write(
          `${text
            .replace(/^error: /, 'crawlwatch: ')
            .trim()
            .replace(/\s*\n\s*/g, ' ')}\n`,
        ),
    })
    .exitOverride();

  addCheckCommands(program, io, ran);

  program
    .command('probe')
    .description('print the script that runs on the hosts')
    .addHelpText('after', '\nExamples:\n  crawlwatch probe | sh\n  crawlwatch probe | ssh web1 sh')
    .action(async () => ran(await (await import('./probe.ts')).probe(io)));

  program
    .command('backtest')
    .description('replay recorded memory and disks through the forecast, beside simpler rules')
    .argument('<file>', 'JSON lines: traces, or what check -o ndjson wrote over time; - is standard input')
    .addOption(new Option('-o, --output <format>', 'what is printed').choices(['table', 'json']).default('table'))
    .option('--alarms', 'print instead when the forecast speaks, one line a trace')
    .action(async (file: string, flags: BacktestFlags) =>
      ran(await (await import('./backtest.ts')).backtest(file, flags, io)),
    );

  addRemedyCommands(program, io, ran);
  addDoctorCommand(program, io, ran);

  program
    .command('test-alert')
    .description("send a test mail by way of the deployed stack's topic, and say who gets it")
    .option('--stack <name>', 'the stack', DEFAULT_STACK_NAME)
    .action(async (flags: TestAlertFlags) => ran(await (await import('./test-alert.ts')).testAlert(flags, io)));

  program
    .command('cost')
    .description('the monthly AWS bill of a fleet, itemised, with the settings that change it')
    .requiredOption('--instances <n>', 'how many instances are watched')
    .addOption(new Option('-o, --output <format>', 'what is printed').choices(['table', 'json']).default('table'))
    .action(async (flags: CostFlags) => ran(await (await import('./cost.ts')).cost(flags, io)));

  program
    .command('completion')
    .description('print what makes a shell complete commands, options and their choices')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', COMPLETION_HELP)
    .action(async (shell: Shell) => ran(await (await import('./completion.ts')).completion(shell, program, io)));

  program
    .command('demo')
    .description('the whole system in a sandbox: no account, no network')
    .option('--serve', 'as a page on this machine alone, with the dashboard live while the story plays')
    .addOption(new Option('--port <n>', 'of the page (default: any that is free)').implies({ serve: true }))
    .addHelpText('after', '\nExamples:\n  crawlwatch demo\n  crawlwatch demo --serve --port 8080')
    .action(async (flags: ServeFlags & { readonly serve?: boolean }) =>
      ran(
        flags.serve === true
          ? await (await import('./serve.ts')).serve(flags, io)
          : await (await import('./demo.ts')).demo(io),
      ),
    );

  return program;
}

/**
 * Runs one command line, without the program's own name.
 * @returns the exit code; what a command throws is thrown.
 */
export async function runCommandLine(words: readonly string[], io: CommandIo): Promise<number> {
  let exitCode = 0;
  const program = createProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_UNKNOWN;
    throw error;
  }
}
