/** `crawlwatch doctor`: what stands between us and a host, or between an alert and its reader. It only reads. */

import type { DoctorFlags, DoctorWorld } from '../doctor/index.ts';
import { diagnosesJson, diagnosesText, exitCodeOfDiagnoses } from '../doctor/index.ts';
import { settingsFor } from '../settings/index.ts';
import { type CommandIo, explainAwsError, terminalStyle, UsageError } from '../terminal/index.ts';

/** @returns 2 where something is broken, 3 where something is not known, else 0. */
export async function doctor(ids: readonly string[], flags: DoctorFlags, io: CommandIo): Promise<number> {
  const byHosts = flags.host !== undefined || flags.inventory !== undefined;
  if (byHosts && ids.length > 0) {
    throw new UsageError(`instances (${ids.join(', ')}) and --host or -i can't be asked about at once: leave one out`);
  }
  if (io.stderr.isTTY === true) {
    io.stderr.write('crawlwatch: asking step by step; a host that does not answer takes its whole deadline\n');
  }
  const diagnoses = byHosts
    ? await (await import('../doctor/index.ts')).diagnoseHosts(flags, await settingsFor(flags, io), io)
    : await (await import('../doctor/index.ts')).diagnoseAws(ids, await awsWorld(), flags, io);
  io.stdout.write(
    flags.output === 'json'
      ? `${diagnosesJson(diagnoses, new Date())}\n`
      : diagnosesText(diagnoses, terminalStyle(io.stdout, io.env)),
  );
  return exitCodeOfDiagnoses(diagnoses);
}

/** @throws UsageError, one line, without credentials or a Region. */
async function awsWorld(): Promise<DoctorWorld> {
  const {
    cloudFormationClient,
    cloudWatchClient,
    ec2Client,
    lambdaClient,
    secretsManagerClient,
    snsClient,
    ssmClient,
  } = await import('../../lambda/kit/index.ts');
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
      secrets: secretsManagerClient(),
      sns: snsClient(),
      ssm: ssmClient(),
    };
  } catch (error) {
    throw explainAwsError(error) ?? error;
  }
}
