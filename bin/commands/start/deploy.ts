/** `crawlwatch deploy`: `cdk deploy` of the package's own app, for those who have no CDK app. */
import type { CommandIo } from '../../terminal/index.ts';
import type { CommandLine } from '../grammar.ts';

export interface DeployFlags {
  readonly destroy?: boolean;
  readonly bootstrap?: boolean;
  readonly yes?: boolean;
}

const HELP = `
Settings are read from ./cdk.json (context "crawlwatch"), which init writes, and from the environment. Everything after
-- goes to the CDK as it is.

Examples:
  crawlwatch deploy
  crawlwatch deploy -- -c alertEmail=you@example.com
  crawlwatch deploy -- --profile production
  crawlwatch deploy --bootstrap      once for each account and Region
  crawlwatch deploy --destroy        then crawlwatch forget, which takes its tags off the instances`;

export function addDeploy({ program, io, exit }: CommandLine): void {
  program
    .command('deploy')
    .description('deploy to your AWS account, by cdk deploy: npx fetches the CDK where the project has none')
    .argument('[cdk-flags...]', 'after --: flags of the CDK')
    .option('--destroy', 'remove the stack again')
    .option('--bootstrap', 'prepare the account and Region for the CDK, once')
    .option('-y, --yes', "don't ask whether changes of permissions are meant")
    .addHelpText('after', HELP)
    .action(async (words: string[], flags: DeployFlags) => exit(await deploy(words, flags, io)));
}

/** After each that worked. */
const NEXT: Readonly<Record<string, string>> = {
  bootstrap: '  crawlwatch deploy',
  deploy: `  crawlwatch test-alert    who gets the mail; a new address confirms by the link in the mail from AWS Notifications
  aws ec2 create-tags --resources i-... --tags Key=crawlwatch,Value=true    for each instance to watch
  crawlwatch check --aws   a check, now`,
  destroy: `  crawlwatch forget    takes its tags off the instances, in each Region and account that was watched
  aws ec2 delete-tags --resources i-... --tags Key=crawlwatch    your own tag, which stays`,
};

/**
 * @param run the CDK with these words
 * @returns the CDK's exit code.
 */
export async function deploy(
  words: readonly string[],
  { destroy, bootstrap, yes }: DeployFlags,
  io: CommandIo,
  run = cdkIn(io),
): Promise<number> {
  const what =
    bootstrap === true
      ? ['bootstrap']
      : destroy === true
        ? ['destroy', ...(yes === true ? ['--force'] : [])]
        : ['deploy', ...(yes === true ? ['--require-approval', 'never'] : [])];
  io.stderr.write('crawlwatch: starting the AWS CDK, which may print nothing for half a minute\n');
  const code = await run([...what, ...words]);
  if (io.signal.aborted) return code;
  const [command = ''] = what;
  io.stderr.write(
    code === 0 ? `\nNext:\n${NEXT[command]}\n` : `crawlwatch: the CDK ended with exit code ${code}${advice()}\n`,
  );
  return code;

  function advice(): string {
    const couldNotAsk =
      command !== 'bootstrap' && yes !== true && (io.stdin.isTTY !== true || io.stdout.isTTY !== true);
    return [
      couldNotAsk
        ? `; if it had no terminal to ask on: crawlwatch deploy${destroy === true ? ' --destroy' : ''} --yes`
        : '',
      destroy === true ? '' : '; to see what the account or the settings lack: crawlwatch doctor --deploy',
    ].join('');
  }
}

const cdkIn = (io: CommandIo) => async (words: readonly string[]) => {
  const { cdkCall, runCdk } = await import('../../deploy/index.ts');
  return runCdk(cdkCall(words, io.cwd), io.env);
};
