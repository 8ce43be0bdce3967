/** The grammar of the commands that check hosts: once, or again and again. */
import { type Command, Option } from 'commander';
import type { CommandIo } from '../terminal/index.ts';
import type { CheckFlags } from './check.ts';
import type { WatchFlags } from './watch.ts';

const SOURCES_HELP = `
Hosts: aliases, User, Port, IdentityFile and ProxyJump of ~/.ssh/config count, and an inventory's ProxyJump.
Keys: --private-key, else the inventory's, else ssh-agent's and ~/.ssh/id_ed25519, id_ecdsa or id_rsa.
Settings: flags, then CRAWLWATCH_SETTINGS (JSON), then ./cdk.json (context "crawlwatch"), then defaults.`;

const CHECK_HELP = `
Examples:
  crawlwatch check --local -o json
  crawlwatch check --host ubuntu@10.0.0.7 '[2001:db8::7]:2222' --private-key ~/.ssh/fleet
  crawlwatch check -i hosts.ini -l 'web:&prod:!web3' -u ubuntu -o line
  crawlwatch check -i hosts.ini --quiet                 for cron: mails only what is not OK
  crawlwatch check --host web1 -o nagios                a plugin for Nagios, Icinga or Checkmk
  crawlwatch check -o prometheus >crawlwatch.prom       for node_exporter's textfile collector
  crawlwatch probe | ssh web1 sh | crawlwatch check --from -
  AWS_PROFILE=prod crawlwatch check
${SOURCES_HELP}
Exit code, as monitoring plugins have it: 2 if any host is CRITICAL, else 3 if any is UNKNOWN or the check could not be
made, else 1 if any is WARNING, else 0. After Ctrl-C what is known is printed and the code is 130.`;

const WATCH_HELP = `
Examples:
  crawlwatch watch -i hosts.ini -u ubuntu
  crawlwatch watch --host web1 web2 --every 10
  crawlwatch watch --record week.ndjson                 then: crawlwatch backtest week.ndjson
  crawlwatch watch -i hosts.ini >>changes.log           no terminal: a line for each change

The hosts are listed anew before each check: they may come and go. Trends begin when the watch begins, and so does the
forecast, which needs half an hour of them; of EC2 instances CloudWatch knows more. Ctrl-C ends it, exit code 130.
${SOURCES_HELP}`;

const gather = (value: string, before: string[] | undefined) => [...(before ?? []), value];
const SOURCES = ['local', 'host', 'inventory', 'from', 'aws'];
const source = (flags: string, says: string) => {
  const option = new Option(flags, says);
  return option.conflicts(SOURCES.filter((other) => other !== option.attributeName()));
};

/** Which hosts, and how they are asked. */
function addSources(command: Command): Command {
  return command
    .addOption(source('--local', 'this machine'))
    .addOption(source('--host <host...>', '[user@]host[:port], over SSH; IPv6 in brackets'))
    .addOption(
      source(
        '-i, --inventory <file>',
        'an Ansible inventory (INI, YAML, a directory) or a list of hosts; repeatable',
      ).argParser(gather),
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
    .addOption(new Option('--transport <how>', 'how EC2 instances are asked').choices(['ssm', 'ssh', 'auto']));
}

/** Adds `check` and `watch` to the program; `ran` is told the exit code of the one that was run. */
export function addCheckCommands(program: Command, io: CommandIo, ran: (exitCode: number) => void): void {
  addSources(
    program
      .command('check')
      .description(
        'check hosts once: memory, disk, worker, and whether SSH still answers (default: tagged EC2 instances)',
      ),
  )
    .addOption(
      new Option('-o, --output <format>', 'what is printed')
        .choices(['table', 'line', 'json', 'ndjson', 'prometheus', 'nagios'])
        .default('table'),
    )
    .option('-q, --quiet', 'print nothing where all is OK, else only the hosts that are not; no progress bar')
    .option('--list-hosts', 'print the names of the hosts, and check nothing')
    .addHelpText('after', CHECK_HELP)
    .action(async (flags: CheckFlags) => ran(await (await import('./check.ts')).check(flags, io)));

  addSources(
    program.command('watch').description('check hosts again and again: a live table with trends and what has changed'),
  )
    .option('--every <seconds>', 'from the beginning of one check to that of the next', '60')
    .option('--record <file>', 'append every host of every check to it, as ndjson that backtest reads')
    .addHelpText('after', WATCH_HELP)
    .action(async (flags: WatchFlags) => ran(await (await import('./watch.ts')).watch(flags, io)));
}
