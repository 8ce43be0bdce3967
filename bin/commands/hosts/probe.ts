/** `crawlwatch probe`: prints the script that runs on the hosts, to read it or to run it where we can't log in. */
import type { CommandLine } from '../grammar.ts';

const HELP = `
Examples:
  crawlwatch probe | sh
  crawlwatch probe | ssh web1 sh`;

export function addProbe({ program, io, exit }: CommandLine): void {
  program
    .command('probe')
    .description('print the script that runs on the hosts')
    .addHelpText('after', HELP)
    .action(async () => {
      const { PROBE_SCRIPT } = await import('../../../lambda/probe/index.ts');
      io.stdout.write(PROBE_SCRIPT);
      exit(0);
    });
}
