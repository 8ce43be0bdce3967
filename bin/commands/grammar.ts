/** What the grammars of several commands share: options, and how a command is registered. */
import { type Command, Option } from 'commander';
import { DEFAULT_STACK_NAME } from '../../lambda/model/index.ts';
import type { StackPorts } from '../stack/index.ts';
import type { CommandIo } from '../terminal/index.ts';

/** What a command registers itself with. */
export interface CommandLine {
  readonly program: Command;
  readonly io: CommandIo;
  /** Called with the exit code once the command has run. */
  readonly exit: (code: number) => void;
}

/** Exit codes of a command that works through the remedy function. */
export const EXITS_HELP = `
Exit code: 0 done, 1 held back (each with why) or not confirmed, 3 usage, credentials, no such stack, no answer.`;

export const outputOption = <T extends string>(choices: readonly T[], byDefault: T): Option =>
  new Option('-o, --output <format>', 'output format').choices(choices).default(byDefault);

/** Adds one value to those given before it: an option that may be repeated. */
export const repeated = <T>(value: T, before: readonly T[] | undefined): readonly T[] => [...(before ?? []), value];

export const hostOption = (): Option =>
  new Option('--host <host...>', '[user@]host[:port], over SSH; IPv6 in brackets');

export const inventoryOption = (): Option =>
  new Option(
    '-i, --inventory <file>',
    'an Ansible inventory (INI, YAML, JSON, a directory, a script or plugin) or a list of hosts; - is standard input; repeatable',
  ).argParser(repeated<string>);

export const everyOption = (): Option =>
  new Option('--interval, --every <seconds>', 'from the beginning of one check to that of the next').default('60');

export const limitOption = (): Option =>
  new Option('-l, --limit <pattern>', "only these hosts of the inventory: Ansible's patterns, e.g. 'web:&prod:!web3'");

const NO_PASSWORDS =
  "passwords aren't used, only keys: give a host yours with ssh-copy-id USER@HOST (it asks for the password once), load a key into ssh-agent with ssh-add, or name one with --private-key FILE";

/** How to log in to hosts over SSH. */
export const addLogin = (command: Command): Command =>
  command
    .option('-u, --user <user>', 'login user where nothing else names one')
    .option('--private-key <file>', 'private key to log in with')
    .option('-k, --ask-pass', "as in Ansible, but passwords aren't used: says what to do")
    .on('option:ask-pass', () => command.error(`error: -k, --ask-pass: ${NO_PASSWORDS}`))
    .option('--known-hosts <file>', "host keys to trust (default: those of ssh's configuration, ~/.ssh/known_hosts)")
    .option('-v, --verbose', 'say of each host over SSH which way it is reached, and why');

/** How hosts are probed. */
export const addProbing = (command: Command): Command =>
  command
    .option('-t, --timeout <seconds>', 'deadline of one host, from connecting to the last byte')
    .addOption(new Option('--transport <how>', 'how EC2 instances are reached').choices(['ssm', 'ssh', 'auto']));

const SOURCES = ['local', 'host', 'inventory', 'from', 'aws'];
const source = (option: Option) => option.conflicts(SOURCES.filter((other) => other !== option.attributeName()));

/** Percentages of a resource that is available, for this run alone. */
const thresholdsOption = (flags: string, status: string, example: string): Option =>
  new Option(flags, `percent available below which a host is ${status}, such as ${example}`).argParser(
    repeated<string>,
  );

/** Which hosts are checked, and how to reach them. */
export function addSources(command: Command): Command {
  command
    .addOption(source(new Option('--local', 'this machine')))
    .addOption(source(hostOption()))
    .addOption(source(inventoryOption()))
    .addOption(source(new Option('--from <file>', "saved output of the probe's script; - is standard input")))
    .addOption(source(new Option('--aws', 'EC2 instances with the watch tag; the default')))
    .addOption(limitOption());
  addLogin(command)
    .option('--accept-new-host-keys', 'trust hosts seen for the first time and remember their keys')
    .option('--worker <unit>', 'systemd unit of the crawler, expected on every host')
    .option('-f, --forks <n>', 'how many hosts are probed at the same time')
    .option('--stack <name>', 'the deployed stack whose probe and past are used for EC2 instances', DEFAULT_STACK_NAME);
  addProbing(command);
  return command
    .addOption(thresholdsOption('-w, --warning <limits>', 'WARNING', 'memory=12,disk=10,inodes=5'))
    .addOption(thresholdsOption('-c, --critical <limits>', 'CRITICAL', 'memory=6,disk=5,inodes=3'));
}

export const SOURCES_HELP = `
Hosts: as ssh resolves them, by ~/.ssh/config and an inventory's ansible_ssh_*_args; -v says which way each goes.
Keys: --private-key, else as ssh offers them: the agent's, those of IdentityFile, or ~/.ssh/id_rsa, id_ecdsa, id_ed25519.
Settings: flags, then CRAWLWATCH_SETTINGS (JSON), then ./cdk.json (context "crawlwatch"), then defaults.`;

/** A command that works on a deployed stack. */
export const addStackCommand = ({ program }: CommandLine, name: string, description: string): Command =>
  program.command(name).description(description).option('--stack <name>', 'the deployed stack', DEFAULT_STACK_NAME);

export const addDryRun = (command: Command): Command =>
  command.option('--dry-run', 'say what would be done, and do nothing');

/** For a command that asks before it does anything. */
export const addConfirmation = (command: Command): Command =>
  addDryRun(command).option('-y, --yes', "don't ask first (for scripts)");

/** For a command that never asks, but accepts --yes so that scripts can give it to all. */
export const addNoConfirmation = (command: Command): Command =>
  addDryRun(command).option('-y, --yes', 'accepted for scripts: this command never asks');

/** Runs a command with AWS's clients. What AWS refuses is thrown as one line that says what to allow. */
export async function runOnStack(
  { exit }: CommandLine,
  command: string,
  work: (ports: StackPorts) => Promise<number>,
): Promise<void> {
  const { stackPorts, explainRefusal } = await import('../stack/index.ts');
  try {
    exit(await work(stackPorts()));
  } catch (error) {
    throw explainRefusal(error, command);
  }
}
