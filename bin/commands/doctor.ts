/** `crawlwatch doctor`: what stands between us and a host, or between an alert and its reader. It only reads. */
import { exitCodeOfDiagnoses } from '../../lambda/core/diagnose.ts';
import { diagnosesJson, diagnosesText } from '../../lambda/core/diagnose-report.ts';
import { type CommandIo, terminalStyle } from '../command-io.ts';
import type { DoctorWorld } from '../doctor-source.ts';
import { explainAwsError, UsageError } from '../errors.ts';
import { type SettingFlags, settingsFor } from '../settings-layers.ts';
import type { SourceFlags } from '../sources.ts';

export interface DoctorFlags extends SourceFlags, SettingFlags {
  readonly stack: string;
  readonly output: 'text' | 'json';
}

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
    ? await (await import('../doctor-hosts.ts')).diagnoseHosts(flags, await settingsFor(flags, io), io)
    : await (await import('../doctor-aws.ts')).diagnoseAws(ids, await awsWorld(), flags, io);
  io.stdout.write(
    flags.output === 'json'
      ? `${diagnosesJson(diagnoses, new Date())}\n`
      : diagnosesText(diagnoses, terminalStyle(io.stdout, io.env)),
  );
  return exitCodeOfDiagnoses(diagnoses);
}

/** @throws UsageError, one line, without credentials or a Region. */
async function awsWorld(): Promise<DoctorWorld> {
  const clients = await import('../../lambda/io/clients.ts');
  const ec2 = clients.ec2Client();
  try {
    await ec2.config.credentials();
    return {
      region: await ec2.config.region(),
      now: new Date(),
      cloudFormation: clients.cloudFormationClient(),
      cloudWatch: clients.cloudWatchClient(),
      ec2,
      lambda: clients.lambdaClient(),
      secrets: clients.secretsManagerClient(),
      sns: clients.snsClient(),
      ssm: clients.ssmClient(),
    };
  } catch (error) {
    throw explainAwsError(error) ?? error;
  }
}
