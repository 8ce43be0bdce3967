/** `crawlwatch doctor`: why a host can't be reached, or why an alert doesn't reach its reader. It only reads. */
import { Option } from 'commander';
import { DEFAULT_STACK_NAME } from '../../lambda/model/index.ts';
import type { DoctorClients, DoctorFlags } from '../doctor/index.ts';
import { type CommandIo, explainAwsError, UsageError } from '../terminal/index.ts';
import {
  addLogin,
  addProbing,
  type CommandLine,
  hostOption,
  inventoryOption,
  limitOption,
  outputOption,
} from './grammar.ts';

const HELP = `
Without ids it examines the instances that hung, were flagged or could not be checked in the last check. It uses the
settings that the stack runs with, where it can read them. It changes nothing, and names each permission it lacks.
Exit code: 2 if something is broken, else 3 if something could not be found out, else 0.

Examples:
  crawlwatch doctor --deploy                         before crawlwatch deploy: what the settings need of this account
  crawlwatch doctor                                  is the fleet checked, who gets the mail, what is wrong with the rest
  crawlwatch doctor i-0123456789abcdef0 ficrawler7   these instances, step by step
  crawlwatch doctor --host ubuntu@web1:2222          a host over SSH, without AWS
  crawlwatch doctor -i hosts.ini -l web1 -u ubuntu   one host of an inventory`;

export function addDoctor({ program, io, exit }: CommandLine): void {
  const command = program
    .command('doctor')
    .description('why a host cannot be reached or a mail does not arrive, step by step, each with its fix')
    .argument('[id...]', 'instances, by id or by the Name of a watched one')
    .option('--stack <name>', 'the deployed stack', DEFAULT_STACK_NAME)
    .addOption(
      new Option('--deploy', 'before a deploy: credentials, bootstrap, quotas, VPC, endpoints, subscription').conflicts(
        [...['host', 'inventory', 'limit']],
      ),
    )
    .addOption(hostOption().conflicts('inventory'))
    .addOption(inventoryOption())
    .addOption(limitOption());
  addProbing(addLogin(command))
    .addOption(outputOption(['text', 'json'], 'text'))
    .addHelpText('after', HELP)
    .action(async (ids: string[], flags: DoctorFlags) => exit(await doctor(ids, flags, io)));
}

/** @returns 2 where something is broken, 3 where something could not be found out, else 0. */
async function doctor(ids: readonly string[], flags: DoctorFlags, io: CommandIo): Promise<number> {
  const byHosts = flags.host !== undefined || flags.inventory !== undefined;
  if (byHosts && ids.length > 0) {
    throw new UsageError(`give either instances (${ids.join(', ')}) or --host or -i, not both`);
  }
  if (flags.deploy === true && ids.length > 0) {
    throw new UsageError(`--deploy looks at the account, not at instances: leave ${ids.join(', ')} out`);
  }
  if (io.stderr.isTTY === true && flags.deploy !== true) {
    io.stderr.write('crawlwatch: going step by step; a host that does not answer takes its whole deadline\n');
  }
  const { diagnosesJson, diagnosesText, exitCodeOfDiagnoses } = await import('../doctor/index.ts');
  const { terminalStyle } = await import('../terminal/index.ts');
  const diagnoses = byHosts
    ? await ofHosts(flags, io)
    : flags.deploy === true
      ? await ofDeploy(io)
      : await ofInstances(ids, flags, io);
  io.stdout.write(
    flags.output === 'json'
      ? `${diagnosesJson(diagnoses, new Date())}\n`
      : diagnosesText(diagnoses, terminalStyle(io.stdout, io.env)),
  );
  return exitCodeOfDiagnoses(diagnoses);
}

async function ofHosts(flags: DoctorFlags, io: CommandIo) {
  const { diagnoseHosts } = await import('../doctor/index.ts');
  const { settingsFor } = await import('../settings/index.ts');
  return diagnoseHosts(flags, await settingsFor(flags, io), io);
}

async function ofDeploy(io: CommandIo) {
  const { diagnoseDeploy } = await import('../doctor/index.ts');
  return diagnoseDeploy(awsClients, io);
}

async function ofInstances(ids: readonly string[], flags: DoctorFlags, io: CommandIo) {
  const { diagnoseAws } = await import('../doctor/index.ts');
  return diagnoseAws(ids, await awsClients(), flags, io);
}

/** @throws UsageError, one line, without credentials or a Region. */
async function awsClients(): Promise<DoctorClients> {
  const {
    cloudFormationClient,
    cloudWatchClient,
    ec2Client,
    lambdaClient,
    secretsManagerClient,
    snsClient,
    ssmClient,
  } = await import('../../lambda/kit/index.ts');
  const { stackS3Client } = await import('../stack/index.ts');
  const ec2 = ec2Client();
  try {
    await ec2.config.credentials();
    return {
      region: await ec2.config.region(),
      now: new Date(),
      cloudFormation: cloudFormationClient(),
      cloudWatch: cloudWatchClient(),
      ec2,
      lambda: lambdaClient(),
      s3: stackS3Client(process.env),
      secrets: secretsManagerClient(),
      sns: snsClient(),
      ssm: ssmClient(),
    };
  } catch (error) {
    throw explainAwsError(error) ?? error;
  }
}
