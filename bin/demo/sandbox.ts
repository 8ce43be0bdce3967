/** The demo's sandbox: ten real SSH servers, AWS in memory, a virtual clock, and the real check and remedy. */
import { PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { checkFleet } from '../../lambda/check/index.ts';
import { packedFiles } from '../../lambda/kit/index.ts';
import { fleetSamples, loadState, metricDimensions } from '../../lambda/memory/index.ts';
import type { FleetState, HistoryEntry, Report } from '../../lambda/model/index.ts';
import { INSTANCE_METRIC, METRIC_NAMESPACE, TAG } from '../../lambda/model/index.ts';
import type { RemedyAnswer, RemedyPorts, RemedyRequest } from '../../lambda/remedy/index.ts';
import { parseRemedyRequest, remedyFleet } from '../../lambda/remedy/index.ts';
import { parseSettings } from '../../lambda/settings/index.ts';
import { awsOutlets, awsPorts, remedyPorts } from '../../lambda/wiring/index.ts';
import { SandboxAws } from '../../sandbox/aws.ts';
import { addReboots, sandboxDynamoDb } from '../../sandbox/aws-remedy.ts';
import { CrawlerHosts, UP_SECONDS } from '../../sandbox/crawler-hosts.ts';
import { CRAWLERS, type Crawler, DYING_CONSOLE, leakHistory, STORY } from '../../sandbox/crawlers.ts';
import { rememberMemory } from '../../sandbox/samples.ts';
import { newKey } from '../../sandbox/ssh-hosts.ts';
import { QUIET } from '../terminal/index.ts';

export const START = new Date('2026-11-22T08:00:00Z');
export const ADDRESS = 'you@example.com';
export const TABLE = 'crawlwatch-acts';

export const SETTINGS = parseSettings({
  transport: 'ssh',
  alertEmail: ADDRESS,
  // On loopback a host that hasn't answered by then won't, even on a busy machine; in a deployed stack it has 15 s.
  timeouts: { sshSeconds: 5 },
  remedies: { restartWorker: true, reboot: true },
});

/** The result of one check. */
export interface Chapter {
  readonly report: Report;
  /** One at most. */
  readonly mails: readonly Mail[];
  /** What the remedy function answered the check: what it did and held back; null where it wasn't asked. */
  readonly acted: RemedyAnswer | null;
}

export type Mail = SandboxAws['topic']['published'][number];

/** One line of the record of remedies. */
export interface RecordLine extends HistoryEntry {
  readonly name: string;
}

export class DemoSandbox {
  private readonly hosts: CrawlerHosts;
  private readonly key = newKey();
  private readonly rebooted: readonly string[];
  private moment = START;
  private startedAt = Date.now();
  /** Jumps between checks; within one it runs at the speed of the machine's clock. */
  readonly clock = { now: () => new Date(this.moment.getTime() + (Date.now() - this.startedAt)) };
  readonly aws = new SandboxAws({ now: this.clock.now });
  readonly dynamoDb = sandboxDynamoDb({ name: TABLE, items: new Map() });

  /** @param folder for the hosts' files; the caller removes it */
  constructor(folder: string) {
    this.hosts = new CrawlerHosts(folder, START);
    this.rebooted = addReboots(this.aws);
  }

  /** Launches the hosts, and records a week of the one that leaks, for the forecast to look back on. */
  async open(): Promise<void> {
    await this.hosts.listen(this.key.public);
    for (const crawler of CRAWLERS) {
      this.aws.launch(crawler.id, {
        privateIp: '127.0.0.1',
        launchedAt: new Date(START.getTime() - UP_SECONDS * 1000),
        console: crawler.name === 'ficrawler9' ? DYING_CONSOLE : '',
        tags: {
          Name: crawler.name,
          [SETTINGS.tag.key]: SETTINGS.tag.value,
          [TAG.ssh]: `user=ubuntu;port=${this.hosts.port(crawler.id)}`,
          ...(crawler.worker !== null && { [TAG.worker]: crawler.worker }),
          ...(crawler.auto !== null && { [TAG.auto]: crawler.auto }),
        },
      });
      if (crawler.name === 'ficrawler7') await this.recordPast(crawler);
    }
    this.aws.topic.subscriptions.push({ endpoint: ADDRESS, confirmed: true });
  }

  /** Runs the next check, which asks the remedy function before it mails. */
  async check(n: number): Promise<Chapter> {
    const { minute, impaired } = STORY[n] ?? { minute: 0 };
    this.moment = new Date(START.getTime() + minute * 60_000);
    for (const { id, name } of CRAWLERS) if (name === impaired) this.instance(id).status = 'impaired';
    this.hosts.advance(n, this.moment);
    this.startedAt = Date.now();

    const clients = this.clients();
    let acted: RemedyAnswer | null = null;
    const remedy = {
      act: async () => {
        acted = await this.act(n);
        return acted;
      },
      mailed: (receipt: string) => this.ask({ action: 'mailed', receipt }),
    };
    const outlets = { ...awsOutlets(clients, this.aws.sns, this.aws.topic.arn), remedy };
    const mailedCount = this.aws.topic.published.length;
    const { report, errors } = await checkFleet(SETTINGS, { ...awsPorts(clients), outlets }, { deadlineMs: 60_000 });
    failOn(errors);
    return { report, mails: this.aws.topic.published.slice(mailedCount), acted };
  }

  /** Runs the real remedy function over the sandbox; hosts that it reboots boot. */
  private async act(n: number): Promise<RemedyAnswer> {
    const rebootedCount = this.rebooted.length;
    const answer = await this.ask({ action: 'auto', scheduledTime: this.moment });
    for (const id of this.rebooted.slice(rebootedCount)) this.hosts.reboot(id, n, this.clock.now());
    return answer;
  }

  private ask(request: RemedyRequest): Promise<RemedyAnswer> {
    return remedyFleet(request, SETTINGS, this.remedies(), { deadlineMs: 300_000 });
  }

  /** The record of everything done and held back, oldest first. */
  async record(): Promise<readonly RecordLine[]> {
    const ports = this.remedies();
    const lines = CRAWLERS.map(async ({ id, name }) =>
      (await ports.readHistory(id)).toReversed().map((entry) => ({ ...entry, name })),
    );
    // The outcome of a remedy comes before its escalation to a person.
    const isEscalation = ({ remedy }: RecordLine) => Number(remedy === 'escalated');
    const byTime = (a: RecordLine, b: RecordLine) =>
      a.at.getTime() - b.at.getTime() || isEscalation(a) - isEscalation(b);
    return (await Promise.all(lines)).flat().sort(byTime);
  }

  /** What the last check left behind for the next one. */
  async remembered(): Promise<FleetState> {
    const { state } = await loadState(this.clients().files);
    return state;
  }

  /** How a person logs in to a host. */
  login(id: string): string {
    return `ssh -p ${this.hosts.port(id)} ubuntu@127.0.0.1`;
  }

  close(): Promise<void> {
    return this.hosts.close();
  }

  private clients() {
    return {
      settings: SETTINGS,
      region: this.aws.region,
      clock: this.clock,
      log: QUIET,
      ec2: this.aws.ec2,
      ssm: this.aws.ssm,
      cloudWatch: this.aws.cloudwatch,
      events: this.aws.events,
      files: packedFiles(this.aws.s3, this.aws.bucket.name),
      samples: fleetSamples({ s3: this.aws.s3, bucket: this.aws.bucket.name, clock: this.clock, log: QUIET }),
      probeDocument: null,
      privateKey: async () => this.key.private,
    };
  }

  /** Each look at its clock is a second later, however long this machine takes: the story is the same on a busy one. */
  private remedies(): RemedyPorts {
    let seconds = 10;
    return remedyPorts({
      ...this.clients(),
      clock: { now: () => new Date(this.moment.getTime() + seconds++ * 1000) },
      once: { ec2: this.aws.ec2, ssm: this.aws.ssm },
      sns: async () => this.aws.sns,
      topicArn: this.aws.topic.arn,
      dynamoDb: this.dynamoDb,
      table: TABLE,
      restartDocuments: null,
    });
  }

  private instance(id: string) {
    const instance = this.aws.instances.get(id);
    if (instance === undefined) throw new Error(`there is no ${id}`);
    return instance;
  }

  private async recordPast(crawler: Crawler): Promise<void> {
    await rememberMemory(this.aws, crawler.id, leakHistory(START));
    // For the dashboard's graphs.
    const Dimensions = Object.entries(metricDimensions(crawler)).map(([Name, Value]) => ({ Name, Value }));
    const MetricData = leakHistory(START).map(({ at, available }) => ({
      MetricName: INSTANCE_METRIC.memory,
      Dimensions,
      Timestamp: at,
      Value: (1 - available) * 100,
    }));
    await this.aws.cloudwatch.send(new PutMetricDataCommand({ Namespace: METRIC_NAMESPACE, MetricData }));
  }

  /** What a person asks for on the page, of the real remedy function; hosts that it reboots boot. Not during a check. */
  async request(event: unknown): Promise<RemedyAnswer> {
    const parsed = parseRemedyRequest(event, this.clock.now());
    if (!parsed.ok) return { done: false, instanceId: parsed.instanceId, why: parsed.why };
    const n = STORY.findLastIndex(({ minute }) => START.getTime() + minute * 60_000 <= this.moment.getTime());
    const rebootedCount = this.rebooted.length;
    const answer = await remedyFleet(parsed.request, SETTINGS, this.remedies(), { deadlineMs: 300_000 });
    for (const id of this.rebooted.slice(rebootedCount)) this.hosts.reboot(id, n, this.clock.now());
    return answer;
  }
}

function failOn(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(`the demo went wrong: ${problems.join('; ')}`);
}
