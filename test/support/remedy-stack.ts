/** The remedy function's real code over the sandbox, on hosts that answer as a test says. Its clock is the fleet's. */

import type { HistoryEntry, Remedy } from '../../lambda/model/index.ts';
import { TAG } from '../../lambda/model/index.ts';
import { parseAutomaticRequest, parseRemedyRequest, type RemedyAnswer } from '../../lambda/remedy/contract.ts';
import { readHistory, readRecord } from '../../lambda/remedy/dynamodb.ts';
import { freshCheck } from '../../lambda/remedy/fresh-check.ts';
import type { RemedyPorts } from '../../lambda/remedy/ports.ts';
import { remedyFleet } from '../../lambda/remedy/run.ts';
import { type RemedyClients, remedyPorts } from '../../lambda/wiring/remedy.ts';
import { addReboots, type SandboxTable, sandboxDynamoDb } from '../../sandbox/aws-remedy.ts';
import { hungFor, minutesAgo } from './fleet.ts';
import { NOTE, rememberedBy } from './remembered.ts';
import { idOf, SandboxFleet } from './sandbox-fleet.ts';

export const ID = idOf(1);
export const OTHER = idOf(2);
const TABLE = 'table';

export class RemedyStack {
  readonly fleet: SandboxFleet;
  readonly rebooted: readonly string[];
  readonly table: SandboxTable = { name: TABLE, items: new Map() };
  readonly dynamoDb = sandboxDynamoDb(this.table);
  readonly restarted: (readonly [Remedy, string])[] = [];
  restart: { readonly ok: boolean | null; readonly text: string } = {
    ok: true,
    text: 'it was restarted and is active',
  };
  events: readonly string[] = [];
  readonly #notes = new Map<number, Readonly<Record<string, string>>>();
  /** The function knows no bucket. */
  withoutState = false;
  /** Clients in place of the sandbox's. */
  clients: Partial<RemedyClients> = {};
  /** What a test has fail. */
  ports: Partial<RemedyPorts> = {};

  constructor(count: number, settings: object = {}) {
    this.fleet = new SandboxFleet(count, {
      remedies: { restartWorker: true, restartSshd: true, reboot: true },
      ...settings,
    });
    this.rebooted = addReboots(this.fleet.aws);
  }

  /** Flagged by the checks before, hung, and by EC2's own check as well. */
  flag(n: number): this {
    const tags = { ...hungFor(3), [TAG.flag]: `BannerTimeout@${minutesAgo(10, this.fleet.now)}`, [TAG.auto]: 'reboot' };
    this.tag(n, { ...tags, [NOTE.since]: minutesAgo(25, this.fleet.now) });
    this.fleet.host(n, 'BannerTimeout');
    this.instance(n).status = 'impaired';
    return this;
  }

  /** As a check leaves it behind: its tags, and what is remembered, in the short notation. */
  tag(n: number, tags: Readonly<Record<string, string>>): this {
    const isNote = (key: string) => Object.values<string>(NOTE).includes(key);
    for (const [key, value] of Object.entries(tags)) if (!isNote(key)) this.instance(n).tags.set(key, value);
    const notes = { ...this.#notes.get(n), ...Object.fromEntries(Object.entries(tags).filter(([key]) => isNote(key))) };
    this.#notes.set(n, notes);
    this.fleet.remember(n, rememberedBy({ ...this.fleet.tags(n), ...notes }));
    return this;
  }

  instance(n: number) {
    return this.fleet.aws.instances.get(idOf(n))!;
  }

  wait(minutes: number): this {
    this.fleet.now = new Date(this.fleet.now.getTime() + minutes * 60_000);
    return this;
  }

  get world(): RemedyClients {
    const { aws, settings } = this.fleet;
    const { ec2, ssm, cloudwatch: cloudWatch, region, topic } = aws;
    const line = (level: string) => (event: string, fields?: unknown) =>
      void this.fleet.logged.push({ level, event, fields });
    return {
      ...{ settings, region, ec2, ssm, cloudWatch, topicArn: topic.arn, dynamoDb: this.dynamoDb, table: TABLE },
      sns: async () => aws.sns,
      once: { ec2, ssm },
      clock: { now: () => this.fleet.now },
      log: { info: line('info'), warn: line('warn'), error: line('error') },
      ...(!this.withoutState && { files: this.fleet.stateFiles }),
      probeDocument: null,
      restartDocuments: null,
      privateKey: async () => null,
      ...this.clients,
    };
  }

  async ask(event: object, deadlineMs = 300_000) {
    const isAutomatic = 'action' in event && ['auto', 'mailed'].includes(String(event.action));
    const parsed = isAutomatic ? parseAutomaticRequest(event) : parseRemedyRequest(event, this.fleet.now);
    if (!parsed.ok) throw new Error(parsed.why);
    const { transports, outlets, clock, log } = this.fleet.ports();
    const { gatherEvidence } = outlets;
    const fresh = { transports, gatherEvidence, clock, log, scheduledEvents: async () => this.events };
    const real = remedyPorts(this.world);
    const ports: RemedyPorts = {
      ...real,
      freshCheck: (one) => freshCheck(one, fresh, this.fleet.settings, 60_000),
      execute: async (remedy, one, seen) => {
        if (remedy === 'reboot') return real.execute(remedy, one, seen);
        this.restarted.push([remedy, one.id]);
        return this.restart;
      },
      wasSuppressed: async () => false,
      ...this.ports,
    };
    return remedyFleet(parsed.request, this.fleet.settings, ports, { deadlineMs });
  }

  reboot(instanceId = ID, more: object = {}) {
    return this.ask({ action: 'reboot', instanceId, requester: 'eve@host', ...more });
  }

  /** As a check does it: asks, mails what there is to say, and acknowledges it once the mail is out. */
  async auto(): Promise<RemedyAnswer> {
    const answer = await this.ask({ action: 'auto', scheduledTime: null });
    const { news = null, receipt = null, problems = [] } = answer;
    if (news === null) return answer;
    try {
      await (this.ports.notify ?? remedyPorts(this.world).notify)(news);
    } catch (error) {
      return { ...answer, problems: [...problems, `the mail: ${(error as Error).message}`] };
    }
    const noted = receipt === null ? null : await this.ask({ action: 'mailed', receipt });
    return { ...answer, problems: [...problems, ...(noted?.problems ?? [])] };
  }

  /** From now on the fleet's checks ask this function. */
  wired(): this {
    this.fleet.remedy = (at) => this.ask({ action: 'auto', scheduledTime: at.toISOString() });
    this.fleet.mailed = (receipt) => this.ask({ action: 'mailed', receipt });
    return this;
  }

  record() {
    return readRecord(this.dynamoDb, TABLE, this.fleet.now);
  }

  history(id = ID): Promise<HistoryEntry[]> {
    return readHistory(this.dynamoDb, TABLE, id);
  }

  get mails() {
    return this.fleet.aws.topic.published;
  }
}
