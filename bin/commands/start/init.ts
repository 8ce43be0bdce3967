/** `crawlwatch init`: three questions, a file, and the first check. */
import type { Answers, GivenAnswers } from '../../init/index.ts';
import type { CommandIo } from '../../terminal/index.ts';
import { EXIT_UNKNOWN, errorLines, questionsOn } from '../../terminal/index.ts';
import type { CommandLine } from '../grammar.ts';

export interface InitFlags extends GivenAnswers {
  /** False: only the file is written. */
  readonly check: boolean;
}

const HELP = `
Writes cdk.json (what is in it stays) or inventory.ini (never over one that is there).

Examples:
  crawlwatch init
  crawlwatch init --where hosts --hosts ubuntu@web1 web2:2222
  crawlwatch init --where aws --mail you@example.com --transport ssm --no-check`;

export function addInit({ program, io, exit }: CommandLine, run: (words: readonly string[]) => Promise<number>): void {
  program
    .command('init')
    .description('three questions, then the first check: where your hosts are, whom to mail, SSM or SSH')
    .option('--where <place>', 'aws or hosts')
    .option('--hosts <host...>', 'with hosts: [user@]host[:port]')
    .option('--mail <address>', 'with aws: who gets the mail, or none')
    .option('--transport <how>', 'with aws: ssm or ssh')
    .option('--no-check', "write the file, and don't check yet")
    .addHelpText('after', HELP)
    .action(async (flags: InitFlags) => exit(await init(flags, io, run)));
}

/** @returns the exit code of the first check, 0 without one. What comes next is printed also where that check fails. */
export async function init(
  { check, ...given }: InitFlags,
  io: CommandIo,
  run: (words: readonly string[]) => Promise<number>,
): Promise<number> {
  const { findAnswers, writeAnswers } = await import('../../init/index.ts');
  const answers = await unlessInterrupted(findAnswers(given, questionsOn(io)), 'nothing was written', io);
  const name = writeAnswers(answers, io.cwd);
  io.stdout.write(`Wrote ${name}.\n`);
  const words = answers.where === 'hosts' ? ['check', '-i', name] : ['check', '--aws'];
  const line = `crawlwatch ${words.join(' ')}`;
  if (check) io.stdout.write(`\n$ ${line}\n`);
  const wasWritten = `${name} is written; the first check, which was interrupted: ${line}`;
  const code = check
    ? await unlessInterrupted(
        firstCheck(() => run(words), io),
        wasWritten,
        io,
      )
    : 0;
  io.stdout.write(
    `\nNext:\n${nextSteps(answers, check ? null : line)
      .map((step) => `  ${step}\n`)
      .join('')}`,
  );
  return code;
}

/** What a Ctrl-C leaves behind, which the error itself would say: the process prints none after a Ctrl-C. */
async function unlessInterrupted<T>(work: Promise<T>, left: string, { signal, stderr }: CommandIo): Promise<T> {
  return work.catch((error: unknown) => {
    // Behind the ^C that the terminal shows.
    if (signal.aborted) stderr.write(`\ncrawlwatch: init: ${left}\n`);
    throw error;
  });
}

async function firstCheck(run: () => Promise<number>, io: CommandIo): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (io.signal.aborted) throw error;
    io.stderr.write(`${errorLines(error).join('\n')}\n`);
    return EXIT_UNKNOWN;
  }
}

const step = (command: string, what: string): string => `${command.padEnd(58)} ${what}`;
const TAG_ONE = 'aws ec2 create-tags --resources i-... --tags Key=crawlwatch,Value=true';

/** @param first the check that has not been made yet; null: it has been tried */
function nextSteps(answers: Answers, first: string | null): string[] {
  const again = first === null ? [] : [step(first, 'the first check')];
  if (answers.where === 'hosts') {
    return [
      ...again,
      step('crawlwatch doctor -i inventory.ini', "why a host can't be reached, step by step"),
      step('crawlwatch watch -i inventory.ini', 'the same check repeated, with trends'),
    ];
  }
  const overSsh =
    answers.transport === 'ssh'
      ? [
          'In cdk.json, before a deploy: a key (ssh.keySecretArn or ssh.instanceConnect) and a way',
          '  to the hosts (vpc, or ssh.address "public"): docs/deploy.md, "Over SSH"',
        ]
      : [];
  // Over SSM a check needs the document that a deploy makes.
  const deployed = [
    step('crawlwatch deploy --bootstrap', 'once for each account and Region that has no CDK yet'),
    step('crawlwatch deploy', 'checks on a schedule, with mail and a dashboard'),
    ...(answers.mail === null ? [] : [step('crawlwatch test-alert', 'a test mail, and who gets it')]),
  ];
  return [
    ...overSsh,
    step('crawlwatch doctor --deploy', 'what a deploy takes of the account'),
    ...deployed,
    TAG_ONE,
    step('', 'each instance to watch'),
    ...(answers.transport === 'ssm' ? [step('crawlwatch check --aws', 'a check, now')] : again),
  ];
}
