/** What every command takes alike: --no-color, --json where it prints JSON, and, unlisted, --version. */
import { type Command, Option } from 'commander';
import { UsageError } from '../terminal/index.ts';

/**
 * To be called once all commands are registered.
 * @param version printed by a command as well: who runs a check as a monitoring plugin asks that for it
 * @param env of the commands, in which --no-color has the effect of NO_COLOR
 */
export function addConventions(program: Command, version: string, env: Record<string, string | undefined>): void {
  for (const command of [program, ...program.commands]) {
    if (printsJson(command)) {
      command.addOption(new Option('--json', 'the same as -o json').implies({ output: 'json' }));
    }
    command.option('--no-color', 'print no colours; NO_COLOR=1 does the same, FORCE_COLOR=1 prints them to a pipe too');
  }
  for (const command of program.commands) {
    command.version(version, '--version');
    const option = command.options.find(({ long }) => long === '--version');
    option?.hideHelp();
  }
  program.hook('preAction', (_, command) => {
    const { json, output } = command.opts<{ json?: boolean; output?: string }>();
    if (json === true && output !== 'json') throw new UsageError(`give either --json or -o ${output}, not both`);
    if ([program, command].some((one) => one.opts<{ color: boolean }>().color === false)) env.NO_COLOR = '1';
  });
}

const printsJson = ({ options }: Command): boolean =>
  options.some((option) => option.attributeName() === 'output' && option.argChoices?.includes('json'));
