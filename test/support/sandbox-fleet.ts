/** A fleet in the sandbox's AWS under a virtual clock, whose hosts answer as a test says; everything else is real. */

import { type CheckResult, checkFleet } from '../../lambda/check/pipeline.ts';
import type { ActsAnswer, RemedyOutlet } from '../../lambda/check/ports.ts';
import { fleetSamples } from '../../lambda/memory/samples/figures.ts';
import { decodeState, encodeState } from '../../lambda/memory/schema.ts';
import type { ObjectStore } from '../../lambda/memory/store.ts';
import type { FailureReason, FleetState, InstanceState, ProbeTransport, Reply } from '../../lambda/model/index.ts';
import { EMPTY_STATE, NOTHING_REMEMBERED, STATE_KEY, TAG } from '../../lambda/model/index.ts';
import { parseSettings, type Settings } from '../../lambda/settings/settings.ts';
import { awsOutlets, awsPorts } from '../../lambda/wiring/check.ts';
import { type Hypervisor, type NewInstance, SandboxAws, type SandboxInstance } from '../../sandbox/aws.ts';
import { ObjectFiles } from '../../sandbox/object-files.ts';
import { HOST_KEY } from './fleet.ts';
import { type HostFigures, probeOutput } from './probe-output.ts';
import { unwrapped } from './unwrapped.ts';

/** What a host does when asked: figures it tells, a failure, or silence past the run's end. */
export type Behaviour = HostFigures | FailureReason | 'never';

export class SandboxFleet {
  now = new Date('2026-11-22T08:00:00Z');
  readonly aws = new SandboxAws({ now: () => this.now });
  readonly files = new ObjectFiles();
  /** Where the state is kept. */
  stateFiles: ObjectStore = this.files;
  readonly settings: Settings;
  readonly behaviours = new Map<string, Behaviour>();
  /** What hosts do when they are asked over SSM; without any there is no SSM. */
  readonly overSsm = new Map<string, Behaviour>();
  readonly logged: { readonly level: string; readonly event: string; readonly fields?: unknown }[] = [];
  probes = 0;
  /** How a failure is worded. */
  says = (reason: FailureReason): string => `It was ${reason}.`;

  constructor(count: number, given: object = {}) {
    this.settings = parseSettings({ transport: 'ssh', ...given });
    for (let n = 1; n <= count; n++) this.launch(n);
  }

  launch(n: number, tags: Readonly<Record<string, string>> = {}, more: NewInstance = {}): string {
    const id = idOf(n);
    this.aws.launch(id, {
      privateIp: `10.0.0.${n % 250}`,
      launchedAt: new Date('2026-11-20T00:00:00Z'),
      ...more,
      tags: { Name: `crawler${n}`, crawlwatch: 'true', ...tags },
    });
    this.behaviours.set(id, {});
    return id;
  }

  host(n: number, behaviour: Behaviour): this {
    this.behaviours.set(idOf(n), behaviour);
    return this;
  }

  /** What AWS/EC2 publishes of a host for the five minutes that begin at `at`; null: nothing. */
  hypervisor(n: number, of: Hypervisor | null): this {
    const instance = this.aws.instances.get(idOf(n));
    if (instance !== undefined) instance.hypervisor = of;
    return this;
  }

  /** How long after its end a period of AWS/EC2's metrics can be read. */
  set metricsLateMinutes(minutes: number) {
    this.aws.metricsLateMinutes = minutes;
  }

  /** Where a host is: what it shares with others, and may lose with them. */
  place(n: number, where: Partial<Pick<SandboxInstance, 'subnet' | 'zone' | 'securityGroups'>>): this {
    Object.assign(this.aws.instances.get(idOf(n)) ?? {}, where);
    return this;
  }

  tags(n: number): Readonly<Record<string, string>> {
    return Object.fromEntries(this.aws.instances.get(idOf(n))?.tags ?? []);
  }

  /** Sets a tag by hand, as somebody else would. */
  tag(n: number, key: string, value: string): this {
    this.aws.instances.get(idOf(n))?.tags.set(key, value);
    return this;
  }

  /** What the last check left behind; empty where that can't be read. */
  get state(): FleetState {
    const bytes = this.files.objects.get(STATE_KEY)?.bytes;
    const read = bytes == null ? null : decodeState(new TextDecoder().decode(bytes));
    return read?.kind === 'state' ? read.state : EMPTY_STATE;
  }

  remembered(n: number): InstanceState {
    return this.state.instances.get(idOf(n)) ?? NOTHING_REMEMBERED;
  }

  /** Changes what is remembered, as a remedy would. */
  remember(n: number, over: Partial<InstanceState>): this {
    const instances = new Map(this.state.instances).set(idOf(n), { ...this.remembered(n), ...over });
    this.files.replace(STATE_KEY, encodeState({ ...this.state, instances }));
    return this;
  }

  /** Called before the mail of a check that finds something to act on; null: nothing acts without a person. */
  remedy: ((at: Date, signal: AbortSignal) => Promise<Partial<ActsAnswer> | undefined>) | null = null;
  /** Called with the receipt of news that the check has mailed. */
  mailed: (receipt: string) => Promise<Partial<ActsAnswer> | undefined> = async () => undefined;

  /** Lets so many minutes pass, and checks. */
  async check(minutes = 5, deadlineMs = 60_000): Promise<CheckResult> {
    this.now = new Date(this.now.getTime() + minutes * 60_000);
    return checkFleet(this.settings, this.ports(), { deadlineMs });
  }

  async checks(count: number): Promise<void> {
    for (let n = 0; n < count; n++) await this.check();
  }

  /** Subjects of the mails so far. */
  get subjects(): string[] {
    return this.aws.topic.published.map((mail) => mail.subject);
  }

  get lastMail(): string {
    return unwrapped(this.aws.topic.published.at(-1)?.body ?? '');
  }

  ports() {
    const line = (level: string) => (event: string, fields?: unknown) =>
      void this.logged.push({ level, event, fields });
    const log = { info: line('info'), warn: line('warn'), error: line('error') };
    const world = {
      settings: this.settings,
      region: this.aws.region,
      clock: { now: () => this.now },
      log,
      // New for each check, as in the function.
      files: this.stateFiles,
      samples: fleetSamples({ s3: this.aws.s3, bucket: this.aws.bucket.name, clock: { now: () => this.now }, log }),
      ec2: this.aws.ec2,
      ssm: this.aws.ssm,
      cloudWatch: this.aws.cloudwatch,
      events: this.aws.events,
      probeDocument: null,
      privateKey: async () => null,
    };
    return {
      ...awsPorts(world),
      transports: { ssh: this.transport, ...(this.overSsm.size > 0 && { ssm: this.ssm }) },
      outlets: {
        ...awsOutlets(world, this.aws.sns, this.aws.topic.arn),
        ...(this.remedy !== null && { remedy: this.remedyOutlet(this.remedy) }),
      },
    };
  }

  private remedyOutlet(act: NonNullable<SandboxFleet['remedy']>): RemedyOutlet {
    const answer = { done: true, why: '' };
    return {
      act: async (at, signal) => ({ ...answer, ...(await act(at, signal)) }),
      mailed: async (receipt) => ({ ...answer, ...(await this.mailed(receipt)) }),
    };
  }

  readonly transport: ProbeTransport = async (instances, run) => {
    this.probes += instances.length;
    await answer(this.behaviours, this.says, instances, run);
  };

  readonly ssm: ProbeTransport = (instances, run) => answer(this.overSsm, this.says, instances, run);
}

async function answer(
  behaviours: ReadonlyMap<string, Behaviour>,
  says: (reason: FailureReason) => string,
  ...[instances, run]: Parameters<ProbeTransport>
) {
  for (const { id } of instances) {
    const behaviour = behaviours.get(id) ?? {};
    if (behaviour !== 'never') run.reply(id, replyOf(behaviour, says), 1);
  }
  if (instances.some(({ id }) => behaviours.get(id) === 'never')) {
    await new Promise((resolve) => run.signal.addEventListener('abort', resolve, { once: true }));
  }
}

export const idOf = (n: number): string => `i-${String(n).padStart(17, '0')}`;

function replyOf(behaviour: HostFigures | FailureReason, says: (reason: FailureReason) => string): Reply {
  if (typeof behaviour !== 'string') return { kind: 'output', output: probeOutput(behaviour), hostKey: HOST_KEY };
  return { kind: 'failed', reason: behaviour, text: says(behaviour) };
}

export const worker = (state: 'active' | 'failed'): Pick<HostFigures, 'unit'> => ({
  unit: `sidekiq.service ${state} 0`,
});
export const WORKER_TAG = { [TAG.worker]: 'sidekiq.service' };
