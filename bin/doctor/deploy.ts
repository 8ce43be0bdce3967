/** The doctor before a deploy: reads what the settings and CDK need of the account. It changes nothing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listSubscriptions } from '../../lambda/alert/index.ts';
import { errorCode } from '../../lambda/kit/index.ts';
import { type Settings, SettingsError } from '../../lambda/settings/index.ts';
import { settingsFor } from '../settings/index.ts';
import { describeStack } from '../stack/index.ts';
import { type CommandIo, explainAwsError, UsageError } from '../terminal/index.ts';
import type { PlannedNetwork } from './deploy-network-steps.ts';
import { type DeployFacts, deploySteps } from './deploy-steps.ts';
import { describeDns, describeEndpoints, describeGroups, describeRouteTables, describeSubnets } from './ec2.ts';
import { emulatorOf, emulatorStep, onEmulator } from './emulator.ts';
import { accountConcurrency } from './lambda.ts';
import { bootstrapVersion } from './ssm.ts';
import { attempt, type DoctorClients } from './stack.ts';
import { answerOf, type Diagnosis, failed, ok, type Step } from './step.ts';
import { callerIdentity } from './sts.ts';

/** Of CDK, unless cdk.json has another. */
const QUALIFIER = 'hnb659fds';

/**
 * @param open makes the clients
 * @returns one list; where the settings or the credentials are at fault it ends there
 */
export async function diagnoseDeploy(open: () => Promise<DoctorClients>, io: CommandIo): Promise<Diagnosis[]> {
  const emulator = emulatorOf(io.env);
  const first: readonly Step[] = emulator === null ? [] : [emulatorStep(emulator)];
  const diagnosis = (name: string, steps: readonly Step[]): Diagnosis[] => [
    { kind: 'deploy', id: name, name, steps: [...first, ...onEmulator(emulator, steps)] },
  ];
  let settings: Settings;
  try {
    settings = await settingsFor({}, io);
  } catch (error) {
    if (!(error instanceof SettingsError || error instanceof UsageError)) throw error;
    const problems = error instanceof SettingsError ? error.problems : [error.message];
    return diagnosis(
      'the stack',
      problems.map((problem) => failed('settings', problem, 'correct it in cdk.json or CRAWLWATCH_SETTINGS')),
    );
  }
  const parsed = ok('settings', 'they can be read');
  try {
    const facts = await readDeployFacts(await open(), settings, await qualifierOf(io.cwd));
    return diagnosis(settings.stack, [parsed, ...deploySteps(facts, settings)]);
  } catch (error) {
    // With these credentials, or without any, every call would fail alike.
    const explained = explainAwsError(error) ?? error;
    if (!(explained instanceof UsageError)) throw error;
    const fix = 'aws sso login, or set AWS_PROFILE and AWS_REGION; then run it again';
    return diagnosis(settings.stack, [parsed, failed('credentials', explained.message, fix)]);
  }
}

/** @throws where AWS accepts no call at all */
async function readDeployFacts(clients: DoctorClients, settings: Settings, qualifier: string): Promise<DeployFacts> {
  const { region, cloudFormation, ec2, lambda, ssm, sns } = clients;
  const identity = await callerIdentity(region);
  const vpcId = settings.vpc.id;
  const [bootstrap, concurrency, stack, network] = await Promise.all([
    attempt('ssm:GetParameter', bootstrapVersion(ssm, qualifier)),
    attempt('lambda:GetAccountSettings', accountConcurrency(lambda)),
    attempt('cloudformation:DescribeStacks', describeStack(cloudFormation, settings.stack)),
    vpcId === null ? null : readNetwork(ec2, vpcId, settings),
  ]);
  const arn = settings.alerts.topicArn ?? answerOf(stack)?.outputs.AlertsTopicArn ?? null;
  const topic =
    arn === null
      ? null
      : {
          arn,
          subscribers: await attempt('sns:ListSubscriptionsByTopic', orNull(listSubscriptions(sns, arn), 'NotFound')),
        };
  return { region, identity: { kind: 'answered', value: identity }, bootstrap, concurrency, stack, network, topic };
}

async function readNetwork(ec2: DoctorClients['ec2'], vpcId: string, { vpc }: Settings): Promise<PlannedNetwork> {
  const [dns, subnets, groups, tables, endpoints] = await Promise.all([
    attempt('ec2:DescribeVpcAttribute', orNull(describeDns(ec2, vpcId), 'InvalidVpcID')),
    attempt('ec2:DescribeSubnets', describeSubnets(ec2, vpc.subnetIds ?? [])),
    attempt('ec2:DescribeSecurityGroups', describeGroups(ec2, vpc.securityGroupIds ?? [])),
    attempt('ec2:DescribeRouteTables', describeRouteTables(ec2, vpcId)),
    attempt('ec2:DescribeVpcEndpoints', describeEndpoints(ec2, vpcId)),
  ]);
  return { dns, subnets, groups, tables, endpoints };
}

/** Null where the service knows nothing of that name. */
const orNull = <T>(work: Promise<T>, code: string): Promise<T | null> =>
  work.catch((error: unknown) => {
    if (errorCode(error).startsWith(code)) return null;
    throw error;
  });

/** By which CDK names what its bootstrap makes; cdk.json may have another. */
async function qualifierOf(cwd: string): Promise<string> {
  const file = await readFile(join(cwd, 'cdk.json'), 'utf8').then(JSON.parse, () => null);
  const given: unknown = file?.context?.['@aws-cdk/core:bootstrapQualifier'];
  return typeof given === 'string' ? given : QUALIFIER;
}
