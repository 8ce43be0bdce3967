/**
 * A fleet as it really is: hosts that crawl, hang, boot or are cut off, and what that looks like from outside over SSH,
 * over SSM, to EC2 and to the hypervisor. The check and the remedy function are the real ones; all they are given is what
 * a transport or an AWS call would have answered. A test holds what they did against the truth.
 */

import { RebootInstancesCommand } from '@aws-sdk/client-ec2';
import { type CheckResult, checkFleet } from '../../lambda/check/pipeline.ts';
import type { RemedyOutlet } from '../../lambda/check/ports.ts';
import type { CloudWatch } from '../../lambda/kit/clients/index.ts';
import type { FleetSamples } from '../../lambda/memory/samples/figures.ts';
import type { FailureReason, LastGood, ProbeTransport, Reply } from '../../lambda/model/index.ts';
import { INSTANCE_METRIC, TAG } from '../../lambda/model/index.ts';
import { parseAutomaticRequest, parseRemedyRequest } from '../../lambda/remedy/contract.ts';
import { readRecord } from '../../lambda/remedy/dynamodb.ts';
import { freshCheck } from '../../lambda/remedy/fresh-check.ts';
import { remedyFleet } from '../../lambda/remedy/run.ts';
import { awsOutlets, awsPorts } from '../../lambda/wiring/check.ts';
import { type RemedyClients, remedyPorts } from '../../lambda/wiring/remedy.ts';
import type { HypervisorFigures } from '../../sandbox/aws.ts';
import { type SandboxTable, sandboxDynamoDb } from '../../sandbox/aws-remedy.ts';
import { HOST_KEY } from './fleet.ts';
import { type HostFigures, probeOutput } from './probe-output.ts';
import { idOf, SandboxFleet } from './sandbox-fleet.ts';

export const MINUTE = 60_000;
const LAUNCHED = Date.parse('2026-11-20T00:00:00Z');
/** What the check asks, through the alias. */
const AUTOMATIC: readonly unknown[] = ['auto', 'mailed'];
const TABLE = 'table';
const SILENT = { info: () => {}, warn: () => {}, error: () => {} };

export type Road = 'ssh' | 'ssm' | 'auto';
export type Metrics = 'there' | 'late' | 'missing';

/** What a healthy host behind a cut shows; null: that road is open. */
export interface Cut {
  readonly name: string;
  readonly ssh: FailureReason | null;
  /** `silent`: commands are not taken, and after some minutes the agent counts as lost. */
  readonly ssm: FailureReason | 'silent' | null;
  /** How much of its usual traffic goes on. */
  readonly traffic: number;
  /** Percent of CPU in place of what the traffic takes. */
  readonly cpu?: number;
}

export interface Hang {
  readonly ssh: FailureReason;
  readonly ssm: FailureReason | 'silent';
  readonly cpu: number;
  /** Volume reads, by how much more than usual. */
  readonly reads: number;
  /** What a hung host still sends: ARP, retransmits. */
  readonly traffic?: number;
}

export const HANGS: readonly Hang[] = [
  { ssh: 'BannerTimeout', ssm: 'silent', cpu: 100, reads: 1 },
  // Waiting for the disk is no CPU time.
  { ssh: 'BannerTimeout', ssm: 'silent', cpu: 20, reads: 20 },
  { ssh: 'ClosedBeforeBanner', ssm: 'CommandTimeout', cpu: 100, reads: 30 },
  { ssh: 'ConnectionReset', ssm: 'silent', cpu: 99, reads: 8 },
  { ssh: 'HandshakeTimeout', ssm: 'CommandTimeout', cpu: 97, reads: 2 },
];

interface Span<T> {
  readonly from: number;
  to: number;
  readonly what: T;
}

export interface LivedHost {
  readonly n: number;
  readonly id: string;
  readonly cuts: Span<Cut>[];
  readonly hangs: Span<Hang>[];
  /** Moments at which it goes down, and when it is up again. */
  readonly boots: { readonly at: number; readonly up: number }[];
  /** Percent of memory available while it answers. */
  memory: number | ((at: number) => number);
  /** Bytes it sends in five minutes. */
  usual: number;
  cpu: number;
  /** Kills since its last boot, as /proc/vmstat counts them: those of memory cgroups too. */
  oomKills: number;
}

export interface Reboot {
  readonly host: LivedHost;
  readonly at: number;
  /** What it really was at that moment. */
  readonly was: 'well' | 'cut' | 'hung' | 'booting';
  readonly by: 'schedule' | 'person';
}

export interface LivedOptions {
  readonly hosts: number;
  readonly road: Road;
  readonly metrics?: Metrics;
  readonly memory?: number;
  /** Hosts to a subnet. */
  readonly perSubnet?: number;
  readonly settings?: object;
  /** Hosts crawlwatch may reboot. @default all */
  readonly auto?: string | null;
}

const ACTING = { restartWorker: true, restartSshd: true, reboot: true };
const IN_A_VPC = { id: 'vpc-1', subnetIds: ['subnet-1'] };

const spanAt = <T>(spans: readonly Span<T>[], at: number): Span<T> | null =>
  spans.find(({ from, to }) => at >= from && at < to) ?? null;

export class LivedFleet {
  readonly sandbox: SandboxFleet;
  readonly hosts: LivedHost[] = [];
  readonly reboots: Reboot[] = [];
  readonly table: SandboxTable = { name: TABLE, items: new Map() };
  readonly dynamoDb = sandboxDynamoDb(this.table);
  readonly errors: string[] = [];
  /** The agent pings every five minutes: SSM calls a silent one online for a while. */
  pingMinutes = 10;
  checks = 0;
  /** What becomes of a reboot. */
  rebooting: (host: LivedHost) => { minutes: number; helps: boolean; effect: boolean; answer: boolean } = () => ({
    minutes: 2,
    helps: true,
    effect: true,
    answer: true,
  });
  /** The remedy function is asked at the end of a check that calls for it. */
  acts = true;
  /** Between the check and what the remedy function does. */
  beforeActing: () => void = () => {};
  readonly #road: Road;

  constructor(private readonly options: LivedOptions) {
    const { road, metrics = 'there', perSubnet = 5 } = options;
    this.#road = road;
    const transport = road === 'auto' ? { transport: 'auto', vpc: IN_A_VPC } : { transport: road };
    this.sandbox = new SandboxFleet(0, {
      ...transport,
      remedies: ACTING,
      metrics: { perInstance: 'none' },
      ...options.settings,
    });
    this.sandbox.metricsLateMinutes = metrics === 'late' ? 10 : 0;
    for (let n = 1; n <= options.hosts; n++) this.#launch(n, Math.floor((n - 1) / perSubnet));
    this.sandbox.aws.ec2.on(RebootInstancesCommand, ({ InstanceIds = [], DryRun = false }) =>
      this.#reboot(InstanceIds[0] ?? '', DryRun),
    );
  }

  #launch(n: number, subnet: number): void {
    const { auto = 'restart+reboot', metrics = 'there', memory = 50 } = this.options;
    const host: LivedHost = {
      ...{ n, id: idOf(n), cuts: [], hangs: [], boots: [], memory, usual: 40e6 + n * 1e5 },
      ...{ cpu: 40, oomKills: 0 },
    };
    this.hosts.push(host);
    const place = {
      subnet: `subnet-${subnet}`,
      zone: `eu-central-1${'abc'[subnet % 3]}`,
      securityGroups: [`sg-${subnet % 2}`],
    };
    this.sandbox.launch(n, auto === null ? {} : { [TAG.auto]: auto }, place);
    if (metrics !== 'missing') this.sandbox.hypervisor(n, (at) => this.measured(host, at.getTime()));
  }

  get now(): number {
    return this.sandbox.now.getTime();
  }

  cut(host: LivedHost, what: Cut, from = this.now, to = Number.POSITIVE_INFINITY): void {
    host.cuts.push({ from, to, what });
  }

  hang(host: LivedHost, what: Hang = HANGS[0] as Hang, from = this.now, to = Number.POSITIVE_INFINITY): void {
    host.hangs.push({ from, to, what });
  }

  /** A console as crawlers have it: kills of an earlier boot, of long ago, and soon some of a browser in a memory cgroup. */
  noise(host: LivedHost, soonMinutes = 0): void {
    const up = (host.boots.at(-1)?.up ?? LAUNCHED) / 1_000;
    const kill = (ago: number, line: string) => `[${(this.now / 1_000 - up - ago).toFixed(6)}] ${line}`;
    host.oomKills = 3;
    const instance = this.sandbox.aws.instances.get(host.id);
    if (instance === undefined) return;
    instance.console = [
      '[    0.000000] Linux version 6.1.0-31-cloud-amd64 (debian-kernel@lists.debian.org)',
      // That boot lasted longer: by this one's clock these are still to come.
      ...[60, 90, 120].map((ahead) =>
        kill(
          -ahead - soonMinutes * 60,
          `Out of memory: Killed process ${800 + ahead} (ruby) total-vm:9112kB, anon-rss:8112kB`,
        ),
      ),
      '[    0.000000] Linux version 6.1.0-31-cloud-amd64 (debian-kernel@lists.debian.org)',
      ...[40_000, 39_990, 39_980].map((ago) =>
        kill(ago, `Out of memory: Killed process ${ago} (ruby) total-vm:9112kB, anon-rss:8112kB`),
      ),
      ...[60, 90, 120].map((ahead) =>
        kill(
          -ahead - soonMinutes * 60,
          `Memory cgroup out of memory: Killed process ${9_900 + ahead} (chrome) total-vm:9112kB, anon-rss:8112kB`,
        ),
      ),
    ].join('\r\n');
  }

  truth(host: LivedHost, at = this.now): Reboot['was'] {
    if (this.#isDown(host, at)) return 'booting';
    if (spanAt(host.hangs, at) !== null) return 'hung';
    return spanAt(host.cuts, at) === null ? 'well' : 'cut';
  }

  #isDown = (host: LivedHost, at: number): boolean => host.boots.some((boot) => at >= boot.at && at < boot.up);

  /** As AWS/EC2 publishes it for the five minutes from `at`: the mean of what each minute brought. */
  measured(host: LivedHost, at: number): HypervisorFigures {
    const minutes = [0, 1, 2, 3, 4].map((minute) => this.#minute(host, at + (minute + 0.5) * MINUTE));
    const mean = (of: (figures: Required<HypervisorFigures>) => number) =>
      minutes.reduce((sum, figures) => sum + of(figures), 0) / minutes.length;
    return {
      networkOut: Math.round(mean(({ networkOut }) => networkOut)),
      packetsOut: Math.round(mean(({ packetsOut }) => packetsOut)),
      cpu: mean(({ cpu }) => cpu),
      readOps: Math.round(mean(({ readOps }) => readOps)),
    };
  }

  #minute(host: LivedHost, at: number): Required<HypervisorFigures> {
    const figures = (share: number, busy: number, reads: number) => {
      const cpu = Math.min(100, busy);
      const networkOut = host.usual * share;
      return { networkOut, packetsOut: networkOut / 1_000, cpu, readOps: 600 * reads, credits: 100 };
    };
    const hang = spanAt(host.hangs, at)?.what;
    const cut = spanAt(host.cuts, at)?.what;
    if (this.#isDown(host, at)) return figures(0.01, 50, 3);
    if (hang !== undefined) return figures(hang.traffic ?? 0.002, hang.cpu, hang.reads);
    // Traffic comes and goes by a fifth.
    const swing = 0.9 + 0.2 * Math.abs(Math.sin(at / (37 * MINUTE) + host.n));
    const share = swing * (cut?.traffic ?? 1);
    return figures(share, cut?.cpu ?? 2 + (host.cpu - 2) * share, 1);
  }

  /** Over SSM the host also says that its own sshd answers on it. */
  reply(host: LivedHost, over: 'ssh' | 'ssm'): Reply {
    const at = this.now;
    const failed = (reason: FailureReason | 'silent', since: number): Reply => {
      const is =
        reason !== 'silent'
          ? reason
          : at - since < this.pingMinutes * MINUTE
            ? 'SsmDeliveryTimedOut'
            : 'SsmConnectionLost';
      return { kind: 'failed', reason: is, text: `It was ${is}.` };
    };
    const cut = spanAt(host.cuts, at);
    const way = cut?.what[over] ?? null;
    if (cut !== null && way !== null) return failed(way, cut.from);
    const boot = host.boots.findLast((one) => at >= one.at && at < one.up);
    if (boot !== undefined) return failed(over === 'ssh' ? 'ConnectTimeout' : 'silent', boot.at);
    const hang = spanAt(host.hangs, at);
    if (hang !== null) return failed(hang.what[over], hang.from);
    return {
      kind: 'output',
      output: probeOutput({ ...this.#figures(host, at), ...(over === 'ssm' && { sshd: true }) }),
      ...(over === 'ssh' && { hostKey: HOST_KEY }),
    };
  }

  #figures(host: LivedHost, at: number): HostFigures {
    const percent = typeof host.memory === 'number' ? host.memory : host.memory(at);
    const up = host.boots.at(-1)?.up ?? LAUNCHED;
    const boot = `${String(host.n).padStart(4, '0')}${String(host.boots.length).padStart(4, '0')}`;
    return {
      availableKb: Math.round(16_000_000 * (percent / 100)),
      bootId: `${boot}-0000-4000-8000-000000000000`,
      uptimeSeconds: Math.max(1, Math.round((at - up) / 1_000)),
      oomKills: host.oomKills,
    };
  }

  #transport =
    (over: 'ssh' | 'ssm'): ProbeTransport =>
    async (instances, run) => {
      for (const { id } of instances) run.reply(id, this.reply(this.host(id), over), 1);
    };

  host(id: string): LivedHost {
    const host = this.hosts[Number(id.slice(2)) - 1];
    if (host === undefined) throw new Error(`there is no ${id}`);
    return host;
  }

  get transports() {
    const [ssh, ssm] = [this.#transport('ssh'), this.#transport('ssm')];
    return this.#road === 'ssh' ? { ssh } : this.#road === 'ssm' ? { ssm } : { ssh, ssm };
  }

  #reboot(id: string, isRehearsal: boolean): object {
    const { ec2 } = this.sandbox.aws;
    if (isRehearsal) throw ec2.error('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
    const host = this.host(id);
    const { minutes, helps, effect, answer } = this.rebooting(host);
    this.reboots.push({ host, at: this.now, was: this.truth(host), by: 'schedule' });
    if (effect) this.boot(host, minutes, helps);
    if (!answer) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    return {};
  }

  /** Takes it down now, for any requester. A reboot that doesn't help leaves it hung. */
  boot(host: LivedHost, minutes = 2, helps = true): void {
    host.boots.push({ at: this.now, up: this.now + minutes * MINUTE });
    const hang = spanAt(host.hangs, this.now);
    if (hang !== null && helps) hang.to = this.now;
  }

  async check(minutes = 5): Promise<CheckResult> {
    this.checks += 1;
    const { sandbox } = this;
    sandbox.now = new Date(this.now + minutes * MINUTE);
    const { sns, topic } = sandbox.aws;
    const outlets = { ...awsOutlets(this.#clients, sns, topic.arn), remedy: this.#remedy };
    const ports = { ...awsPorts(this.#clients), transports: this.transports, outlets };
    return checkFleet(sandbox.settings, ports, { deadlineMs: 600_000 });
  }

  readonly #remedy: RemedyOutlet = {
    act: async (at) => {
      if (!this.acts) return { done: false, why: '' };
      this.beforeActing();
      return this.#noting(this.ask({ action: 'auto', scheduledTime: at.toISOString() }));
    },
    mailed: (receipt) => this.#noting(this.ask({ action: 'mailed', receipt })),
  };

  async #noting<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      this.errors.push(String(error));
      throw error;
    }
  }

  /** Asks the remedy function, whose only substitute is the transports. */
  async ask(event: object) {
    const { sandbox } = this;
    const parsed =
      'action' in event && AUTOMATIC.includes(event.action)
        ? parseAutomaticRequest(event)
        : parseRemedyRequest(event, sandbox.now);
    if (!parsed.ok) throw new Error(parsed.why);
    const { clock, log } = this.#clients;
    const { gatherEvidence } = awsOutlets(this.#clients, sandbox.aws.sns, sandbox.aws.topic.arn);
    const fresh = { transports: this.transports, gatherEvidence, clock, log };
    const real = remedyPorts(this.#clients);
    const ports = {
      ...real,
      freshCheck: (one: Parameters<typeof freshCheck>[0]) =>
        freshCheck(one, { ...fresh, scheduledEvents: async () => [] }, sandbox.settings, 60_000),
    };
    return remedyFleet(parsed.request, sandbox.settings, ports, { deadlineMs: 300_000 });
  }

  get #clients(): RemedyClients & { readonly samples: FleetSamples; readonly cloudWatch: CloudWatch } {
    const { aws, settings } = this.sandbox;
    const { ec2, ssm, cloudwatch: cloudWatch, region, topic } = aws;
    return {
      once: { ec2, ssm },
      ...{ settings, region, ec2, ssm, cloudWatch, topicArn: topic.arn, dynamoDb: this.dynamoDb, table: TABLE },
      sns: async () => aws.sns,
      ...{
        clock: { now: () => this.sandbox.now },
        log: SILENT,
        files: this.sandbox.stateFiles,
        samples: this.#samples,
      },
      ...{ probeDocument: null, restartDocuments: null, privateKey: async () => null },
    };
  }

  /** As the file of samples, without its packing: that took half of the time. */
  readonly #lastGood = new Map<string, LastGood>();
  readonly #samples: FleetSamples = {
    history: async () => new Map(),
    lastGood: async (instances) =>
      new Map(
        instances.flatMap(({ id }) => {
          const last = this.#lastGood.get(id);
          return last === undefined ? [] : [[id, last]];
        }),
      ),
    add: async (points, at) => {
      for (const { dimensions, name, value } of points) {
        if (name !== INSTANCE_METRIC.memory || !('InstanceId' in dimensions)) continue;
        this.#lastGood.set(dimensions.InstanceId, { at, memory: 1 - value / 100, disk: null });
      }
    },
  };

  record() {
    return readRecord(this.dynamoDb, TABLE, this.sandbox.now);
  }

  isFlagged = (host: LivedHost): boolean => this.sandbox.aws.instances.get(host.id)?.tags.has(TAG.flag) === true;
  get flagged(): LivedHost[] {
    return this.hosts.filter(this.isFlagged);
  }
}
