/** `crawlwatch demo`: the whole system in a sandbox, printed check by check, or with --serve as a live page. */
import { Option } from 'commander';
import type { Chapter } from '../../demo/index.ts';
import type { CommandIo } from '../../terminal/index.ts';
import { UsageError } from '../../terminal/index.ts';
import type { CommandLine } from '../grammar.ts';

const HELP = `
Examples:
  crawlwatch demo
  crawlwatch demo --serve --port 8080`;

interface DemoFlags {
  readonly serve?: boolean;
  readonly port?: string;
}

export function addDemo({ program, io, exit }: CommandLine): void {
  program
    .command('demo')
    .description('the whole system in a sandbox: no account, no network')
    .option('--serve', 'as a page on this machine alone: the dashboard, live, with buttons that act on the sandbox')
    .addOption(new Option('--port <n>', 'port of the page (default: any that is free)').implies({ serve: true }))
    .addHelpText('after', HELP)
    .action(async ({ serve, port }: DemoFlags) => exit(serve === true ? await serveDemo(port, io) : await demo(io)));
}

/** @returns the exit code. */
export async function demo({ stdout }: Pick<CommandIo, 'stdout'>): Promise<number> {
  const { openStory, printChapter, printEnd, printStart } = await import('../../demo/index.ts');
  const print = (text = '') => stdout.write(`${text}\n`);
  printStart(print);
  const story = await openStory();
  try {
    let before: Chapter | null = null;
    for (let moment = await story.next(); moment !== null; moment = await story.next()) {
      const { check, says, chapter } = moment;
      printChapter(print, chapter, { check, says, before, login: ({ id }) => story.sandbox.login(id) });
      before = chapter;
    }
    await printEnd(print, story.sandbox);
    return 0;
  } finally {
    await story.close();
  }
}

/** Serves until it is interrupted. @returns the exit code. */
async function serveDemo(port = '0', io: CommandIo): Promise<number> {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(
      `--port: got ${JSON.stringify(port)}; allowed: a number from 0 to 65535, 0 for any that is free`,
    );
  }
  const { playStory, startServer } = await import('../../demo/index.ts');
  const server = await startServer(Number(port));
  io.stdout.write(`The demo's dashboard: ${server.url}   (this machine only; Ctrl-C ends it)\n`);
  try {
    while (!io.signal.aborted) await playStory(server, io.signal);
    return 0;
  } finally {
    await server.close();
  }
}
