/** A fleet at home and one elsewhere, each in an AWS of its own, watched together; hosts answer as a test says. */

import { type CheckResult, checkFleet } from '../../lambda/check/pipeline.ts';
import type { Target } from '../../lambda/discover/places.ts';
import { fleetSamples } from '../../lambda/memory/samples/figures.ts';
import type { ProbeTransport, Reply } from '../../lambda/model/index.ts';
import { MEMBER_PROBE_DOCUMENT } from '../../lambda/model/index.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { awsOutlets, awsPorts } from '../../lambda/wiring/check.ts';
import { SandboxAws } from '../../sandbox/aws.ts';
import { ObjectFiles } from '../../sandbox/object-files.ts';
import { HOST_KEY } from './fleet.ts';
import { probeOutput } from './probe-output.ts';

export const HOME = { region: 'eu-central-1', account: '123456789012' };
export const MEMBER = { region: 'us-east-1', account: '210987654321' };
const QUIET = { info() {}, warn() {}, error() {} };

export class TwoPlaces {
  now = new Date('2026-11-22T08:00:00Z');
  readonly home = new SandboxAws({ now: () => this.now });
  readonly member = new SandboxAws({ now: () => this.now, ...MEMBER, documentName: MEMBER_PROBE_DOCUMENT });
  readonly files = new ObjectFiles();
  readonly settings = parseSettings({
    transport: 'ssh',
    regions: [HOME.region, MEMBER.region],
    accounts: [{ id: MEMBER.account, externalId: 'a-long-secret' }],
  });
  /** What a host says when asked, by its id. @default that it is well */
  readonly replies = new Map<string, Reply>();

  launch(aws: SandboxAws, n: number): string {
    const id = `i-${String(n).padStart(17, '0')}`;
    const tags = { Name: `crawler${n}`, crawlwatch: 'true' };
    aws.launch(id, { privateIp: `10.0.0.${n}`, launchedAt: new Date('2026-11-20T00:00:00Z'), tags });
    return id;
  }

  tags(aws: SandboxAws, id: string): Readonly<Record<string, string>> {
    return Object.fromEntries(aws.instances.get(id)?.tags ?? []);
  }

  get targets(): readonly Target[] {
    return [
      {
        ...{ region: HOME.region, account: null, elsewhere: false },
        ...{ ec2: this.home.ec2, ssm: this.home.ssm, probeDocument: this.home.documentName },
      },
      { ...MEMBER, elsewhere: true, ec2: this.member.ec2, ssm: this.member.ssm, probeDocument: MEMBER_PROBE_DOCUMENT },
    ];
  }

  world() {
    return {
      settings: this.settings,
      region: HOME.region,
      clock: { now: () => this.now },
      log: QUIET,
      ec2: this.home.ec2,
      ssm: this.home.ssm,
      cloudWatch: this.home.cloudwatch,
      samples: fleetSamples({
        s3: this.home.s3,
        bucket: this.home.bucket.name,
        clock: { now: () => this.now },
        log: QUIET,
      }),
      files: this.files,
      probeDocument: this.home.documentName,
      privateKey: async () => null,
      targets: this.targets,
    };
  }

  ports() {
    const world = this.world();
    const outlets = awsOutlets(world, this.home.sns, this.home.topic.arn);
    return { ...awsPorts(world), transports: { ssh: this.ssh }, outlets };
  }

  /** Lets five minutes pass, and checks. */
  async check(): Promise<CheckResult> {
    this.now = new Date(this.now.getTime() + 300_000);
    return checkFleet(this.settings, this.ports(), { deadlineMs: 60_000 });
  }

  readonly ssh: ProbeTransport = async (instances, run) => {
    for (const { id } of instances) {
      run.reply(id, this.replies.get(id) ?? { kind: 'output', output: probeOutput({}), hostKey: HOST_KEY }, 1);
    }
  };
}
