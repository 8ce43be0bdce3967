/** Tagged EC2 instances as a source: the only one that loads the AWS SDK. */
import { fleetTargets, placeName } from '../../lambda/discover/index.ts';
import {
  cloudFormationClient,
  cloudWatchClient,
  ec2Client,
  plural,
  ssmClient,
  withBudget,
} from '../../lambda/kit/index.ts';
import type { ProbeTransport } from '../../lambda/model/index.ts';
import { DEFAULT_STACK_NAME } from '../../lambda/model/index.ts';
import { fromEnvironment, type Settings, transportOf } from '../../lambda/settings/index.ts';
import { findProbeDocument, ssmIn } from '../../lambda/ssm/index.ts';
import { type AwsClients, awsPorts } from '../../lambda/wiring/index.ts';
import { stackPast, stackS3Client } from '../stack/index.ts';
import { type CommandIo, explainAwsError, QUIET, UsageError } from '../terminal/index.ts';
import type { Source, SourceFlags } from './source.ts';

/** @throws UsageError, one line, without credentials, a Region, or the probe document where SSM is to be used. */
export async function awsSource(flags: SourceFlags, settings: Settings, io: CommandIo): Promise<Source> {
  const [ec2, ssm, cloudWatch] = [withBudget(ec2Client()), withBudget(ssmClient()), withBudget(cloudWatchClient())];
  // First of all: a credential_process or a prompt may take long, and without credentials nothing else works.
  await explained(ec2.config.credentials());
  const region = await explained(ec2.config.region());
  const { key, value } = settings.tag;
  const bySsh = transportOf(settings) === 'ssh';
  const clients: Omit<AwsClients, 'probeDocument'> = {
    settings,
    region,
    clock: { now: () => new Date() },
    log: QUIET,
    ec2,
    ssm,
    cloudWatch,
    privateKey: async () => null,
  };
  const stack = flags.stack ?? DEFAULT_STACK_NAME;
  const targets = fleetTargets(settings, { region, ec2, ssm, probeDocument: null });
  const places = targets.map(placeName).join(', ');
  const ports = awsPorts({ ...clients, probeDocument: null, targets });
  let document: string | null = null;
  const overSsm: ProbeTransport = async (instances, run) => {
    const known = targets.map((target) => (target.elsewhere ? target : { ...target, probeDocument: document }));
    await ssmIn(known)?.(instances, run);
  };
  return {
    source: 'aws',
    // Over SSH with the user's own keys and known hosts, not the stack's.
    transports: bySsh
      ? { ssh: await (await import('./ssh-access.ts')).sshAccess(flags, settings, io) }
      : { ssm: overSsm },
    discover: async (problem) => {
      const found = await explained(ports.discover(problem));
      // Looked up only now: where nothing is tagged yet, that is the first thing to report.
      const needsDocument = !bySsh && flags.listHosts !== true && found.some((one) => one.elsewhere !== true);
      if (needsDocument) document = await explained(probeDocument());
      const { worker } = flags;
      if (worker === undefined) return found;
      return found.map((one) => ({ ...one, worker, workerExpected: true }));
    },
    ...stackPast({
      s3: stackS3Client(io.env),
      cloudFormation: cloudFormationClient(),
      bucket: fromEnvironment(io.env).bucket,
      stack,
      // Before the first deploy there is nothing to be remembered.
      isExpected: stack !== DEFAULT_STACK_NAME,
      clock: clients.clock,
    }),
    nothingFound: (skipped) =>
      skipped > 0
        ? `${plural(skipped, 'instance')} tagged ${key}=${value} in ${places}, but none that is running Linux`
        : `no instance is tagged ${key}=${value} in ${places}; tag one: aws ec2 create-tags --region ${region} --resources i-... --tags Key=${key},Value=${value}`,
  };

  async function probeDocument(): Promise<string> {
    const name = fromEnvironment(io.env).probeDocument ?? (await findProbeDocument(ssm, stack));
    if (name !== null) return name;
    throw new UsageError(
      `a check over SSM needs the probe document, which ${stack} has not made in ${region} yet: crawlwatch deploy; of another stack: --stack NAME; without a stack: --transport ssh`,
    );
  }
}

const AWS_FREE = 'to check without AWS: --local, --host HOST or -i INVENTORY';

/** Turns an error of AWS into one line that says what to do. */
async function explained<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw explainAwsError(error, AWS_FREE) ?? error;
  }
}
