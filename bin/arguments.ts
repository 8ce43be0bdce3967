/** The command line's grammar. Each command's code is loaded only when it runs, so that --help loads no SDK. */
import { Command, CommanderError, Option } from 'commander';
import { DEFAULT_STACK_NAME } from '../lambda/names.ts';
import manifest from '../package.json' with { type: 'json' };
import type { CommandIo } from './command-io.ts';
import type { BacktestFlags } from './commands/backtest.ts';
import type { CheckFlags } from './commands/check.ts';
import type { CostFlags } from './commands/cost.ts';
import type { TestAlertFlags } from './commands/test-alert.ts';
import { EXIT_UNKNOWN } from './errors.ts';

const EXAMPLES = `
Examples:
  crawlwatch check --local                              this machine
  crawlwatch check --host ubuntu@web1 web2:2222         these hosts, over SSH
  crawlwatch check -i inventories/production2 -u ubuntu an Ansible inventory
  crawlwatch check                                      every EC2 instance tagged crawlwatch=true
  crawlwatch demo                                       the whole system in a sandbox`;

const CHECK_HELP = `
Examples:
  crawlwatch check --local -o json
  crawlwatch check --host ubuntu@10.0.0.7 '[2001:db8::7]:2222' --private-key ~/.ssh/fleet
  crawlwatch check -i hosts.ini -l 'web:&prod:!web3' -u ubuntu -o line
  crawlwatch probe | ssh web1 sh | crawlwatch check --from -
  AWS_PROFILE=prod crawlwatch check

Hosts: aliases, User, Port, IdentityFile and ProxyJump of ~/.ssh/config count, and an inventory's ProxyJump.
Keys: --private-key, else the inventory's, else ssh-agent's and ~/.ssh/id_ed25519, id_ecdsa or id_rsa.
Settings: flags, then CRAWLWATCH_SETTINGS (JSON), then ./cdk.json (context "crawlwatch"), then defaults.
Exit code: 2 if any host is CRITICAL, else 3 if any is UNKNOWN or the check could not be made, else 1 if any is
WARNING, else 0. After Ctrl-C what is known is printed and the code is 130.`;

const gather = (value: string, before: string[] | undefined) => [...(before ?? []), value];
const SOURCES = ['local', 'host', 'inventory', 'from', 'aws'];
const source = (flags: string, says: string) => {
  const option = new Option(flags, says);
  return option.conflicts(SOURCES.filter((other) => other !== option.attributeName()));
};

/** The program; `ran` is told the exit code of the command that was run. */
function createProgram(io: CommandIo, ran: (exitCode: number) => void): Command {
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

  program
    .command('check')
    .description(
      'check hosts once: memory, disk, worker, and whether SSH still answers (default: tagged EC2 instances)',
    )
    .addOption(source('--local', 'this machine'))
    .addOption(source('--host <host...>', '[user@]host[:port], over SSH; IPv6 in brackets'))
    .addOption(
      source('-i, --inventory <file>', 'an Ansible inventory (INI) or a list of hosts; repeatable').argParser(gather),
    )
    .addOption(source('--from <file>', "saved output of the probe's script; - is standard input"))
    .addOption(source('--aws', 'EC2 instances with the watch tag; the default'))
    .option('-l, --limit <pattern>', "of the inventory only these: Ansible's patterns, e.g. 'web:&prod:!web3'")
    .option('-u, --user <user>', 'login user where the inventory names none')
    .option('--private-key <file>', 'private key to log in with')
    .option('--known-hosts <file>', 'host keys to trust (default: ~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts)')
    .option('--accept-new-host-keys', 'trust hosts seen for the first time and remember their keys')
    .option('--worker <unit>', 'systemd unit of the crawler, expected on every host')
    .option('--forks <n>', 'hosts asked at the same time')
    .option('--timeout <seconds>', 'deadline of one host, connection to last byte')
    .addOption(new Option('--transport <how>', 'how EC2 instances are asked').choices(['ssm', 'ssh', 'auto']))
    .addOption(
      new Option('-o, --output <format>', 'what is printed')
        .choices(['table', 'line', 'json', 'ndjson'])
        .default('table'),
    )
    .option('--list-hosts', 'print the names of the hosts, and check nothing')
    .addHelpText('after', CHECK_HELP)
    .action(async (flags: CheckFlags) => ran(await (await import('./commands/check.ts')).check(flags, io)));

  program
    .command('probe')
    .description('print the script that runs on the hosts')
    .addHelpText('after', '\nExamples:\n  crawlwatch probe | sh\n  crawlwatch probe | ssh web1 sh')
    .action(async () => ran(await (await import('./commands/probe.ts')).probe(io)));

  program
    .command('backtest')
    .description('replay recorded memory and disks through the forecast, beside simpler rules')
    .argument('<file>', 'JSON lines: traces, or what check -o ndjson wrote over time; - is standard input')
    .addOption(new Option('-o, --output <format>', 'what is printed').choices(['table', 'json']).default('table'))
    .option('--alarms', 'print instead when the forecast speaks, one line a trace')
    .action(async (file: string, flags: BacktestFlags) =>
      ran(await (await import('./commands/backtest.ts')).backtest(file, flags, io)),
    );

  program
    .command('test-alert')
    .description("send a test mail by way of the deployed stack's topic, and say who gets it")
    .option('--stack <name>', 'the stack', DEFAULT_STACK_NAME)
    .action(async (flags: TestAlertFlags) =>
      ran(await (await import('./commands/test-alert.ts')).testAlert(flags, io)),
    );

  program
    .command('cost')
    .description('the monthly AWS bill of a fleet, itemised, with the settings that change it')
    .requiredOption('--instances <n>', 'how many instances are watched')
    .addOption(new Option('-o, --output <format>', 'what is printed').choices(['table', 'json']).default('table'))
    .action(async (flags: CostFlags) => ran(await (await import('./commands/cost.ts')).cost(flags, io)));

  program
    .command('demo')
    .description('the whole system in a sandbox: no account, no network')
    .action(async () => ran(await (await import('./commands/demo.ts')).demo(io)));

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
