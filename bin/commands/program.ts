/**
 * The command line as a whole. Every command registers its own grammar; what it does is in the same file, and imports
 * what is heavy (AWS's SDK, SSH, the settings' schema) only when it runs, so that --help loads none of it.
 */
import { Command, CommanderError } from 'commander';
import { secretIn } from '../../lambda/kit/index.ts';
import manifest from '../../package.json' with { type: 'json' };
import { HELP_WIDTH } from '../help/index.ts';
import type { CommandIo, Output } from '../terminal/index.ts';
import { EXIT_UNKNOWN, UsageError, withoutSecretsOn } from '../terminal/index.ts';
import { addAck } from './ack.ts';
import { addReboot, addRestarts } from './act.ts';
import { addBacktest } from './backtest.ts';
import { addCompletion } from './completion.ts';
import { addConventions } from './conventions.ts';
import { addCost } from './cost.ts';
import { addDoctor } from './doctor.ts';
import { addFlagged, addUnflag } from './flagged.ts';
import { addForget } from './forget.ts';
import type { CommandLine } from './grammar.ts';
import { addHistory } from './history.ts';
import { addCheck, addExporter, addProbe, addWatch } from './hosts/index.ts';
import { addMute } from './mute.ts';
import { addPause, addResume } from './pause.ts';
import { addPlan } from './plan.ts';
import { addDemo, addDeploy, addInit } from './start/index.ts';
import { addTestAlert } from './test-alert.ts';
import { addWhy } from './why.ts';

const EXAMPLES = `
Examples:
  crawlwatch check --local                              this machine
  crawlwatch check --host ubuntu@web1 web2:2222         these hosts, over SSH
  crawlwatch check -i inventories/production2 -u ubuntu  an Ansible inventory
  crawlwatch check                                      every EC2 instance tagged crawlwatch=true
  crawlwatch watch -i inventories/production2           the same check repeated, with trends
  crawlwatch demo                                       the whole system in a sandbox`;

/** In the order in which --help lists them. */
const COMMANDS: readonly ((line: CommandLine) => void)[] = [
  ...[addCheck, addWatch, addExporter, addProbe, addBacktest],
  ...[
    addFlagged,
    addPlan,
    addReboot,
    addRestarts,
    addUnflag,
    addMute,
    addAck,
    addPause,
    addResume,
    addHistory,
    addWhy,
    addForget,
  ],
  ...[addDeploy, addDoctor, addTestAlert, addCost, addCompletion, addDemo],
];

/** @param exit is called with the exit code of the command that was run. */
export function createProgram(given: CommandIo, exit: (code: number) => void): Command {
  const env = { ...given.env };
  const io: CommandIo = { ...given, env };
  const program = new Command('crawlwatch')
    .description(manifest.description)
    .version(manifest.version, '-v, --version', 'print the version')
    // A command may use -v itself.
    .enablePositionalOptions()
    .addHelpText('after', EXAMPLES)
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => helpWidth(io.stdout),
      getErrHelpWidth: () => helpWidth(io.stderr),
      outputError: (text, write) =>
        write(
          `${text
            .replace(/^error: /, 'crawlwatch: ')
            .trim()
            .replace(/\s*\n\s*/g, ' ')
            // A host given without a flag, as to ssh.
            .replace(
              /: too many arguments for '(?:check|watch|exporter)'.*/,
              '$& Hosts are named by --host or -i.',
            )}\n`,
        ),
    })
    .exitOverride()
    .hook('preAction', (_, command) => refuseSecrets(command));
  for (const add of COMMANDS) add({ program, io, exit });
  addInit({ program, io, exit }, (words) => runCommandLine(words, io));
  addConventions(program, manifest.version, env);
  return program;
}

/** No wider than the texts that the build has laid out: they are printed in place of this one. */
const helpWidth = ({ isTTY, columns }: Output): number =>
  isTTY === true && columns ? Math.min(HELP_WIDTH, columns) : HELP_WIDTH;

/**
 * Whatever the command would do with it, other processes and the shell's history have it now.
 * @throws UsageError that names the flag and the kind of the secret
 */
function refuseSecrets(command: Command): void {
  const flags = command.options
    .filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli')
    .map((option) => ({ what: option.flags, value: command.getOptionValue(option.attributeName()) as unknown }));
  const words = command.args.map((value) => ({ what: command.name(), value }));
  for (const { what, value } of [...flags, ...words]) {
    const secret = [value].flat().flatMap((one) => (typeof one === 'string' ? (secretIn(one) ?? []) : []))[0];
    if (secret === undefined) continue;
    throw new UsageError(
      `${what}: got ${secret}; a secret must not be on a command line, where other processes and the shell's history see it`,
    );
  }
}

/**
 * Runs one command line, without the program's own name.
 * @returns the exit code; what a command throws is thrown.
 */
export async function runCommandLine(words: readonly string[], io: CommandIo): Promise<number> {
  let exitCode = 0;
  const program = createProgram(withoutSecretsOn(io), (code) => {
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
