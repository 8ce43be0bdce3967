/** Finds the instances that carry the watch tag. */
import { DescribeInstancesCommand, type Instance as Ec2Instance, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import type { Ec2 } from '../kit/index.ts';
import type { Instance, Surroundings } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { type DescribedInstance, toInstance } from './instance.ts';

/** States from which an instance may run again. A terminated one stays visible for an hour and is ignored. */
const STATES = ['pending', 'running', 'stopping', 'stopped'];

/** `*`, `?` and `\` mean something in a filter's value; a backslash takes that away (Using_Filtering.html, EC2 guide). */
const literal = (value: string): string => value.replace(/[*?\\]/g, '\\$&');

/**
 * Every instance that carries the tag, whatever its state short of terminated.
 *
 * Rejects when any page can't be read: half a fleet must not pass for the whole.
 */
export async function findFleet(ec2: Ec2, region: string, settings: Settings): Promise<Instance[]> {
  const found: Instance[] = [];
  const { key, value } = settings.tag;
  const Filters = [
    { Name: `tag:${key}`, Values: [literal(value)] },
    { Name: 'instance-state-name', Values: STATES },
  ];
  // A call with MaxResults draws on the larger of EC2's two throttling buckets (ec2-api-throttling.html).
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, { Filters, MaxResults: 1000 })) {
    for (const { Instances = [], OwnerId = null } of Reservations) {
      for (const instance of Instances) {
        const described = describe(instance, OwnerId, region, settings);
        if (described !== null) found.push(described);
      }
    }
  }
  return found;
}

/** One instance as it is now, whatever its state and tags. Rejects when there is none of that id. */
export async function findInstance(ec2: Ec2, id: string, region: string, settings: Settings): Promise<Instance> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const [reservation] = Reservations;
  const [instance] = reservation?.Instances ?? [];
  const described = instance && describe(instance, reservation?.OwnerId ?? null, region, settings);
  if (!described) throw new Error(`EC2 knows no instance ${id}`);
  return described;
}

function describe(instance: Ec2Instance, account: string | null, region: string, settings: Settings): Instance | null {
  const id = instance.InstanceId;
  if (id === undefined) return null;
  const tags = Object.fromEntries((instance.Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
  const ipv4 = settings.ssh.address === 'public' ? instance.PublicIpAddress : instance.PrivateIpAddress;
  const described: DescribedInstance = {
    id,
    name: tags.Name?.trim() || id,
    state: instance.State?.Name ?? 'unknown',
    platform: instance.PlatformDetails ?? instance.Platform ?? 'Linux/UNIX',
    address: ipv4 || instance.Ipv6Address || null,
    region,
    account,
    launchedAt: instance.LaunchTime ?? null,
    tags,
    // Absent for an On-Demand one (API_Instance.html).
    spot: instance.InstanceLifecycle === 'spot',
    ...surroundings(instance),
  };
  return toInstance(described, settings);
}

function surroundings({ SubnetId, Placement, SecurityGroups = [] }: Ec2Instance): Surroundings {
  const groups = SecurityGroups.flatMap(({ GroupId }) => GroupId ?? []).sort();
  return {
    ...(SubnetId !== undefined && { subnet: SubnetId }),
    ...(Placement?.AvailabilityZone !== undefined && { zone: Placement.AvailabilityZone }),
    ...(groups.length > 0 && { securityGroups: groups }),
  };
}
