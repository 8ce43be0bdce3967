/** The sandbox's EC2: instances, their tags, status checks and consoles, within the published limits. */
import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  EC2Client,
  EC2ServiceException,
  type Filter,
  GetConsoleOutputCommand,
  type InstanceStateName,
  type SummaryStatus,
} from '@aws-sdk/client-ec2';
import { type Service, serviceFor } from './aws-service.ts';

/** What AWS/EC2 publishes of an instance for one period of five minutes. */
export interface HypervisorFigures {
  /** Bytes sent. */
  readonly networkOut?: number;
  /** @default a packet for each 1,000 bytes sent */
  readonly packetsOut?: number;
  /** Percent. */
  readonly cpu?: number;
  /** Read operations on its volumes; absent on instances that aren't Nitro. */
  readonly readOps?: number;
  /** Absent on instances that don't burst. */
  readonly credits?: number;
}

export type Hypervisor = (at: Date) => HypervisorFigures | null;

export interface SandboxInstance {
  readonly id: string;
  state: InstanceStateName;
  platform: string;
  privateIp: string | null;
  publicIp: string | null;
  ipv6: string | null;
  launchedAt: Date;
  tags: Map<string, string>;
  /** EC2's instance status check. */
  status: SummaryStatus;
  /** EC2's check of the volumes attached to it. */
  volumeStatus: SummaryStatus;
  /** Since when these have been impaired; null: just now. */
  impairedAt: Date | null;
  subnet: string | null;
  zone: string | null;
  securityGroups: readonly string[];
  /** What the console shows, as the guest wrote it. */
  console: string;
  /** When EC2 last took it from the instance; null: just now. */
  consoleAt: Date | null;
  /** What its hypervisor measures in the five minutes that begin at `at`; null: nothing is published for them. */
  hypervisor: Hypervisor | null;
  /** Only Nitro instances return the console as it is now. */
  nitro: boolean;
}

/** API_Tag.html, Using_Tags.html. */
const TAG_LIMITS = { keyLength: 127, valueLength: 256, count: 50 };

/** EC2's wildcards: `*`, `?`, and a backslash that takes their meaning away. */
function matches(pattern: string, value: string): boolean {
  const source = pattern.replace(/\\([\s\S])|([*?])|([\s\S])/g, (_all, escaped, wild, plain) => {
    if (wild !== undefined) return wild === '*' ? '.*' : '.';
    return (escaped ?? plain).replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 's').test(value);
}

/** @param pageSize the most reservations a page, even if more are asked for: EC2 may return fewer at any time */
export function sandboxEc2(
  instances: ReadonlyMap<string, SandboxInstance>,
  world: {
    now(): Date;
    readonly account: string;
    readonly pageSize: number;
    readonly denied: ReadonlySet<string>;
  },
): Service & EC2Client {
  const service = serviceFor(EC2Client, EC2ServiceException);
  const fail = (code: string, message: string): never => {
    throw service.error(code, message);
  };
  const found = (ids: readonly string[]): SandboxInstance[] => {
    const missing = ids.filter((id) => !instances.has(id));
    if (missing.length > 0) {
      fail('InvalidInstanceID.NotFound', `The instance IDs '${missing.join(', ')}' do not exist`);
    }
    return ids.flatMap((id) => instances.get(id) ?? []);
  };
  const passes = (instance: SandboxInstance, { Name = '', Values = [] }: Filter): boolean => {
    if (Name === 'tag-key') return [...instance.tags.keys()].some((key) => Values.some((one) => matches(one, key)));
    const value = Name.startsWith('tag:')
      ? instance.tags.get(Name.slice(4))
      : Name === 'instance-state-name'
        ? instance.state
        : fail('InvalidParameterValue', `The filter '${Name}' is invalid`);
    return value !== undefined && Values.some((pattern) => matches(pattern, value));
  };

  service.on(DescribeInstancesCommand, ({ InstanceIds, Filters = [], MaxResults, NextToken }) => {
    if (InstanceIds !== undefined && MaxResults !== undefined) {
      fail('InvalidParameterCombination', 'The parameter instancesSet cannot be used with the parameter maxResults');
    }
    if (MaxResults !== undefined && (MaxResults < 5 || MaxResults > 1000)) {
      fail('InvalidParameterValue', `Value ( ${MaxResults} ) for parameter maxResults is invalid`);
    }
    const all = (InstanceIds === undefined ? [...instances.values()] : found(InstanceIds)).filter((instance) =>
      Filters.every((filter) => passes(instance, filter)),
    );
    const { items, next } = service.page(all, NextToken, Math.min(world.pageSize, MaxResults ?? 1000));
    return {
      Reservations: items.map((instance) => ({
        OwnerId: world.account,
        Instances: [
          {
            InstanceId: instance.id,
            State: { Name: instance.state },
            PlatformDetails: instance.platform,
            LaunchTime: instance.launchedAt,
            PrivateIpAddress: instance.privateIp ?? undefined,
            PublicIpAddress: instance.publicIp ?? undefined,
            Ipv6Address: instance.ipv6 ?? undefined,
            SubnetId: instance.subnet ?? undefined,
            Placement: instance.zone === null ? undefined : { AvailabilityZone: instance.zone },
            SecurityGroups: instance.securityGroups.map((GroupId) => ({ GroupId })),
            Tags: [...instance.tags].map(([Key, Value]) => ({ Key, Value })),
          },
        ],
      })),
      NextToken: next,
    };
  });

  const resources = (action: string, ids: readonly string[] = []): SandboxInstance[] => {
    if (ids.length === 0) fail('MissingParameter', 'The request must contain the parameter resourceIdSet');
    if (ids.length > 1000) fail('InvalidParameterValue', 'More than 1000 resources in one call');
    service.authorize('UnauthorizedOperation', action, ids, world.denied);
    return found(ids);
  };

  service.on(CreateTagsCommand, ({ Resources, Tags = [] }) => {
    const targets = resources('ec2:CreateTags', Resources);
    if (Tags.length === 0) fail('MissingParameter', 'The request must contain the parameter Tags');
    for (const { Key = '', Value = '' } of Tags) {
      if (Key === '' || Key.length > TAG_LIMITS.keyLength || Key.startsWith('aws:')) {
        fail('InvalidParameterValue', `Tag key is not valid: ${Key}`);
      }
      if (Value.length > TAG_LIMITS.valueLength) fail('InvalidParameterValue', `Tag value exceeds 256 characters`);
    }
    for (const { id, tags } of targets) {
      const keys = new Set([...tags.keys(), ...Tags.map((tag) => tag.Key ?? '')]);
      if (keys.size > TAG_LIMITS.count) fail('TagLimitExceeded', `More than 50 tags on ${id}`);
    }
    for (const { tags } of targets) for (const { Key = '', Value = '' } of Tags) tags.set(Key, Value);
    return {};
  });

  service.on(DeleteTagsCommand, ({ Resources, Tags = [] }) => {
    const targets = resources('ec2:DeleteTags', Resources);
    // EC2 would delete every tag; no caller in this project can intend that.
    if (Tags.length === 0) fail('SandboxRefused', 'DeleteTags without Tags deletes every tag of the user');
    for (const { tags } of targets) {
      for (const { Key = '', Value } of Tags) {
        if (Value === undefined || tags.get(Key) === Value) tags.delete(Key);
      }
    }
    return {};
  });

  const statusOf = ({ state, impairedAt }: SandboxInstance, status: SummaryStatus) =>
    state !== 'running'
      ? { Status: 'not-applicable' as const }
      : status !== 'impaired'
        ? { Status: status }
        : {
            Status: status,
            Details: [
              { Name: 'reachability' as const, Status: 'failed' as const, ImpairedSince: impairedAt ?? world.now() },
            ],
          };

  service.on(DescribeInstanceStatusCommand, ({ InstanceIds = [], IncludeAllInstances = false }) => {
    if (InstanceIds.length > 100) fail('InvalidParameterValue', 'More than 100 instance IDs in one call');
    const asked = InstanceIds.length === 0 ? [...instances.values()] : found(InstanceIds);
    return {
      InstanceStatuses: asked
        .filter((instance) => IncludeAllInstances || instance.state === 'running')
        .map((instance) => ({
          InstanceId: instance.id,
          InstanceState: { Name: instance.state },
          SystemStatus: { Status: instance.state === 'running' ? 'ok' : 'not-applicable' },
          InstanceStatus: statusOf(instance, instance.status),
          AttachedEbsStatus: statusOf(instance, instance.volumeStatus),
        })),
    };
  });

  service.on(GetConsoleOutputCommand, ({ InstanceId = '', Latest = false }) => {
    for (const instance of found([InstanceId])) {
      if (Latest && !instance.nitro) fail('UnsupportedOperation', 'Latest is supported on Nitro instances only');
      // The API keeps the last 64 KB.
      return {
        InstanceId,
        Output: Buffer.from(instance.console).subarray(-65_536).toString('base64'),
        Timestamp: instance.consoleAt ?? world.now(),
      };
    }
    return {};
  });
  return service;
}
