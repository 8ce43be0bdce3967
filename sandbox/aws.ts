/**
 * An AWS in memory, typed by the SDK's own commands: enough of EC2, SSM, CloudWatch, SNS, EventBridge and S3 for the
 * demo and the tests. It refuses what the published limits refuse, so that a design that breaks one fails here, before production.
 */

import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { sandboxCloudWatch } from './aws-cloudwatch.ts';
import { type SandboxInstance, sandboxEc2 } from './aws-ec2.ts';
import { type SandboxBus, sandboxEvents } from './aws-events.ts';
import { type SandboxBucket, sandboxS3 } from './aws-s3.ts';
import type { CommandClass, Service } from './aws-service.ts';
import { type SandboxTopic, sandboxSns } from './aws-sns.ts';
import { type SandboxNode, sandboxSsm } from './aws-ssm.ts';

export type { Hypervisor, HypervisorFigures, SandboxInstance } from './aws-ec2.ts';
export type { NodeResult, SandboxNode } from './aws-ssm.ts';

export interface SandboxOptions {
  /** @default the machine's clock */
  readonly now?: () => Date;
  /** The most entries in a page of any list, to test paging. @default as many as asked for */
  readonly pageSize?: number;
  /** The name of the only Command document. @default CrawlwatchProbe */
  readonly documentName?: string;
  /** @default 123456789012 */
  readonly account?: string;
  /** @default eu-central-1 */
  readonly region?: string;
}

export type NewInstance = Partial<Omit<SandboxInstance, 'id' | 'tags'>> & {
  readonly tags?: Readonly<Record<string, string>>;
};

export class SandboxAws {
  readonly account: string;
  readonly region: string;
  readonly documentName: string;
  readonly instances = new Map<string, SandboxInstance>();
  /** Instances that SSM manages. */
  readonly nodes = new Map<string, SandboxNode>();
  /** Instances that a policy protects from tags and commands. */
  readonly denied = new Set<string>();
  readonly topic: SandboxTopic;
  /** How long after its end a period of AWS/EC2's metrics can be read. */
  metricsLateMinutes = 0;
  /** Each replaces the SDK's client of that service. */
  readonly ec2: Service & EC2Client;
  readonly ssm: Service & SSMClient;
  readonly cloudwatch: Service & CloudWatchClient;
  readonly sns: Service & SNSClient;
  readonly events: Service & EventBridgeClient;
  /** The default bus of EventBridge. */
  readonly bus: SandboxBus = { events: [], refusals: [] };
  readonly s3: Service;
  /** The one bucket there is, the stack's. */
  readonly bucket: SandboxBucket;
  readonly now: () => Date;

  constructor(options: SandboxOptions = {}) {
    const { now = () => new Date(), pageSize = Number.POSITIVE_INFINITY, documentName = 'CrawlwatchProbe' } = options;
    const { account = '123456789012', region = 'eu-central-1' } = options;
    this.now = now;
    this.account = account;
    this.region = region;
    this.documentName = documentName;
    this.topic = { arn: `arn:aws:sns:${region}:${account}:Alerts`, published: [], subscriptions: [] };
    this.ec2 = sandboxEc2(this.instances, { now, account: this.account, pageSize, denied: this.denied });
    this.ssm = sandboxSsm(this.nodes, { now, pageSize, documentName, denied: this.denied });
    this.cloudwatch = sandboxCloudWatch({
      now,
      pageSize,
      instances: this.instances,
      metricsLateMinutes: () => this.metricsLateMinutes,
    });
    this.sns = sandboxSns(this.topic, pageSize);
    this.events = sandboxEvents(this.bus);
    this.bucket = { name: 'crawlwatch-state', objects: new Map() };
    this.s3 = sandboxS3(this.bucket);
  }

  /** Launches an instance: Linux, running for an hour, with no address or tag except those given. */
  launch(id: string, instance: NewInstance = {}): SandboxInstance {
    const launched: SandboxInstance = {
      state: 'running',
      platform: 'Linux/UNIX',
      privateIp: null,
      publicIp: null,
      ipv6: null,
      launchedAt: new Date(this.now().getTime() - 3_600_000),
      status: 'ok',
      volumeStatus: 'ok',
      impairedAt: null,
      subnet: null,
      zone: null,
      securityGroups: [],
      console: '',
      consoleAt: null,
      hypervisor: null,
      nitro: true,
      ...instance,
      id,
      tags: new Map(Object.entries(instance.tags ?? {})),
    };
    this.instances.set(id, launched);
    return launched;
  }

  /** Puts an instance under SSM's management. */
  manage(id: string, run: SandboxNode['run']): SandboxNode {
    const node: SandboxNode = { ping: 'Online', lastPingAt: this.now(), run };
    this.nodes.set(id, node);
    return node;
  }

  /**
   * Makes the next calls of a command fail.
   *
   * @param error an error, or the code of a service's exception
   */
  fail(command: CommandClass<unknown, unknown>, error: Error | string, times = 1): void {
    const service = [this.ec2, this.ssm, this.cloudwatch, this.sns, this.events, this.s3].find((each) =>
      each.answers(command),
    );
    if (service === undefined) throw new Error('the sandbox has no such command');
    service.fail(command, typeof error === 'string' ? service.error(error, 'as ordered') : error, times);
  }

  /** Returns how often a command was called so far, by its class's name: `DescribeInstancesCommand`. */
  calls(command: string): number {
    return [this.ec2, this.ssm, this.cloudwatch, this.sns, this.events, this.s3].reduce(
      (sum, each) => sum + (each.calls.get(command) ?? 0),
      0,
    );
  }
}
