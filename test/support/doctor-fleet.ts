/** A deployed stack in the sandbox in which all is well, for a doctor to look at once something has been broken. */

import { tmpdir } from 'node:os';
import type { DoctorFlags } from '../../bin/doctor/aws.ts';
import { diagnoseAws } from '../../bin/doctor/aws.ts';
import { exitCodeOfDiagnoses } from '../../bin/doctor/step.ts';
import { packedFiles } from '../../lambda/kit/index.ts';
import { loadState, saveState } from '../../lambda/memory/index.ts';
import { EMPTY_STATE, FLEET_METRIC, TAG } from '../../lambda/model/index.ts';
import { publishMetrics } from '../../lambda/report/cloudwatch.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { SandboxAws } from '../../sandbox/aws.ts';
import { addNetwork, type SandboxNetwork } from '../../sandbox/aws-network.ts';
import { deployStack, type SandboxStack } from '../../sandbox/aws-stack.ts';
import { minutesAgo, NOW } from './fleet.ts';
import { probeOutput } from './probe-output.ts';
import { NOTE, rememberedBy } from './remembered.ts';
import { idOf } from './sandbox-fleet.ts';

export const HOST = idOf(1);
const at = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);

export class DoctorFleet {
  readonly aws = new SandboxAws({ now: () => NOW });
  readonly stack: SandboxStack;
  readonly network: SandboxNetwork;

  private constructor(settings: object) {
    this.stack = deployStack(this.aws, parseSettings(settings));
    this.network = addNetwork(this.aws);
  }

  /** One instance, ficrawler1, that answered two minutes ago; its mail is read. */
  static async well(settings: object = {}): Promise<DoctorFleet> {
    const fleet = new DoctorFleet(settings);
    const { aws, stack, network } = fleet;
    aws.topic.subscriptions.push({ endpoint: 'ann@example.com', confirmed: true });
    const beat = {
      name: FLEET_METRIC.duration,
      value: 900,
      unit: 'Milliseconds',
      dimensions: { Stack: 'CrawlwatchStack' },
    } as const;
    await publishMetrics(aws.cloudwatch, [beat], at(2));
    for (const [name, minutes] of Object.entries({ Invocations: [2, 7, 12], Throttles: [], Errors: [] })) {
      stack.counted.set(
        name,
        minutes.map((one) => ({ at: at(one), value: 1 })),
      );
    }
    fleet.mails({ NumberOfMessagesPublished: 3, NumberOfNotificationsDelivered: 3 });
    aws.launch(HOST, {
      privateIp: '10.0.0.7',
      tags: { Name: 'ficrawler1', crawlwatch: 'true', [TAG.status]: 'OK' },
    });
    await fleet.remember({ [TAG.status]: 'OK', [NOTE.since]: minutesAgo(600) });
    aws.manage(HOST, async () => probeOutput());
    network.places.set(HOST, {
      vpcId: 'vpc-1',
      subnetId: 'subnet-1',
      groupIds: ['sg-host'],
      profileArn: 'arn:aws:iam::123456789012:instance-profile/crawler',
    });
    const out = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
    const fromCheck = [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, UserIdGroupPairs: [{ GroupId: 'sg-check' }] }];
    network.groups = [{ GroupId: 'sg-host', IpPermissions: fromCheck, IpPermissionsEgress: out }];
    network.tables = [
      {
        Associations: [{ Main: true }],
        Routes: [{ DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-1', State: 'active' }],
      },
    ];
    network.subnets = [{ SubnetId: 'subnet-1', CidrBlock: '10.0.0.0/24' }];
    return fleet;
  }

  /** What SNS has counted on the topic, a day ago. */
  mails(counts: Readonly<Record<string, number>>): void {
    for (const name of ['NumberOfMessagesPublished', 'NumberOfNotificationsDelivered', 'NumberOfNotificationsFailed']) {
      this.stack.counted.set(name, [{ at: at(1440), value: counts[name] ?? 0 }]);
    }
  }

  /** What the last check, two minutes ago, has left behind; the tags show some of it. */
  async remember(tags: Readonly<Record<string, string>>): Promise<void> {
    const files = packedFiles(this.aws.s3, this.aws.bucket.name);
    const { etag } = await loadState(files);
    const instances = new Map([[HOST, rememberedBy(tags)]]);
    await saveState(files, { ...EMPTY_STATE, at: at(2), instances }, etag);
  }

  tag(key: string, value: string | null): this {
    if (value === null) this.aws.instances.get(HOST)?.tags.delete(key);
    else this.aws.instances.get(HOST)?.tags.set(key, value);
    return this;
  }

  /** @returns a line for each step that isn't well, with the mark and the fix, and the exit code */
  async diagnose(
    ids: readonly string[] = [],
    flags: Partial<DoctorFlags> = {},
    { cwd = tmpdir(), env = {} }: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
  ) {
    const { aws, stack } = this;
    const world = {
      region: aws.region,
      now: NOW,
      cloudFormation: stack.cloudFormation,
      cloudWatch: stack.cloudWatch,
      ec2: aws.ec2,
      lambda: stack.lambda,
      s3: aws.s3,
      secrets: stack.secretsManager,
      sns: aws.sns,
      ssm: aws.ssm,
    };
    const stderr: string[] = [];
    const io = {
      stdin: (async function* () {})(),
      stdout: { write() {} },
      stderr: { write: (text: string) => stderr.push(text) },
      env,
      cwd,
      signal: new AbortController().signal,
    };
    const given: DoctorFlags = { stack: 'CrawlwatchStack', output: 'text', ...flags };
    const diagnoses = await diagnoseAws(ids, world, given, io);
    const steps = diagnoses.flatMap((diagnosis) => diagnosis.steps);
    return {
      diagnoses,
      steps,
      exitCode: exitCodeOfDiagnoses(diagnoses),
      troubles: steps
        .filter(({ finding }) => finding !== 'ok')
        .map(({ name, finding, text, fix }) => `${finding} ${name}: ${text} -> ${fix}`),
    };
  }
}
