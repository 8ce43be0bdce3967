/** What a check needs of the world, from AWS: used by the scheduled check, by `check --aws` and by the demo's sandbox. */
import type { Clock, Log, Outlets, Ports } from './check-fleet.ts';
import { metricDimensions } from './core/metric-data.ts';
import type { CloudWatch, Ec2, InstanceConnect, Sns, Ssm } from './io/clients.ts';
import { lastSuppression, publishMetrics, readHistory } from './io/cloudwatch.ts';
import { describeFleet } from './io/ec2.ts';
import { gatherEvidence } from './io/evidence.ts';
import { instanceConnect } from './io/instance-connect.ts';
import { publishAlert, subscriptionState } from './io/sns.ts';
import { type SshOptions, sshTransport } from './io/ssh.ts';
import { phaseLimits } from './io/ssh-limits.ts';
import { ssmTransport } from './io/ssm.ts';
import { writeTags } from './io/tags.ts';
import type { Settings } from './settings.ts';

export interface AwsWorld {
  readonly settings: Settings;
  readonly region: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly ec2: Ec2;
  readonly ssm: Ssm;
  readonly cloudWatch: CloudWatch;
  /** The probe as a Command document; null: nothing can be asked over SSM. */
  readonly probeDocument: string | null;
  /** The private key of the login, asked for when the first host is; null where there is none. */
  privateKey(): Promise<string | null>;
  /** Pushes a 60-second key before each login, where the settings ask for it. */
  readonly instanceConnect?: InstanceConnect;
}

/** Ports that read. A check that also publishes, flags and mails takes {@link awsOutlets} beside them. */
export function awsPorts(world: AwsWorld): Omit<Ports, 'outlets'> {
  const { settings, clock, ec2, ssm, cloudWatch, probeDocument } = world;
  let keys: Promise<SshKeys> | undefined;
  return {
    source: 'aws',
    clock,
    log: world.log,
    transports: {
      ssh: async (instances, run) => {
        keys ??= sshKeys(world);
        const phases = phaseLimits(settings.timeouts);
        return sshTransport({ ...(await keys), hostKeys: { kind: 'pin' }, phases })(instances, run);
      },
      ...(probeDocument !== null && {
        ssm: ssmTransport(ssm, {
          documentName: probeDocument,
          sshdPort: (instance) => (instance.sshdExpected ? instance.login.port : null),
        }),
      }),
    },
    discover: () =>
      describeFleet(ec2, {
        tagKey: settings.tag.key,
        tagValue: settings.tag.value,
        address: settings.ssh.address,
        region: world.region,
      }),
    history: (instances) => readHistory(cloudWatch, instances.map(metricDimensions), clock.now()),
  };
}

type SshKeys = Pick<SshOptions, 'privateKey' | 'pushKey'>;

/** One key for the run: the stack's own, or one made now and pushed to each host. */
async function sshKeys({ settings, instanceConnect: client, privateKey }: AwsWorld): Promise<SshKeys> {
  if (settings.ssh.instanceConnect && client !== undefined) return instanceConnect(client);
  const key = await privateKey();
  return key === null ? {} : { privateKey: key };
}

export function awsOutlets(world: AwsWorld, sns: Sns, topicArn: string | null): Outlets {
  const { settings, clock, ec2, cloudWatch } = world;
  return {
    publish: (points, at) => publishMetrics(cloudWatch, points, at),
    notify: async (alert) => {
      if (topicArn === null) throw new Error('no topic to publish to: CRAWLWATCH_TOPIC_ARN is not set');
      await publishAlert(sns, topicArn, alert);
      await warnOfSilence(world.log, sns, topicArn);
    },
    writeTags: (writes) => writeTags(ec2, writes),
    gatherEvidence: (instances) => gatherEvidence(ec2, cloudWatch, instances.map(metricDimensions), clock.now()),
    wasSuppressed: () => lastSuppression(cloudWatch, clock.now(), settings.schedule.everyMinutes),
  };
}

/** A mail that nobody has subscribed to reaches nobody, and nothing else would say so. */
async function warnOfSilence(log: Log, sns: Sns, topicArn: string): Promise<void> {
  const state = await subscriptionState(sns, topicArn).catch(() => 'unknown' as const);
  if (state !== 'confirmed') log.error('alerts.unread', { topicArn, subscription: state });
}
