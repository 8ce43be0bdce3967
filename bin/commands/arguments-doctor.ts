/** The grammar of `doctor`. */
import { type Command, Option } from 'commander';
import { DEFAULT_STACK_NAME } from '../../lambda/model/index.ts';
import type { DoctorFlags } from '../doctor/index.ts';
import type { CommandIo } from '../terminal/index.ts';

const HELP = `
Examples:
  crawlwatch doctor                                  is the fleet checked, who gets the mail, and what ails the unreadable
  crawlwatch doctor i-0123456789abcdef0 ficrawler7   these instances, step by step
  crawlwatch doctor --host ubuntu@web1:2222          a host over SSH, without AWS
  crawlwatch doctor -i hosts.ini -l web1 -u ubuntu   one of an inventory

Without ids it looks into the instances that hang, are flagged, or could not be checked, by their tags; the settings are
those that the stack runs with, where they can be read. It changes nothing: of a right that is missing it says which.
Exit code: 2 if something is broken, else 3 if something is not known or nothing could be asked, else 0.`;

export function addDoctorCommand(program: Command, io: CommandIo, ran: (exitCode: number) => void): void {
  program
    .command('doctor')
    .description('why a host can not be reached or a mail does not arrive, step by step, each with its fix')
    .argument('[id...]', 'instances, by id or by the Name of a watched one')
    .option('--stack <name>', 'the stack', DEFAULT_STACK_NAME)
    .addOption(new Option('--host <host...>', '[user@]host[:port], over SSH; IPv6 in brackets').conflicts('inventory'))
    .option(
      '-i, --inventory <file>',
      'an inventory, over SSH; repeatable',
      (value: string, before: string[] | undefined) => [...(before ?? []), value],
    )
    .option('-l, --limit <pattern>', "of the inventory only these: Ansible's patterns")
    .option('-u, --user <user>', 'login user where nothing else names one')
    .option('--private-key <file>', 'private key to log in with')
    .option('--known-hosts <file>', 'host keys to trust (default: ~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts)')
    .option('--timeout <seconds>', 'deadline of one host, connection to last byte')
    .addOption(new Option('--transport <how>', 'how EC2 instances are asked').choices(['ssm', 'ssh', 'auto']))
    .addOption(new Option('-o, --output <format>', 'what is printed').choices(['text', 'json']).default('text'))
    .addHelpText('after', HELP)
    .action(async (ids: string[], flags: DoctorFlags) =>
      ran(await (await import('./doctor.ts')).doctor(ids, flags, io)),
    );
}
