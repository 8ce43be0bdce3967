/** What a check needs of the clients, from AWS: used by the scheduled check, by `check --aws` and by the demo's sandbox. */

import { type Outlets, type Ports, type StatePort, stackChecks } from '../check/index.ts';
import { discoverIn, type Target, targetOf } from '../discover/index.ts';
import type { CloudWatch, Ec2, EventBridge, InstanceConnect, Once, Sns, Ssm } from '../kit/index.ts';
import {
  type FleetSamples,
  loadState,
  NOTHING_KNOWN,
  type ObjectStore,
  type PastFigures,
  type ProcessesById,
  saveState,
  writeTagsIn,
} from '../memory/index.ts';
import type { Clock, Log, MetricPoint } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import type { SshOptions } from '../ssh/index.ts';
import { ssmIn } from '../ssm/index.ts';

export interface AwsClients {
  readonly settings: Settings;
  readonly region: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly ec2: Ec2;
  readonly ssm: Ssm;
  readonly cloudWatch: Pick<CloudWatch, 'send'>;
  /** The probe as a Command document; null: nothing can be asked over SSM. */
  readonly probeDocument: string | null;
  /** The private key of the login, asked for when the first host is; null where there is none. */
  privateKey(): Promise<string | null>;
  /** Pushes a 60-second key before each login, where the settings ask for it. */
  readonly instanceConnect?: InstanceConnect;
  /** @default no event is sent */
  readonly events?: EventBridge;
  /** The past of single instances, for one run; without `add` it is only looked back on. @default nothing is known */
  readonly samples?: PastFigures & Partial<Pick<FleetSamples, 'add'>>;
  /** The files of the stack's bucket. @default none: nothing is remembered between checks */
  readonly files?: ObjectStore;
  /** Where instances are watched. @default here alone */
  readonly targets?: readonly Target[];
}

const targetsOf = (clients: AwsClients): readonly Target[] =>
  clients.targets ?? [{ ...clients, account: null, elsewhere: false }];

/** Ports that read. A check that also publishes, flags and mails takes {@link awsOutlets} beside them. */
export function awsPorts(clients: AwsClients): Omit<Ports, 'outlets'> {
  const { settings, clock } = clients;
  const targets = targetsOf(clients);
  const ssm = ssmIn(targets);
  let keys: Promise<SshKeys> | undefined;
  return {
    source: 'aws',
    clock,
    log: clients.log,
    transports: {
      ssh: async (instances, run) => {
        keys ??= sshKeys(clients);
        const { connectSeconds } = settings.timeouts;
        const { sshTransport } = await import('../ssh/index.ts');
        return sshTransport({ ...(await keys), hostKeys: { kind: 'pin' }, connectSeconds })(instances, run);
      },
      ...(ssm !== null && { ssm }),
    },
    discover: (problem) => discoverIn(targets, settings, problem),
    state: clients.files === undefined ? null : statePort(clients.files),
    history: (clients.samples ?? NOTHING_KNOWN).history,
  };
}

export const statePort = (files: ObjectStore): StatePort => ({
  load: () => loadState(files),
  save: (state, etag) => saveState(files, state, etag),
});

type SshKeys = Pick<SshOptions, 'privateKey' | 'pushKey'>;

/** One key for the run: the stack's own, or one made now and pushed to each host. */
async function sshKeys(clients: AwsClients): Promise<SshKeys> {
  const { settings, instanceConnect: own } = clients;
  if (settings.ssh.instanceConnect && own !== undefined) {
    const targets = targetsOf(clients);
    const { instanceConnect } = await import('../ssh/index.ts');
    return instanceConnect((instance) => targetOf(targets, instance)?.instanceConnect ?? own);
  }
  const key = await clients.privateKey();
  return key === null ? {} : { privateKey: key };
}

export function awsOutlets(
  clients: AwsClients & { readonly cloudWatch: CloudWatch },
  sns: Once<Sns>,
  topicArn: string | null,
): Outlets {
  const { clock, cloudWatch } = clients;
  const targets = targetsOf(clients);
  return {
    ...sharedOutlets(clients, async () => sns, topicArn),
    writeTags: (writes, described) => writeTagsIn(targets, writes, described),
    isStackAlive: (stack) => stackChecks(cloudWatch, stack, clock.now()),
  };
}

/** Those that a check and the remedy function have in common. @param loadSns called when there is something to mail */
export function sharedOutlets(
  clients: AwsClients,
  loadSns: () => Promise<Once<Sns>>,
  topicArn: string | null,
): Pick<Outlets, 'home' | 'publish' | 'notify' | 'sendEvents' | 'gatherEvidence'> {
  const targets = targetsOf(clients);
  const samples = clients.samples ?? NOTHING_KNOWN;
  return {
    home: clients.region,
    publish: (points, at, processes) => publish(clients, points, at, processes),
    notify: async (alert) => {
      if (topicArn === null) throw new Error('no topic to publish to: CRAWLWATCH_TOPIC_ARN is not set');
      const { events, settings } = clients;
      const { originOf, publishAlert, putEvents } = await import('../alert/index.ts');
      const sns = await loadSns();
      const origin = originOf(topicArn, settings.stack);
      // First, since they go to machines that wake people; whatever becomes of them, the mail goes out.
      const unsent = events === undefined ? [] : await putEvents(events, alert, origin);
      await publishAlert(sns, topicArn, alert, settings.stack);
      await warnOfSilence(clients.log, sns, topicArn);
      return unsent;
    },
    sendEvents: async (entries) => {
      const { events, settings } = clients;
      if (events === undefined || topicArn === null) return [];
      const { originOf, putEvents } = await import('../alert/index.ts');
      return putEvents(events, { entries, acts: null }, originOf(topicArn, settings.stack));
    },
    gatherEvidence: async (instances) => {
      const { evidenceIn } = await import('../flag/index.ts');
      return evidenceIn(targets, instances, samples, clients.clock.now(), clients.settings);
    },
  };
}

/** @throws Error that says what was lost, once all that can be kept and published is */
async function publish(
  { samples, settings, cloudWatch }: AwsClients,
  points: Iterable<MetricPoint>,
  at: Date,
  processes: ProcessesById | undefined,
): Promise<void> {
  const [kept] = await Promise.allSettled([samples?.add?.(points, at, processes)]);
  // Whatever became of the samples: the heartbeat is that the check was made.
  const { publishedPoints, publishMetrics } = await import('../report/index.ts');
  const [published] = await Promise.allSettled([publishMetrics(cloudWatch, publishedPoints(points, at, settings), at)]);
  const reasons = [kept, published].flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (reasons.length === 0) return;
  throw new Error(reasons.map((reason) => reason.message).join('; '), { cause: reasons[0] });
}

/** A mail that nobody has subscribed to reaches nobody, and nothing else would say so. */
async function warnOfSilence(log: Log, sns: Sns, topicArn: string): Promise<void> {
  const { subscriptionState } = await import('../alert/index.ts');
  const look = () => subscriptionState(sns, topicArn);
  // The client tries nothing twice; to look twice does no harm.
  const state = await look()
    .catch(look)
    .catch(() => 'unknown' as const);
  if (state !== 'confirmed') log.error('alerts.unread', { topicArn, subscription: state });
}
