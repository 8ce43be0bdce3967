/** What a check needs of the world, from AWS: used by the scheduled check, by `check --aws` and by the demo's sandbox. */

import { publishAlert, subscriptionState } from '../alert/index.ts';
import type { Outlets, Ports } from '../check/index.ts';
import { discoverIn, type Target, targetOf } from '../discover/index.ts';
import { evidenceIn } from '../flag/index.ts';
import type { CloudWatch, Ec2, InstanceConnect, Sns, Ssm } from '../kit/index.ts';
import { type FleetSnapshot, figuresOf, lastSuppression, writeTagsIn } from '../memory/index.ts';
import type { Clock, Log } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { instanceConnect, type SshOptions, sshTransport } from '../ssh/index.ts';
import { ssmIn } from '../ssm/index.ts';

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
  /** In place of metrics of instances, where the settings have none published. @default nothing is known of before */
  readonly snapshot?: FleetSnapshot;
  /** Where instances are watched. @default here alone */
  readonly targets?: readonly Target[];
}

const targetsOf = (world: AwsWorld): readonly Target[] =>
  world.targets ?? [{ ...world, account: null, elsewhere: false }];

/** Ports that read. A check that also publishes, flags and mails takes {@link awsOutlets} beside them. */
export function awsPorts(world: AwsWorld): Omit<Ports, 'outlets'> {
  const { settings, clock } = world;
  const targets = targetsOf(world);
  const ssm = ssmIn(targets);
  let keys: Promise<SshKeys> | undefined;
  return {
    source: 'aws',
    clock,
    log: world.log,
    transports: {
      ssh: async (instances, run) => {
        keys ??= sshKeys(world);
        const { connectSeconds } = settings.timeouts;
        return sshTransport({ ...(await keys), hostKeys: { kind: 'pin' }, connectSeconds })(instances, run);
      },
      ...(ssm !== null && { ssm }),
    },
    discover: (problem) => discoverIn(targets, settings, problem),
    history: figuresOf(world).history,
  };
}

type SshKeys = Pick<SshOptions, 'privateKey' | 'pushKey'>;

/** One key for the run: the stack's own, or one made now and pushed to each host. */
async function sshKeys(world: AwsWorld): Promise<SshKeys> {
  const { settings, instanceConnect: own } = world;
  if (settings.ssh.instanceConnect && own !== undefined) {
    const targets = targetsOf(world);
    return instanceConnect((instance) => targetOf(targets, instance)?.instanceConnect ?? own);
  }
  const key = await world.privateKey();
  return key === null ? {} : { privateKey: key };
}

export function awsOutlets(world: AwsWorld, sns: Sns, topicArn: string | null): Outlets {
  const { settings, clock, cloudWatch } = world;
  const targets = targetsOf(world);
  const figures = figuresOf(world);
  return {
    publish: figures.publish,
    notify: async (alert) => {
      if (topicArn === null) throw new Error('no topic to publish to: CRAWLWATCH_TOPIC_ARN is not set');
      await publishAlert(sns, topicArn, alert);
      await warnOfSilence(world.log, sns, topicArn);
    },
    writeTags: (writes, described) => writeTagsIn(targets, writes, described),
    gatherEvidence: (instances) => evidenceIn(targets, instances, figures),
    wasSuppressed: () => lastSuppression(cloudWatch, clock.now(), settings),
  };
}

/** A mail that nobody has subscribed to reaches nobody, and nothing else would say so. */
async function warnOfSilence(log: Log, sns: Sns, topicArn: string): Promise<void> {
  const state = await subscriptionState(sns, topicArn).catch(() => 'unknown' as const);
  if (state !== 'confirmed') log.error('alerts.unread', { topicArn, subscription: state });
}
